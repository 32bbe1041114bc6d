//! Purges what was said in meetings once it is old enough: the meetings themselves, the keys they were looked up with, and
//! the evidence frozen in decisions. What was decided, by whom and when stays.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Purges meetings received more than `kept_days` ago that are decided and no longer open, at most `rows_max` of them;
/// answers how many.
///
/// # Errors
/// When Postgres fails.
pub async fn meetings(scope: &Scope, kept_days: i32, rows_max: i64) -> Result<u64, Failure> {
    let purged = sqlx::query_scalar!(
        r#"with old as (
             select workspace, id from matching.meeting
             where body is not null and decided and open_until is null
               and received_at < now() - make_interval(days => $1)
             order by received_at limit $2 for update skip locked),
           keys as (
             delete from matching.meeting_key k using old where k.workspace = old.workspace and k.meeting_id = old.id),
           moves as (
             delete from matching.move_proposal p using old
             where p.workspace = old.workspace and p.meeting_id = old.id and p.settled_at is not null),
           emptied as (
             update matching.meeting m set body = null, title = ''
             from old where m.workspace = old.workspace and m.id = old.id returning m.id)
           select count(*) as "count!" from emptied"#,
        kept_days,
        rows_max
    )
    .fetch_one(scope)
    .await?;
    Ok(u64::try_from(purged).unwrap_or(0))
}

/// A decision with its frozen candidates.
#[derive(Debug)]
pub struct Frozen {
    /// Its id.
    pub id: Uuid,
    /// When it was made.
    pub decided_at: DateTime<Utc>,
    /// The message.
    pub body: Vec<u8>,
}

/// Decisions made more than `kept_days` ago that still hold their evidence, oldest first.
///
/// # Errors
/// When Postgres fails.
pub async fn frozen(scope: &Scope, kept_days: i32, rows_max: i64) -> Result<Vec<Frozen>, Failure> {
    let rows = sqlx::query_as!(
        Frozen,
        "select id, decided_at, body from matching.decision
         where purged_at is null and decided_at < now() - make_interval(days => $1)
         order by decided_at limit $2",
        kept_days,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    Ok(rows)
}

/// Stores decisions without their evidence.
///
/// # Errors
/// When Postgres fails.
pub async fn thawed(scope: &Scope, decisions: &[(Uuid, Vec<u8>)]) -> Result<(), Failure> {
    let ids: Vec<Uuid> = decisions.iter().map(|(id, _)| *id).collect();
    let bodies: Vec<Vec<u8>> = decisions.iter().map(|(_, body)| body.clone()).collect();
    sqlx::query!(
        "update matching.decision d set body = row.body, purged_at = now()
         from unnest($1::uuid[], $2::bytea[]) as row (id, body) where d.id = row.id",
        &ids,
        &bodies,
    )
    .execute(scope)
    .await?;
    Ok(())
}
