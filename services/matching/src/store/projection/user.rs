//! The org's users.

use crate::domain::projection::Records;
use sqlx::PgConnection;

pub(super) async fn users(
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
