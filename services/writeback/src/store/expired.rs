//! Held changes that nobody decided in time.

use chassis::{Failure, Scope};
use sqlx::PgConnection;
use uuid::Uuid;

/// Workspaces with changes held for longer than so many days, at most `rows_max`. Those of a backfill that is not over
/// wait for its reviewer as long as it takes.
///
/// # Errors
/// When Postgres fails.
pub async fn workspaces(scope: &Scope, days: i32, rows_max: i64) -> Result<Vec<String>, Failure> {
    let found = sqlx::query_scalar!(
        "select distinct c.workspace from writeback.change c
         where c.state = 'held' and c.changed_at < now() - make_interval(days => $1)
           and not exists (select from writeback.backfill b
             where b.id = c.backfill_id and b.state not in ('done', 'cancelled'))
         limit $2",
        days,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    Ok(found)
}

/// Ends the oldest of them, at most `rows_max`, with a reason; answers the sets touched.
///
/// # Errors
/// When Postgres fails.
pub async fn end(
    connection: &mut PgConnection,
    workspace: &str,
    days: i32,
    rows_max: i64,
    reason: &str,
) -> Result<Vec<Uuid>, Failure> {
    let sets = sqlx::query_scalar!(
        "update writeback.change set state = 'expired', regate = false, missed_gap = null, version = version + 1,
           changed_at = now(), reasons = reasons || $4::text::jsonb
         where id in (
           select c.id from writeback.change c
           where c.workspace = $1 and c.state = 'held' and c.changed_at < now() - make_interval(days => $2)
             and not exists (select from writeback.backfill b
               where b.id = c.backfill_id and b.state not in ('done', 'cancelled'))
           order by c.changed_at limit $3 for update skip locked)
         returning change_set_id",
        workspace,
        days,
        rows_max,
        reason
    )
    .fetch_all(connection)
    .await?;
    Ok(sets)
}
