//! Writes records into the projection: one statement per kind of record, whatever their number. A version older than the
//! stored one changes nothing, so the order of arrival does not matter.

use super::affected;
use crate::domain::address::skeleton;
use crate::domain::name::person::PersonName;
use crate::domain::projection::Records;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Writes one event's records.
///
/// # Errors
/// When Postgres does not answer or refuses.
pub async fn apply(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    known(connection, workspace, records).await?;
    affected::before(connection, workspace, records).await?;
    accounts(connection, workspace, records).await?;
    contacts(connection, workspace, records).await?;
    leads(connection, workspace, records).await?;
    opportunities(connection, workspace, records).await?;
    contact_roles(connection, workspace, records).await?;
    users(connection, workspace, records).await?;
    deleted(connection, workspace, records).await?;
    affected::after(connection, workspace, records).await?;
    if records.load_complete {
        complete(connection, workspace, records).await?;
    }
    Ok(())
}

async fn known(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.workspace (workspace, organization_id, connected_user_id, generation)
         values ($1, $2, $3, $4)
         on conflict (workspace) do update set
             organization_id = excluded.organization_id,
             connected_user_id = excluded.connected_user_id,
             generation = greatest(matching.workspace.generation, excluded.generation)",
        workspace,
        records.organization_id,
        records.connected_user_id,
        records.generation,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn accounts(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.accounts;
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
    let names: Vec<String> = rows.iter().map(|r| r.name.clone()).collect();
    let skeletons: Vec<Option<String>> = rows
        .iter()
        .map(|r| r.website_domain.as_deref().map(skeleton))
        .collect();
    sqlx::query!(
        "update matching.workspace set names_version = names_version + 1
         where workspace = $1 and exists (
             select 1 from unnest($2::text[], $3::text[]) as t (id, name)
             left join matching.account a on a.workspace = $1 and a.id = t.id and not a.is_deleted
             where a.name is distinct from t.name
         )",
        workspace,
        &ids,
        &names,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"insert into matching.account
             (workspace, id, name, website_domain, owner_id, parent_id, type, person_address, modstamp, generation, last_activity,
              website_skeleton)
           select distinct on (t.id) $1, t.id, t.name, t.website_domain, t.owner_id, t.parent_id, t.type, t.person_address, t.modstamp, $2,
                  t.last_activity, t.website_skeleton
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
                       $11::date[], $12::text[])
                as t (id, name, website_domain, owner_id, parent_id, type, person_address, modstamp, last_activity, website_skeleton)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               name = excluded.name, website_domain = excluded.website_domain, owner_id = excluded.owner_id,
               parent_id = excluded.parent_id, type = excluded.type, person_address = excluded.person_address,
               modstamp = excluded.modstamp, generation = excluded.generation, is_deleted = false,
               last_activity = excluded.last_activity, website_skeleton = excluded.website_skeleton
           where matching.account.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &ids,
        &names,
        &rows.iter().map(|r| r.website_domain.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.parent_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.r#type.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.person_address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.last_activity).collect::<Vec<_>>() as &[Option<chrono::NaiveDate>],
        &skeletons as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Contacts, their addresses, and the roll-up of every domain touched before or after.
async fn contacts(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.contacts;
    if rows.is_empty() {
        return Ok(());
    }
    let parsed: Vec<PersonName> = rows
        .iter()
        .map(|r| PersonName::of_fields(&r.first_name, &r.last_name))
        .collect();
    // Before the first load is complete nothing can be ours: we had not been connected.
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
               modstamp = excluded.modstamp, generation = excluded.generation, is_deleted = false
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
        &parsed.iter().map(PersonName::last_key).collect::<Vec<_>>() as &[Option<String>],
        &parsed.iter().map(PersonName::first_key).collect::<Vec<_>>() as &[Option<String>],
        &parsed.iter().map(PersonName::full_key).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .collect();
    let numbers = rows
        .iter()
        .filter(|row| written.contains(&row.id))
        .map(|row| (&row.id, &row.phones));
    phones(connection, workspace, "Contact", numbers.collect()).await?;

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

/// Removes the addresses of contacts and returns the (domain, account) pairs they counted for.
async fn forget_addresses(
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
async fn roll_up(
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

/// Replaces the numbers of records.
async fn phones(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    numbers: Vec<(&String, &BTreeSet<String>)>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<String> = numbers.iter().map(|(id, _)| (*id).clone()).collect();
    let (keys, of): (Vec<String>, Vec<String>) = numbers
        .iter()
        .flat_map(|(id, keys)| keys.iter().map(|key| (key.clone(), (*id).clone())))
        .unzip();
    sqlx::query!(
        "delete from matching.phone where workspace = $1 and object = $2 and record_id = any($3)",
        workspace,
        object,
        &ids,
    )
    .execute(&mut *connection)
    .await?;
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into matching.phone (workspace, key, object, record_id)
         select $1, t.key, $2, t.id from unnest($3::text[], $4::text[]) as t (key, id)
         on conflict do nothing",
        workspace,
        object,
        &keys,
        &of,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn leads(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.leads;
    if rows.is_empty() {
        return Ok(());
    }
    phones(
        connection,
        workspace,
        "Lead",
        rows.iter().map(|row| (&row.id, &row.phones)).collect(),
    )
    .await?;
    sqlx::query!(
        r#"insert into matching.lead
             (workspace, id, name, company, address, is_converted, converted_account_id, converted_contact_id, modstamp, generation)
           select distinct on (t.id) $1, t.id, t.name, t.company, t.address, t.is_converted, t.account_id, t.contact_id, t.modstamp, $2
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::text[], $10::timestamptz[])
                as t (id, name, company, address, is_converted, account_id, contact_id, modstamp)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               name = excluded.name, company = excluded.company, address = excluded.address,
               is_converted = excluded.is_converted, converted_account_id = excluded.converted_account_id,
               converted_contact_id = excluded.converted_contact_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.lead.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.company.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.is_converted).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_contact_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn opportunities(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.opportunities;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.opportunity
             (workspace, id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, created_at, modstamp, generation)
           select distinct on (t.id) $1, t.id, t.account_id, t.name, t.type, t.owner_id, t.record_type_id, t.is_closed,
                  t.close_date, t.created_at, t.modstamp, $2
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::date[],
                       $11::timestamptz[], $12::timestamptz[])
                as t (id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, created_at, modstamp)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               account_id = excluded.account_id, name = excluded.name, type = excluded.type, owner_id = excluded.owner_id,
               record_type_id = excluded.record_type_id, is_closed = excluded.is_closed, close_date = excluded.close_date,
               created_at = excluded.created_at, modstamp = excluded.modstamp, generation = excluded.generation,
               is_deleted = false
           where matching.opportunity.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.r#type.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.record_type_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.is_closed).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.close_date).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.created_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn contact_roles(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.contact_roles;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.contact_role (workspace, id, opportunity_id, contact_id, modstamp, generation, is_ours)
           select distinct on (t.id) $1, t.id, t.opportunity_id, t.contact_id, t.modstamp, $2,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bool[])
                as t (id, opportunity_id, contact_id, modstamp, by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               opportunity_id = excluded.opportunity_id, contact_id = excluded.contact_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.contact_role.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.opportunity_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.contact_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn users(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.users;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.crm_user (workspace, id, address, domain, is_active, modstamp, generation)
           select distinct on (t.id) $1, t.id, t.address, t.domain, t.is_active, t.modstamp, $2
           from unnest($3::text[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[]) as t (id, address, domain, is_active, modstamp)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               address = excluded.address, domain = excluded.domain, is_active = excluded.is_active,
               modstamp = excluded.modstamp, generation = excluded.generation, is_deleted = false
           where matching.crm_user.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.domain.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.is_active).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Leaves tombstones. The kinds are few and each has its own table, hence one statement each.
async fn deleted(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let of = |object: &str| -> (Vec<String>, Vec<chrono::DateTime<chrono::Utc>>) {
        records
            .deleted
            .iter()
            .filter(|row| row.object == object)
            .map(|row| (row.id.clone(), row.modstamp))
            .unzip()
    };
    macro_rules! bury {
        ($object:literal, $sql:literal) => {
            let (ids, modstamps) = of($object);
            if !ids.is_empty() {
                sqlx::query!($sql, workspace, &ids, &modstamps)
                    .execute(&mut *connection)
                    .await?;
            }
        };
    }
    bury!(
        "Account",
        "update matching.account r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Contact",
        "update matching.contact r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Lead",
        "update matching.lead r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Opportunity",
        "update matching.opportunity r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "OpportunityContactRole",
        "update matching.contact_role r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    merged(connection, workspace, records).await?;
    let (contacts, _) = of("Contact");
    let before = forget_addresses(connection, workspace, &contacts).await?;
    roll_up(connection, workspace, before.into_iter().collect()).await
}

/// Remembers where merged records went.
async fn merged(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let (ids, masters): (Vec<String>, Vec<String>) = records
        .deleted
        .iter()
        .filter(|row| !row.master_id.is_empty())
        .map(|row| (row.id.clone(), row.master_id.clone()))
        .unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with gone as (select distinct on (id) id, master_id from unnest($2::text[], $3::text[]) as t (id, master_id)),
         flat as (
             update matching.merged m set master_id = g.master_id from gone g where m.workspace = $1 and m.master_id = g.id
         )
         insert into matching.merged (workspace, id, master_id) select $1, id, master_id from gone
         on conflict (workspace, id) do update set master_id = excluded.master_id",
        workspace,
        &ids,
        &masters,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what a full load did not meet, and lets decisions begin.
async fn complete(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    if records.full {
        let generation = records.generation;
        let gone: Vec<String> = sqlx::query_scalar!(
            "update matching.contact set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted returning id",
            workspace,
            generation,
        )
        .fetch_all(&mut *connection)
        .await?;
        let before = forget_addresses(connection, workspace, &gone).await?;
        roll_up(connection, workspace, before.into_iter().collect()).await?;
        macro_rules! sweep {
            ($($sql:literal),*) => {
                $(sqlx::query!($sql, workspace, generation).execute(&mut *connection).await?;)*
            };
        }
        sweep!(
            "update matching.account set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.lead set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.opportunity set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.contact_role set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.crm_user set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted"
        );
    }
    sqlx::query!(
        "update matching.workspace set loaded_at = coalesce(loaded_at, now()) where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}
