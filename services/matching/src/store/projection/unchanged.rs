//! Records that come again and say nothing new. Every write to a record, ours too, moves its SystemModstamp and brings it
//! back; only what decisions are made of is worth deciding again, or writing its keys again.

use crate::domain::projection::Records;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashSet};

/// Ids of records of which nothing that decisions use has changed.
#[derive(Debug, Default)]
pub struct Unchanged {
    /// Accounts.
    pub accounts: HashSet<String>,
    /// Contacts.
    pub contacts: HashSet<String>,
    /// Leads.
    pub leads: HashSet<String>,
    /// Opportunities.
    pub opportunities: HashSet<String>,
}

/// Compares with what is stored: at most one statement per kind of record. A record that was ours until a person edited
/// it has changed, whatever the edit. Until the first load is complete nothing was decided, and nothing is compared.
///
/// # Errors
/// When Postgres does not answer.
pub(super) async fn unchanged(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<Unchanged, sqlx::Error> {
    let loaded = sqlx::query_scalar!(
        r#"select loaded_at is not null as "loaded!" from matching.workspace where workspace = $1"#,
        workspace,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if loaded != Some(true) {
        return Ok(Unchanged::default());
    }
    Ok(Unchanged {
        accounts: accounts(connection, workspace, records).await?,
        contacts: contacts(connection, workspace, records).await?,
        leads: leads(connection, workspace, records).await?,
        opportunities: opportunities(connection, workspace, records).await?,
    })
}

/// The day of the last activity is left out: it breaks ties, and our own tasks move it.
async fn accounts(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<HashSet<String>, sqlx::Error> {
    let rows = &records.accounts;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let same = sqlx::query_scalar!(
        r#"select t.id as "id!"
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[])
                as t (id, name, website_domain, owner_id, parent_id, type, person_address, touched_by_us)
           join matching.account a on a.workspace = $1 and a.id = t.id and not a.is_deleted
           group by t.id
           having bool_and((a.name, a.website_domain, a.owner_id, a.parent_id, a.type, a.person_address)
                   is not distinct from (t.name, t.website_domain, t.owner_id, t.parent_id, t.type, t.person_address)
               and (t.touched_by_us or not a.is_ours))"#,
        workspace,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.website_domain.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.parent_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.r#type.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.person_address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(same.into_iter().collect())
}

async fn contacts(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<HashSet<String>, sqlx::Error> {
    let rows = &records.contacts;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let addresses: Vec<String> = rows
        .iter()
        .map(|row| lines(row.addresses.iter().map(|address| address.as_str())))
        .collect();
    let phones: Vec<String> = rows.iter().map(|row| lines(row.phones.iter())).collect();
    let same = sqlx::query_scalar!(
        r#"select t.id as "id!"
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
                as t (id, account_id, first_name, last_name, addresses, phones, touched_by_us)
           join matching.contact c on c.workspace = $1 and c.id = t.id and not c.is_deleted
           cross join lateral (
               select coalesce(string_agg(a.address, chr(10) order by a.address collate "C"), '') as lines
               from matching.contact_address a where a.workspace = $1 and a.contact_id = t.id
           ) address
           cross join lateral (
               select coalesce(string_agg(p.key, chr(10) order by p.key collate "C"), '') as lines
               from matching.phone p where p.workspace = $1 and p.object = 'Contact' and p.record_id = t.id
           ) phone
           group by t.id
           having bool_and((c.account_id, c.first_name, c.last_name, phone.lines)
                   is not distinct from (t.account_id, t.first_name, t.last_name, t.phones)
               and (c.is_ours or address.lines = t.addresses)
               and (t.touched_by_us or not c.is_ours))"#,
        workspace,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.first_name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.last_name.clone()).collect::<Vec<_>>(),
        &addresses,
        &phones,
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(same.into_iter().collect())
}

async fn leads(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<HashSet<String>, sqlx::Error> {
    let rows = &records.leads;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let phones: Vec<String> = rows.iter().map(|row| lines(row.phones.iter())).collect();
    let same = sqlx::query_scalar!(
        r#"select t.id as "id!"
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::bool[])
                as t (id, name, company, address, is_converted, account_id, contact_id, phones, touched_by_us)
           join matching.lead l on l.workspace = $1 and l.id = t.id and not l.is_deleted
           cross join lateral (
               select coalesce(string_agg(p.key, chr(10) order by p.key collate "C"), '') as lines
               from matching.phone p where p.workspace = $1 and p.object = 'Lead' and p.record_id = t.id
           ) phone
           group by t.id
           having bool_and((l.name, l.company, l.address, l.is_converted, l.converted_account_id, l.converted_contact_id, phone.lines)
                   is not distinct from (t.name, t.company, t.address, t.is_converted, t.account_id, t.contact_id, t.phones)
               and (t.touched_by_us or not l.is_ours))"#,
        workspace,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.company.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.is_converted).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_contact_id.clone()).collect::<Vec<_>>(),
        &phones,
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(same.into_iter().collect())
}

/// Name and type count as a person last left them: our own edit of them is no evidence.
async fn opportunities(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<HashSet<String>, sqlx::Error> {
    let rows = &records.opportunities;
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let same = sqlx::query_scalar!(
        r#"select t.id as "id!"
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::date[], $10::bool[])
                as t (id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, touched_by_us)
           join matching.opportunity o on o.workspace = $1 and o.id = t.id and not o.is_deleted
           group by t.id
           having bool_and((o.account_id, o.owner_id, o.record_type_id, o.is_closed, o.close_date)
                   is not distinct from (t.account_id, t.owner_id, t.record_type_id, t.is_closed, t.close_date)
               and coalesce(o.name_by_hand, o.name)
                   = case when t.touched_by_us then coalesce(o.name_by_hand, t.name) else t.name end
               and coalesce(o.type_by_hand, o.type)
                   = case when t.touched_by_us then coalesce(o.type_by_hand, t.type) else t.type end
               and (t.touched_by_us or not o.is_ours))"#,
        workspace,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.r#type.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.record_type_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.is_closed).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.close_date).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(same.into_iter().collect())
}

/// In the order of their bytes, as the statements put theirs; a key holds no line break.
fn lines<'a, T: AsRef<str> + Ord + ?Sized + 'a>(keys: impl Iterator<Item = &'a T>) -> String {
    let sorted: BTreeSet<&T> = keys.collect();
    let sorted: Vec<&str> = sorted.into_iter().map(AsRef::as_ref).collect();
    sorted.join("\n")
}
