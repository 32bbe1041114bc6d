//! Which meetings a change concerns: by the keys they were looked up with, never by scanning them.

use crate::domain::address::skeleton;
use crate::domain::affected::{
    self, account_key, address_key, domain_key, full_name_key, opportunity_key, phone_key,
};
use crate::domain::name::person::PersonName;
use crate::domain::projection::{Records, company_domain};
use crate::store::projection::Unchanged;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Notes meetings under the keys records had: what is about to be replaced or removed.
///
/// # Errors
/// When Postgres does not answer.
pub async fn before(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
    same: &Unchanged,
) -> Result<(), sqlx::Error> {
    let of = |object: &str| -> Vec<String> {
        records
            .deleted
            .iter()
            .filter(|row| row.object == object)
            .map(|row| row.id.clone())
            .collect()
    };
    let changed = records
        .contacts
        .iter()
        .filter(|row| !same.contacts.contains(&row.id));
    let mut contacts: Vec<String> = changed.map(|row| row.id.clone()).collect();
    contacts.extend(of("Contact"));
    let mut roles = of("OpportunityContactRole");
    roles.extend(records.contact_roles.iter().map(|row| row.id.clone()));
    let (accounts, opportunities) = (of("Account"), of("Opportunity"));
    let mut members = of("OpportunityTeamMember");
    members.extend(records.team_members.iter().map(|row| row.id.clone()));
    let mut products = of("OpportunityLineItem");
    products.extend(records.products.iter().map(|row| row.id.clone()));
    let asked = [
        &contacts,
        &roles,
        &accounts,
        &opportunities,
        &members,
        &products,
    ];
    if asked.iter().all(|ids| ids.is_empty()) {
        return Ok(());
    }
    sqlx::query!(
        "insert into matching.again (workspace, meeting_id, reason)
         select k.workspace, k.meeting_id, min(t.reason)
         from (
             select 'address:' || a.address as key, 'a contact changed' as reason
             from matching.contact_address a where a.workspace = $1 and a.contact_id = any($2)
             union all
             select 'opportunity:' || o.account_id, 'a contact role changed'
             from matching.contact_role r join matching.opportunity o on o.workspace = $1 and o.id = r.opportunity_id
             where r.workspace = $1 and r.id = any($3)
             union all
             select 'opportunity:' || o.account_id, 'a team member changed'
             from matching.team_member t join matching.opportunity o on o.workspace = $1 and o.id = t.opportunity_id
             where t.workspace = $1 and t.id = any($6)
             union all
             select 'opportunity:' || o.account_id, 'a product changed'
             from matching.opportunity_product p join matching.opportunity o on o.workspace = $1 and o.id = p.opportunity_id
             where p.workspace = $1 and p.id = any($7)
             union all select 'account:' || id, 'an account is gone' from unnest($4::text[]) as id
             union all
             select 'opportunity:' || o.account_id, 'an opportunity is gone'
             from matching.opportunity o where o.workspace = $1 and o.id = any($5)
         ) t
         join matching.meeting_key k on k.workspace = $1 and k.key = t.key
         group by k.workspace, k.meeting_id
         on conflict (workspace, meeting_id) do update set at = excluded.at, reason = excluded.reason",
        workspace,
        &contacts,
        &roles,
        &accounts,
        &opportunities,
        &members,
        &products,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes meetings under the keys records have now.
///
/// # Errors
/// When Postgres does not answer.
pub async fn after(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
    same: &Unchanged,
) -> Result<(), sqlx::Error> {
    let mut keys: BTreeSet<(String, &'static str)> = BTreeSet::new();
    for row in records
        .contacts
        .iter()
        .filter(|row| !same.contacts.contains(&row.id))
    {
        for address in &row.addresses {
            keys.insert((
                address_key(address.as_str()),
                "a contact appeared or changed",
            ));
            keys.extend(
                company_domain(address)
                    .map(|domain| (domain_key(&domain), "a colleague appeared or changed")),
            );
        }
        keys.extend(
            row.phones
                .iter()
                .map(|key| (phone_key(key), "a contact's number appeared")),
        );
        let name = PersonName::of_fields(&row.first_name, &row.last_name);
        keys.extend(
            name.full_key()
                .map(|key| (full_name_key(&key), "a contact of that name appeared")),
        );
    }
    for row in records
        .accounts
        .iter()
        .filter(|row| !same.accounts.contains(&row.id))
    {
        keys.insert((account_key(&row.id), "the account changed"));
        if let Some(domain) = &row.website_domain {
            keys.insert((
                domain_key(domain),
                "an account's website appeared or changed",
            ));
            keys.insert((
                affected::skeleton_key(&skeleton(domain)),
                "a look-alike website appeared",
            ));
        }
        keys.extend(
            affected::text_keys_of_name(&row.name)
                .into_iter()
                .map(|key| (key, "an account of that name appeared")),
        );
        keys.extend(
            row.person_address
                .iter()
                .map(|address| (address_key(address), "a person account appeared")),
        );
    }
    for row in records
        .leads
        .iter()
        .filter(|row| !same.leads.contains(&row.id))
    {
        keys.extend(
            row.address
                .iter()
                .map(|address| (address_key(address), "a lead appeared or changed")),
        );
        keys.extend(
            row.phones
                .iter()
                .map(|key| (phone_key(key), "a lead's number appeared")),
        );
    }
    for row in records
        .opportunities
        .iter()
        .filter(|row| !row.account_id.is_empty() && !same.opportunities.contains(&row.id))
    {
        keys.insert((
            opportunity_key(&row.account_id),
            "an opportunity appeared or changed",
        ));
    }
    keys.extend(of_opportunities(connection, workspace, records).await?);
    keys.extend(of_calendar(connection, workspace, records).await?);
    again(
        connection,
        workspace,
        keys.into_iter()
            .map(|(key, reason)| (key, reason.to_owned()))
            .collect(),
    )
    .await
}

/// Keys of the accounts whose deals got a role, a team member or a product.
async fn of_opportunities(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<Vec<(String, &'static str)>, sqlx::Error> {
    let roles = records.contact_roles.iter().map(|row| &row.opportunity_id);
    let members = records.team_members.iter().map(|row| &row.opportunity_id);
    let products = records.products.iter().map(|row| &row.opportunity_id);
    let touched: BTreeSet<String> = roles.chain(members).chain(products).cloned().collect();
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let touched: Vec<String> = touched.into_iter().collect();
    let accounts = sqlx::query_scalar!(
        "select distinct account_id from matching.opportunity where workspace = $1 and id = any($2)",
        workspace,
        &touched,
    )
    .fetch_all(&mut *connection)
    .await?;
    let reason = "a contact role, team member or product appeared or changed";
    Ok(accounts
        .iter()
        .map(|account| (opportunity_key(account), reason))
        .collect())
}

/// Keys of the contacts calendar events are with, and of the accounts they are entered for.
async fn of_calendar(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<Vec<(String, &'static str)>, sqlx::Error> {
    // What we put into a calendar is no evidence, so nothing is decided again for it.
    let events = || records.calendar_events.iter().filter(|row| !row.by_us);
    if events().next().is_none() {
        return Ok(Vec::new());
    }
    let who: Vec<String> = events().map(|row| row.who_id.clone()).collect();
    let addresses = sqlx::query_scalar!(
        "select distinct address from matching.contact_address where workspace = $1 and contact_id = any($2)",
        workspace,
        &who,
    )
    .fetch_all(&mut *connection)
    .await?;
    let reason = "a calendar event appeared or changed";
    let mut keys: Vec<(String, &'static str)> = addresses
        .iter()
        .map(|address| (address_key(address), reason))
        .collect();
    keys.extend(events().flat_map(|row| {
        [
            (account_key(&row.account_id), reason),
            (opportunity_key(&row.account_id), reason),
        ]
    }));
    Ok(keys)
}

/// Notes the meetings looked up with these keys, to be decided again.
///
/// # Errors
/// When Postgres does not answer.
pub async fn again(
    connection: &mut PgConnection,
    workspace: &str,
    keys: Vec<(String, String)>,
) -> Result<(), sqlx::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let (keys, reasons): (Vec<String>, Vec<String>) = keys.into_iter().unzip();
    sqlx::query!(
        "insert into matching.again (workspace, meeting_id, reason)
         select k.workspace, k.meeting_id, min(t.reason)
         from unnest($2::text[], $3::text[]) as t (key, reason)
         join matching.meeting_key k on k.workspace = $1 and k.key = t.key
         group by k.workspace, k.meeting_id
         on conflict (workspace, meeting_id) do update set at = excluded.at, reason = excluded.reason",
        workspace,
        &keys,
        &reasons,
    )
    .execute(connection)
    .await?;
    Ok(())
}
