//! Which meetings a change concerns: by the keys they were looked up with, never by scanning them.

use crate::domain::address::skeleton;
use crate::domain::affected::{
    self, account_key, address_key, domain_key, full_name_key, opportunity_key, phone_key,
};
use crate::domain::name::person::PersonName;
use crate::domain::projection::{Records, company_domain};
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
) -> Result<(), sqlx::Error> {
    let of = |object: &str| -> Vec<String> {
        records
            .deleted
            .iter()
            .filter(|row| row.object == object)
            .map(|row| row.id.clone())
            .collect()
    };
    let mut contacts: Vec<String> = records.contacts.iter().map(|row| row.id.clone()).collect();
    contacts.extend(of("Contact"));
    let mut roles = of("OpportunityContactRole");
    roles.extend(records.contact_roles.iter().map(|row| row.id.clone()));
    let (accounts, opportunities) = (of("Account"), of("Opportunity"));
    if contacts.is_empty() && roles.is_empty() && accounts.is_empty() && opportunities.is_empty() {
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
) -> Result<(), sqlx::Error> {
    let mut keys: BTreeSet<(String, &'static str)> = BTreeSet::new();
    for row in &records.contacts {
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
    for row in &records.accounts {
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
    for row in &records.leads {
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
        .filter(|row| !row.account_id.is_empty())
    {
        keys.insert((
            opportunity_key(&row.account_id),
            "an opportunity appeared or changed",
        ));
    }
    let roles: Vec<String> = records
        .contact_roles
        .iter()
        .map(|row| row.opportunity_id.clone())
        .collect();
    if !roles.is_empty() {
        let accounts = sqlx::query_scalar!(
            "select distinct account_id from matching.opportunity where workspace = $1 and id = any($2)",
            workspace,
            &roles,
        )
        .fetch_all(&mut *connection)
        .await?;
        keys.extend(accounts.iter().map(|account| {
            (
                opportunity_key(account),
                "a contact role appeared or changed",
            )
        }));
    }
    again(
        connection,
        workspace,
        keys.into_iter()
            .map(|(key, reason)| (key, reason.to_owned()))
            .collect(),
    )
    .await
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
