//! Contacts, their addresses, and the roll-up of every domain they touch.

use super::Unchanged;
use crate::domain::affected::KEY_BYTES_MAX;
use crate::domain::name::person::PersonName;
use crate::domain::projection::Records;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Contacts, their addresses, and the roll-up of every domain touched before or after.
pub(super) async fn contacts(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
    same: &Unchanged,
) -> Result<(), sqlx::Error> {
    let rows = &records.contacts;
    if rows.is_empty() {
        return Ok(());
    }
    let parsed: Vec<PersonName> = rows
        .iter()
        .map(|r| PersonName::of_fields(&r.first_name, &r.last_name))
        .collect();
    // Before the first load is complete nothing can be ours: we had not been connected. What we created is ours until
    // somebody else edits it.
    let written: BTreeSet<String> = sqlx::query_scalar!(
        r#"insert into matching.contact
             (workspace, id, account_id, name, touched_at, modstamp, generation, first_name, last_name, last_key, first_key,
              full_key, is_ours)
           select distinct on (t.id) $1, t.id, t.account_id, trim(t.first_name || ' ' || t.last_name),
                  case when t.touched_by_us then 'epoch'::timestamptz else t.touched_at end, t.modstamp, $2,
                  t.first_name, t.last_name, t.last_key, t.first_key, t.full_key,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[],
                       $11::text[], $12::bool[], $13::bool[])
                as t (id, account_id, first_name, last_name, touched_at, modstamp, last_key, first_key, full_key, by_us, touched_by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               account_id = excluded.account_id, name = excluded.name, first_name = excluded.first_name,
               last_name = excluded.last_name, last_key = excluded.last_key, first_key = excluded.first_key,
               full_key = excluded.full_key, touched_at = greatest(matching.contact.touched_at, excluded.touched_at),
               modstamp = excluded.modstamp, generation = excluded.generation, is_deleted = false,
               is_ours = matching.contact.is_ours and excluded.touched_at = 'epoch'
           where matching.contact.modstamp <= excluded.modstamp
           returning id"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.first_name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.last_name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &parsed.iter().map(|name| usable(name.last_key())).collect::<Vec<_>>() as &[Option<String>],
        &parsed.iter().map(|name| usable(name.first_key())).collect::<Vec<_>>() as &[Option<String>],
        &parsed.iter().map(|name| usable(name.full_key())).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .filter(|id| !same.contacts.contains(id))
    .collect();
    let numbers = rows
        .iter()
        .filter(|row| written.contains(&row.id))
        .map(|row| (&row.id, &row.phones));
    super::phone::replace(connection, workspace, "Contact", numbers.collect()).await?;

    let (mut addresses, mut ids, mut account_ids, mut domains) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut newest: Vec<_> = rows
        .iter()
        .filter(|row| written.contains(&row.id))
        .collect();
    newest.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| b.modstamp.cmp(&a.modstamp)));
    newest.dedup_by(|later, first| later.id == first.id);
    for row in newest {
        for address in &row.addresses {
            addresses.push(address.as_str().to_owned());
            ids.push(row.id.clone());
            account_ids.push(row.account_id.clone());
            domains.push(crate::domain::projection::company_domain(address).unwrap_or_default());
        }
    }
    let written: Vec<String> = written.into_iter().collect();
    let before = forget_addresses(connection, workspace, &written).await?;
    sqlx::query!(
        "insert into matching.contact_address (workspace, address, contact_id, account_id, domain)
         select $1, t.address, t.contact_id, t.account_id, t.domain
         from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as t (address, contact_id, account_id, domain)
         join matching.contact c on c.workspace = $1 and c.id = t.contact_id and not c.is_ours
         on conflict (workspace, address, contact_id) do nothing",
        workspace,
        &addresses,
        &ids,
        &account_ids,
        &domains,
    )
    .execute(&mut *connection)
    .await?;
    let after = domains.into_iter().zip(account_ids);
    roll_up(
        connection,
        workspace,
        before.into_iter().chain(after).collect(),
    )
    .await
}

/// A key an index can hold; a name of thousands of letters is nobody's.
fn usable(key: Option<String>) -> Option<String> {
    key.filter(|key| key.len() <= KEY_BYTES_MAX)
}

/// Removes the addresses of contacts and returns the (domain, account) pairs they counted for.
pub(super) async fn forget_addresses(
    connection: &mut PgConnection,
    workspace: &str,
    contact_ids: &[String],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "delete from matching.contact_address where workspace = $1 and contact_id = any($2) returning domain, account_id",
        workspace,
        contact_ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.domain, row.account_id))
        .collect())
}

/// Counts again the contacts of the (domain, account) pairs touched.
pub(super) async fn roll_up(
    connection: &mut PgConnection,
    workspace: &str,
    mut pairs: BTreeSet<(String, String)>,
) -> Result<(), sqlx::Error> {
    pairs.retain(|(domain, account)| !domain.is_empty() && !account.is_empty());
    if pairs.is_empty() {
        return Ok(());
    }
    let (domains, accounts): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
    sqlx::query!(
        "with pair as (select domain, account_id from unnest($2::text[], $3::text[]) as t (domain, account_id)),
         counted as (
             select p.domain, p.account_id, count(distinct a.contact_id) as contacts
             from pair p
             left join matching.contact_address a
               on a.workspace = $1 and a.domain = p.domain and a.account_id = p.account_id
             group by p.domain, p.account_id
         ),
         gone as (
             delete from matching.domain_rollup r using counted c
             where r.workspace = $1 and r.domain = c.domain and r.account_id = c.account_id and c.contacts = 0
         )
         insert into matching.domain_rollup (workspace, domain, account_id, contacts)
         select $1, domain, account_id, contacts::int from counted where contacts > 0
         on conflict (workspace, domain, account_id) do update set contacts = excluded.contacts",
        workspace,
        &domains,
        &accounts,
    )
    .execute(connection)
    .await?;
    Ok(())
}
