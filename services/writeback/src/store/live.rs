//! The live switch, and whether a workspace's changes may be written at this moment.
//!
//! The switch has a row of its own, which nothing else writes: turning it off waits for nobody.

use chassis::{Failure, Scope};
use sqlx::PgConnection;

/// Lets writes through or stops them; answers what it was before.
///
/// # Errors
/// When Postgres fails.
pub async fn set(
    connection: &mut PgConnection,
    workspace: &str,
    live: bool,
) -> Result<bool, Failure> {
    let before = sqlx::query_scalar!(
        "select live from writeback.live where workspace = $1",
        workspace
    )
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into writeback.live (workspace, live) values ($1, $2)
         on conflict (workspace) do update set live = excluded.live, changed_at = now()",
        workspace,
        live
    )
    .execute(connection)
    .await?;
    Ok(before.unwrap_or(false))
}

/// Whether the switch is on.
///
/// # Errors
/// When Postgres fails.
pub async fn is_on(scope: &Scope, workspace: &str) -> Result<bool, Failure> {
    let live = sqlx::query_scalar!(
        "select live from writeback.live where workspace = $1",
        workspace
    )
    .fetch_optional(scope)
    .await?;
    Ok(live.unwrap_or(false))
}

/// Whether a change whose intent is recorded may still be sent: live, connected, and verified as it is now.
///
/// # Errors
/// When Postgres fails.
pub async fn may_write(scope: &Scope, workspace: &str) -> Result<bool, Failure> {
    let open = sqlx::query_scalar!(
        r#"select exists (
             select 1 from writeback.workspace w join writeback.live s on s.workspace = w.workspace
             where w.workspace = $1 and s.live and w.connection_state in ('connected', 'access_limited')
               and w.verified_epoch = w.connection_epoch and w.verified_mapping_version = w.mapping_version
               and w.verified_settings_generation = w.settings_generation) as "open!""#,
        workspace
    )
    .fetch_one(scope)
    .await?;
    Ok(open)
}
