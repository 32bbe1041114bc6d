//! Answers kept for requests that may be sent again.

use chassis::Scope;
use chrono::{DateTime, Utc};

/// Answers are kept these many hours.
pub(crate) const KEPT_HOURS: i64 = 24;
/// Most answers kept for one caller; older ones make room.
const CALLER_ROWS_MAX: i64 = 1_000;

/// Names a request: who sent it and the hash of the key they gave it.
pub(crate) struct Name<'a> {
    pub(crate) actor: &'a str,
    pub(crate) key_sha256: &'a [u8; 32],
}

/// What is there of a request.
pub(crate) struct Kept {
    pub(crate) request_sha256: Vec<u8>,
    /// `None` while it is being answered.
    pub(crate) status: Option<i16>,
    /// `None` when it was not kept.
    pub(crate) body: Option<Vec<u8>>,
}

/// Takes the name for a request that is about to be met; false when it is taken.
///
/// One kept since before `expired_before`, or unanswered since before `abandoned_before`, is taken over.
pub(crate) async fn claim(
    scope: &Scope,
    name: &Name<'_>,
    request_sha256: &[u8; 32],
    now: DateTime<Utc>,
    expired_before: DateTime<Utc>,
    abandoned_before: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into console.kept_answer as kept (actor, key_sha256, request_sha256, claimed_at) \
         values ($1, $2, $3, $4) \
         on conflict (actor, key_sha256) do update \
             set request_sha256 = excluded.request_sha256, claimed_at = excluded.claimed_at, \
                 status = null, body = null \
             where kept.claimed_at < $5 or (kept.status is null and kept.claimed_at < $6)",
        name.actor,
        name.key_sha256.as_slice(),
        request_sha256.as_slice(),
        now,
        expired_before,
        abandoned_before
    )
    .execute(scope)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "delete from console.kept_answer where actor = $1 and claimed_at <= (\
             select claimed_at from console.kept_answer where actor = $1 \
             order by claimed_at desc offset $2 limit 1)",
        name.actor,
        CALLER_ROWS_MAX
    )
    .execute(scope)
    .await?;
    Ok(true)
}

pub(crate) async fn find(scope: &Scope, name: &Name<'_>) -> sqlx::Result<Option<Kept>> {
    sqlx::query_as!(
        Kept,
        "select request_sha256, status, body from console.kept_answer where actor = $1 and key_sha256 = $2",
        name.actor,
        name.key_sha256.as_slice()
    )
    .fetch_optional(scope)
    .await
}

/// Keeps what was answered.
pub(crate) async fn keep(
    scope: &Scope,
    name: &Name<'_>,
    status: i16,
    body: Option<&[u8]>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update console.kept_answer set status = $3, body = $4 where actor = $1 and key_sha256 = $2",
        name.actor,
        name.key_sha256.as_slice(),
        status,
        body
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Gives the name back: nothing was done.
pub(crate) async fn release(scope: &Scope, name: &Name<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from console.kept_answer where actor = $1 and key_sha256 = $2 and status is null",
        name.actor,
        name.key_sha256.as_slice()
    )
    .execute(scope)
    .await?;
    Ok(())
}

pub(crate) async fn delete_before(scope: &Scope, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from console.kept_answer where claimed_at < $1",
        before
    )
    .execute(scope)
    .await?;
    Ok(())
}
