//! The names of a workspace's accounts, for the look-up held in memory.

use chassis::Scope;

/// The version of the names; `None` before the first load is complete.
///
/// # Errors
/// When Postgres does not answer.
pub async fn version(scope: &Scope, workspace: &str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select names_version from matching.workspace where workspace = $1 and loaded_at is not null",
        workspace,
    )
    .fetch_optional(scope)
    .await
}

/// Every account's id and name, by id; those we created left out.
///
/// # Errors
/// When Postgres does not answer.
pub async fn all(scope: &Scope, workspace: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, name from matching.account where workspace = $1 and not is_deleted and not is_ours order by id",
        workspace,
    )
    .fetch_all(scope)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
