//! Rows of the facts query: read from JSON, and put where the decision looks for them.

use super::{Loaded, class};
use crate::domain::facts::{
    Account, CalendarEvent, Calibration, Choice, Contact, Converted, DomainRule, DomainUse, Lead,
    Opportunity, PastState, PhoneHolder, SeriesMeeting, Settings, User,
};
use crate::domain::phone::calling_code;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

#[derive(Deserialize)]
struct WorkspaceRow {
    loaded: bool,
    names_version: i64,
    account_matched: Option<i64>,
    opportunity_matched: Option<i64>,
    window_days: Option<i64>,
    pipelines: Vec<String>,
    group_deals: bool,
    phone_region: Option<String>,
    slope: i64,
    offset: i64,
}

#[derive(Deserialize)]
struct MergedRow {
    master_id: String,
}

#[derive(Deserialize)]
struct HolderRow {
    #[serde(flatten)]
    contact: ContactRow,
    international: Option<String>,
}

#[derive(Deserialize)]
struct CalendarRow {
    id: String,
    subject: String,
    starts_at: DateTime<Utc>,
    what_id: String,
    account_id: String,
    owner: String,
    who: Vec<String>,
}

#[derive(Deserialize)]
struct EarlierRow {
    meeting_id: String,
    opportunity_id: String,
    by_person: bool,
    started_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct SkeletonRow {
    account_id: String,
    domain: String,
}

#[derive(Deserialize)]
struct ContactRow {
    id: String,
    account_id: String,
    first_name: String,
    last_name: String,
    touched_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct LeadRow {
    id: String,
    name: String,
    company: String,
    is_converted: bool,
    account_id: String,
    contact_id: String,
}

#[derive(Deserialize)]
struct UseRow {
    account_id: String,
    contacts: u32,
}

#[derive(Deserialize)]
struct WebsiteRow {
    account_id: String,
}

#[derive(Deserialize)]
struct RuleRow {
    account_id: String,
    class: String,
}

#[derive(Deserialize)]
struct ChoiceRow {
    account_id: Option<String>,
    opportunity_id: Option<String>,
    chosen_by: String,
}

#[derive(Deserialize)]
struct AccountRow {
    id: String,
    name: String,
    owner_id: String,
    r#type: String,
    parent_id: String,
    last_activity: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct OpportunityRow {
    id: String,
    account_id: String,
    name: String,
    r#type: String,
    owner_id: String,
    owner_active: bool,
    record_type_id: String,
    is_closed: bool,
    close_date: NaiveDate,
    created_at: DateTime<Utc>,
    roles: Vec<String>,
    team: Vec<String>,
    products: Vec<String>,
    is_ours: bool,
    past: Vec<PastRow>,
}

#[derive(Deserialize)]
struct PastRow {
    until: DateTime<Utc>,
    is_closed: bool,
    close_date: NaiveDate,
    owner_id: String,
    record_type_id: String,
}

#[derive(Deserialize)]
struct UserRow {
    id: String,
}

/// Puts one row where the decision looks for it.
pub(super) fn add(
    loaded: &mut Loaded,
    kind: &str,
    key: String,
    body: &str,
) -> Result<(), serde_json::Error> {
    let facts = &mut loaded.facts;
    match kind {
        "workspace" => {
            let row: WorkspaceRow = serde_json::from_str(body)?;
            facts.loaded = row.loaded;
            loaded.names_version = row.names_version;
            let default = Settings::default();
            facts.settings = Settings {
                account_matched: row.account_matched.unwrap_or(default.account_matched),
                opportunity_matched: row
                    .opportunity_matched
                    .unwrap_or(default.opportunity_matched),
                window_days: row.window_days.unwrap_or(default.window_days),
                pipelines: row.pipelines.into_iter().collect(),
                group_deals: row.group_deals,
                phone_code: row.phone_region.as_deref().and_then(calling_code),
                calibration: Calibration {
                    slope: row.slope,
                    offset: row.offset,
                },
            };
        }
        "phone" => facts
            .contacts_by_phone
            .entry(key)
            .or_default()
            .push(holder(body)?),
        "full_name" => facts
            .contacts_by_full_name
            .entry(key)
            .or_default()
            .push(contact(body)?),
        "namesake" => facts
            .namesakes_by_account
            .entry(key)
            .or_default()
            .push(contact(body)?),
        "lead_phone" => facts
            .leads_by_phone
            .entry(key)
            .or_default()
            .push(lead(body)?),
        "skeleton" => {
            let row: SkeletonRow = serde_json::from_str(body)?;
            facts
                .websites_by_skeleton
                .entry(key)
                .or_default()
                .push((row.account_id, row.domain));
        }
        "mail" => facts
            .contacts_by_address
            .entry(key)
            .or_default()
            .push(contact(body)?),
        "contact" => {
            facts.contacts_by_id.insert(key, contact(body)?);
        }
        "lead" => {
            let lead = lead(body)?;
            facts.leads_by_id.insert(lead.id.clone(), lead.clone());
            if !key.is_empty() {
                facts.leads_by_address.entry(key).or_default().push(lead);
            }
        }
        "rollup" => {
            let row: UseRow = serde_json::from_str(body)?;
            let found = DomainUse {
                account_id: row.account_id,
                contacts: row.contacts,
            };
            facts.accounts_by_domain.entry(key).or_default().push(found);
        }
        "website" => {
            let row: WebsiteRow = serde_json::from_str(body)?;
            facts
                .accounts_by_website
                .entry(key)
                .or_default()
                .push(row.account_id);
        }
        "rule" => {
            let row: RuleRow = serde_json::from_str(body)?;
            let account_id = (!row.account_id.is_empty()).then_some(row.account_id);
            if let Some(class) = class(&row.class) {
                facts
                    .domain_rules
                    .entry(key)
                    .or_default()
                    .push(DomainRule { class, account_id });
            }
        }
        "choice" => {
            let row: ChoiceRow = serde_json::from_str(body)?;
            let choice = Choice {
                account_id: row.account_id,
                opportunity_id: row.opportunity_id,
                chosen_by: row.chosen_by,
            };
            facts.choices.insert(key, choice);
        }
        "account" => {
            let row: AccountRow = serde_json::from_str(body)?;
            let is_partner = row.r#type.to_lowercase().contains("partner");
            let account = Account {
                id: row.id,
                name: row.name,
                owner_id: row.owner_id,
                is_partner,
                parent_id: row.parent_id,
                last_activity: row.last_activity,
            };
            facts.accounts.insert(key, account);
        }
        "opportunity" => {
            let (opportunity, is_ours) = opportunity(body)?;
            // One that we created is known by its id, and no candidate.
            if !is_ours {
                facts
                    .opportunities_by_account
                    .entry(opportunity.account_id.clone())
                    .or_default()
                    .push(opportunity.clone());
            }
            facts.opportunities_by_id.insert(key, opportunity);
        }
        "calendar" => {
            let event = calendar_event(body)?;
            facts.calendar_events.entry(key).or_default().push(event);
        }
        "earlier" => {
            let row: EarlierRow = serde_json::from_str(body)?;
            let earlier = SeriesMeeting {
                meeting_id: row.meeting_id,
                opportunity_id: row.opportunity_id,
                by_person: row.by_person,
                started_at: row.started_at,
            };
            facts.series.entry(key).or_default().push(earlier);
        }
        "merged" => {
            let row: MergedRow = serde_json::from_str(body)?;
            facts.merged.insert(key, row.master_id);
        }
        "user" => {
            let row: UserRow = serde_json::from_str(body)?;
            facts.users_by_address.insert(key, User { id: row.id });
        }
        _ => {
            facts.user_domains.insert(key);
        }
    }
    Ok(())
}

fn lead(body: &str) -> Result<Lead, serde_json::Error> {
    let row: LeadRow = serde_json::from_str(body)?;
    let converted = row.is_converted.then_some(Converted {
        account_id: row.account_id,
        contact_id: row.contact_id,
    });
    Ok(Lead {
        id: row.id,
        name: row.name,
        company: row.company,
        converted,
    })
}

fn contact(body: &str) -> Result<Contact, serde_json::Error> {
    Ok(of_contact(serde_json::from_str(body)?))
}

fn of_contact(row: ContactRow) -> Contact {
    Contact {
        id: row.id,
        account_id: row.account_id,
        first: row.first_name,
        last: row.last_name,
        touched_at: row.touched_at,
    }
}

fn holder(body: &str) -> Result<PhoneHolder, serde_json::Error> {
    let row: HolderRow = serde_json::from_str(body)?;
    Ok(PhoneHolder {
        contact: of_contact(row.contact),
        international: row.international,
    })
}

fn calendar_event(body: &str) -> Result<CalendarEvent, serde_json::Error> {
    let row: CalendarRow = serde_json::from_str(body)?;
    let entered_for = |prefix: &str| row.what_id.starts_with(prefix).then(|| row.what_id.clone());
    Ok(CalendarEvent {
        id: row.id.clone(),
        subject: row.subject.clone(),
        starts_at: row.starts_at,
        owner_address: row.owner.clone(),
        who_addresses: row.who.clone(),
        opportunity_id: entered_for("006").unwrap_or_default(),
        account_id: entered_for("001").unwrap_or(row.account_id),
    })
}

/// The opportunity, and whether we created it.
fn opportunity(body: &str) -> Result<(Opportunity, bool), serde_json::Error> {
    let row: OpportunityRow = serde_json::from_str(body)?;
    let past = row.past.into_iter().map(|past| PastState {
        until: past.until,
        is_closed: past.is_closed,
        close_date: past.close_date,
        owner_id: past.owner_id,
        record_type_id: past.record_type_id,
    });
    let opportunity = Opportunity {
        id: row.id,
        account_id: row.account_id,
        name: row.name,
        deal_type: row.r#type,
        owner_id: row.owner_id,
        owner_active: row.owner_active,
        record_type_id: row.record_type_id,
        is_closed: row.is_closed,
        close_date: row.close_date,
        created_at: row.created_at,
        role_contact_ids: row.roles,
        team_user_ids: row.team,
        products: row.products,
        past: past.collect(),
    };
    Ok((opportunity, row.is_ours))
}
