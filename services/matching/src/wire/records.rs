//! `RecordsChanged` to the projection's rows. A record value may be anything a person typed: what is no address or domain
//! is left out, never refused.

use super::{FieldError, moment};
use crate::domain::address::Address;
use crate::domain::phone;
use crate::domain::projection::{
    AccountRow, CalendarEventRow, ContactRoleRow, ContactRow, DeletedRow, LeadRow, OpportunityRow,
    ProductRow, Records, TeamMemberRow, UserRow, company_domain, company_website,
};
use chrono::{DateTime, NaiveDate, Utc};
use events::crm::v1 as proto;
use events::crm::v1::records_changed::Load;
use std::collections::BTreeSet;

/// Numbers of one record read.
const PHONES_MAX: usize = 8;

/// Takes an event apart.
///
/// # Errors
/// Names the first field our own metadata-sync should never have sent so.
pub fn records(event: &proto::RecordsChanged) -> Result<Records, FieldError> {
    let generation = i64::try_from(event.generation)
        .map_err(|_| FieldError::new("generation", "is over the largest 64-bit number"))?;
    let deleted: Result<_, _> = event.deleted.iter().map(deleted).collect();
    let ours = event.connected_user_id.as_str();
    let opportunities: Result<_, _> = event
        .opportunities
        .iter()
        .map(|row| opportunity(row, ours))
        .collect();
    Ok(Records {
        organization_id: event.organization_id.clone(),
        connected_user_id: event.connected_user_id.clone(),
        generation,
        full: event.load() == Load::Full,
        load_complete: event.load_complete,
        accounts: event
            .accounts
            .iter()
            .map(|row| account(row, ours))
            .collect::<Result<_, _>>()?,
        contacts: event
            .contacts
            .iter()
            .map(|row| contact(row, ours))
            .collect::<Result<_, _>>()?,
        leads: event
            .leads
            .iter()
            .map(|row| lead(row, ours))
            .collect::<Result<_, _>>()?,
        opportunities: opportunities?,
        contact_roles: event
            .contact_roles
            .iter()
            .map(|row| contact_role(row, ours))
            .collect::<Result<_, _>>()?,
        team_members: event
            .team_members
            .iter()
            .map(|row| team_member(row, ours))
            .collect::<Result<_, _>>()?,
        products: event
            .products
            .iter()
            .map(|row| product(row, ours))
            .collect::<Result<_, _>>()?,
        calendar_events: event
            .calendar_events
            .iter()
            .filter(|row| !row.is_child)
            .filter_map(|row| calendar_event(row, ours).transpose())
            .collect::<Result<_, _>>()?,
        users: event.users.iter().map(user).collect::<Result<_, _>>()?,
        deleted: deleted?,
    })
}

fn modstamp(object: &str, stamps: Option<&proto::Stamps>) -> Result<DateTime<Utc>, FieldError> {
    let field = format!("{object}.stamps.system_modstamp");
    moment(
        &field,
        stamps.and_then(|stamps| stamps.system_modstamp.as_ref()),
    )
}

fn full_name(first: &str, last: &str) -> String {
    plain(format!("{first} {last}").trim())
}

/// As typed; the zero character, which Postgres does not hold, left out.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

fn canonical(text: &str) -> Option<Address> {
    Address::parse(text).ok()
}

fn phones(typed: &[String]) -> BTreeSet<String> {
    typed
        .iter()
        .take(PHONES_MAX)
        .flat_map(|phone| phone::keys(phone, None))
        .collect()
}

fn by_us(stamps: Option<&proto::Stamps>, ours: &str) -> bool {
    !ours.is_empty() && stamps.is_some_and(|stamps| stamps.created_by_id == ours)
}

fn touched_by_us(stamps: Option<&proto::Stamps>, ours: &str) -> bool {
    !ours.is_empty() && stamps.is_some_and(|stamps| stamps.last_modified_by_id == ours)
}

fn account(row: &proto::Account, ours: &str) -> Result<AccountRow, FieldError> {
    Ok(AccountRow {
        id: row.id.clone(),
        name: plain(&row.name),
        website_domain: company_website(&row.website),
        owner_id: row.owner_id.clone(),
        parent_id: row.parent_id.clone(),
        r#type: plain(&row.r#type),
        last_activity: NaiveDate::parse_from_str(&row.last_activity_date, "%Y-%m-%d").ok(),
        person_address: canonical(&row.person_email)
            .filter(|_| row.is_person_account)
            .map(|a| a.as_str().to_owned()),
        by_us: by_us(row.stamps.as_ref(), ours),
        touched_by_us: touched_by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("accounts", row.stamps.as_ref())?,
    })
}

fn contact(row: &proto::Contact, ours: &str) -> Result<ContactRow, FieldError> {
    let modstamp = modstamp("contacts", row.stamps.as_ref())?;
    let touched = row
        .stamps
        .as_ref()
        .and_then(|stamps| stamps.last_modified_at.as_ref());
    let mut addresses: Vec<Address> = row
        .emails
        .iter()
        .filter_map(|email| canonical(email))
        .collect();
    addresses.sort();
    addresses.dedup();
    Ok(ContactRow {
        id: row.id.clone(),
        account_id: row.account_id.clone(),
        first_name: plain(&row.first_name),
        last_name: plain(&row.last_name),
        phones: phones(&row.phones),
        by_us: by_us(row.stamps.as_ref(), ours),
        touched_by_us: touched_by_us(row.stamps.as_ref(), ours),
        addresses,
        touched_at: moment("contacts.stamps.last_modified_at", touched).unwrap_or(modstamp),
        modstamp,
    })
}

fn lead(row: &proto::Lead, ours: &str) -> Result<LeadRow, FieldError> {
    Ok(LeadRow {
        id: row.id.clone(),
        name: full_name(&row.first_name, &row.last_name),
        company: plain(&row.company),
        address: canonical(&row.email).map(|address| address.as_str().to_owned()),
        phones: phones(&row.phones),
        is_converted: row.is_converted,
        converted_account_id: row.converted_account_id.clone(),
        converted_contact_id: row.converted_contact_id.clone(),
        by_us: by_us(row.stamps.as_ref(), ours),
        touched_by_us: touched_by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("leads", row.stamps.as_ref())?,
    })
}

fn opportunity(row: &proto::Opportunity, ours: &str) -> Result<OpportunityRow, FieldError> {
    let close_date = NaiveDate::parse_from_str(&row.close_date, "%Y-%m-%d")
        .map_err(|_| FieldError::new("opportunities.close_date", "is no day; write YYYY-MM-DD"))?;
    Ok(OpportunityRow {
        id: row.id.clone(),
        account_id: row.account_id.clone(),
        name: plain(&row.name),
        r#type: plain(&row.r#type),
        owner_id: row.owner_id.clone(),
        record_type_id: row.record_type_id.clone(),
        is_closed: row.is_closed,
        close_date,
        created_at: moment("opportunities.created_at", row.created_at.as_ref())?,
        by_us: by_us(row.stamps.as_ref(), ours),
        touched_by_us: touched_by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("opportunities", row.stamps.as_ref())?,
    })
}

fn contact_role(
    row: &proto::OpportunityContactRole,
    ours: &str,
) -> Result<ContactRoleRow, FieldError> {
    Ok(ContactRoleRow {
        id: row.id.clone(),
        opportunity_id: row.opportunity_id.clone(),
        contact_id: row.contact_id.clone(),
        by_us: by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("contact_roles", row.stamps.as_ref())?,
    })
}

fn team_member(
    row: &proto::OpportunityTeamMember,
    ours: &str,
) -> Result<TeamMemberRow, FieldError> {
    Ok(TeamMemberRow {
        id: row.id.clone(),
        opportunity_id: row.opportunity_id.clone(),
        user_id: row.user_id.clone(),
        by_us: by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("team_members", row.stamps.as_ref())?,
    })
}

fn product(row: &proto::OpportunityProduct, ours: &str) -> Result<ProductRow, FieldError> {
    Ok(ProductRow {
        id: row.id.clone(),
        opportunity_id: row.opportunity_id.clone(),
        name: plain(&row.name),
        code: plain(&row.product_code),
        by_us: by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("products", row.stamps.as_ref())?,
    })
}

/// `None` for a whole day: no meeting begins with one.
fn calendar_event(
    row: &proto::CalendarEvent,
    ours: &str,
) -> Result<Option<CalendarEventRow>, FieldError> {
    if row.starts_at.is_none() {
        return Ok(None);
    }
    Ok(Some(CalendarEventRow {
        id: row.id.clone(),
        subject: plain(&row.subject),
        starts_at: moment("calendar_events.starts_at", row.starts_at.as_ref())?,
        owner_id: row.owner_id.clone(),
        who_id: row.who_id.clone(),
        what_id: row.what_id.clone(),
        account_id: row.account_id.clone(),
        by_us: by_us(row.stamps.as_ref(), ours),
        modstamp: modstamp("calendar_events", row.stamps.as_ref())?,
    }))
}

fn user(row: &proto::User) -> Result<UserRow, FieldError> {
    let address = canonical(&row.email);
    Ok(UserRow {
        id: row.id.clone(),
        domain: address.as_ref().and_then(company_domain),
        address: address.map(|address| address.as_str().to_owned()),
        is_active: row.is_active,
        modstamp: modstamp("users", row.stamps.as_ref())?,
    })
}

fn deleted(row: &proto::Deleted) -> Result<DeletedRow, FieldError> {
    let record = row
        .record
        .as_ref()
        .ok_or_else(|| FieldError::new("deleted.record", "is missing; name the record"))?;
    let modstamp = moment("deleted.system_modstamp", row.system_modstamp.as_ref())?;
    Ok(DeletedRow {
        object: record.object.clone(),
        id: record.id.clone(),
        master_id: row.master_record_id.clone(),
        modstamp,
    })
}
