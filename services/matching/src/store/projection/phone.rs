//! Numbers of contacts and leads.

use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Replaces the numbers of records.
pub(super) async fn replace(
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
