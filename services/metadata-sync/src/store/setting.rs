//! Small settings of a workspace: what stages mean, which further objects are read.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgExecutor};

/// What an admin wrote about stages.
///
/// # Errors
/// When Postgres fails.
pub async fn stage_descriptions(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let rows = sqlx::query!(
        "select stage, description from metadata_sync.stage_description where workspace = $1",
        workspace
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.stage, row.description))
        .collect())
}

/// Replaces what an admin wrote about stages.
///
/// # Errors
/// When Postgres fails.
pub async fn describe_stages(
    connection: &mut PgConnection,
    workspace: &str,
    descriptions: &BTreeMap<String, String>,
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from metadata_sync.stage_description where workspace = $1",
        workspace
    )
    .execute(&mut *connection)
    .await?;
    let stages: Vec<String> = descriptions.keys().cloned().collect();
    let texts: Vec<String> = descriptions.values().cloned().collect();
    sqlx::query!(
        "insert into metadata_sync.stage_description (workspace, stage, description, saved_by)
         select $1, stage, text, $4 from unnest($2::text[], $3::text[]) as said (stage, text)",
        workspace,
        &stages,
        &texts,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Objects an admin selected, by name.
///
/// # Errors
/// When Postgres fails.
pub async fn selected_objects(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select object from metadata_sync.selected_object where workspace = $1 order by object",
        workspace
    )
    .fetch_all(executor)
    .await
}

/// Replaces the selection. The list of objects is then read again: a conditional read would call it unchanged.
///
/// # Errors
/// When Postgres fails.
pub async fn select_objects(
    connection: &mut PgConnection,
    workspace: &str,
    objects: &[String],
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from metadata_sync.selected_object where workspace = $1",
        workspace
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into metadata_sync.selected_object (workspace, object, saved_by)
         select $1, object, $3 from unnest($2::text[]) as said (object)",
        workspace,
        objects,
        by
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update metadata_sync.workspace set objects_modified = null where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}
