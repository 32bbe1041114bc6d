//! Accounts.

use crate::domain::address::skeleton;
use crate::domain::projection::Records;
use sqlx::PgConnection;

pub(super) async fn accounts(
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
    // A day of activity on which we matched a meeting to the account ourselves may be our own task: what was known before stays.
    sqlx::query!(
        r#"insert into matching.account as a
             (workspace, id, name, website_domain, owner_id, parent_id, type, person_address, modstamp, generation, last_activity,
              website_skeleton, is_ours)
           select distinct on (t.id) $1, t.id, t.name, t.website_domain, t.owner_id, t.parent_id, t.type, t.person_address, t.modstamp, $2,
                  t.last_activity, t.website_skeleton,
                  t.by_us and t.touched_by_us
                      and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
                       $11::date[], $12::text[], $13::bool[], $14::bool[])
                as t (id, name, website_domain, owner_id, parent_id, type, person_address, modstamp, last_activity, website_skeleton,
                      by_us, touched_by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               name = excluded.name, website_domain = excluded.website_domain, owner_id = excluded.owner_id,
               parent_id = excluded.parent_id, type = excluded.type, person_address = excluded.person_address,
               modstamp = excluded.modstamp, generation = excluded.generation, is_deleted = false,
               last_activity = case
                   when excluded.last_activity is distinct from a.last_activity and exists (
                       select 1 from matching.meeting m
                       where m.workspace = a.workspace and m.account_id = a.id
                         and m.started_at >= excluded.last_activity - interval '1 day'
                         and m.started_at < excluded.last_activity + interval '2 days'
                   ) then a.last_activity
                   else excluded.last_activity
               end,
               website_skeleton = excluded.website_skeleton,
               is_ours = a.is_ours and excluded.is_ours
           where a.modstamp <= excluded.modstamp"#,
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
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
