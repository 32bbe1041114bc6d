//! Moves proposed for matched meetings.

use super::reconsider::Due;
use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A move proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// UUIDv7.
    pub id: Uuid,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// What changed.
    pub reason: String,
    /// The decision as it would be now, encoded.
    pub body: Vec<u8>,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// The meeting's title.
    pub title: String,
    /// The decision it would replace, encoded.
    pub current: Vec<u8>,
}

/// What accepting a move needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// UUIDv7.
    pub id: Uuid,
    /// Of the meeting, when it was proposed.
    pub revision: i64,
    /// The decision as it would be now, encoded.
    pub body: Vec<u8>,
}

/// Proposes a move; a newer one replaces an open one.
///
/// # Errors
/// When Postgres does not answer.
pub async fn propose(
    connection: &mut PgConnection,
    workspace: &str,
    due: &Due,
    id: Uuid,
    body: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.move_proposal (workspace, meeting_id, id, revision, reason, body) values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace, meeting_id) where settled_at is null
         do update set id = excluded.id, revision = excluded.revision, reason = excluded.reason, body = excluded.body,
                       proposed_at = now()",
        workspace,
        due.meeting_id,
        id,
        due.revision,
        due.reason,
        body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open proposals, newest first.
///
/// # Errors
/// When Postgres does not answer.
pub async fn open(
    scope: &Scope,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<Proposal>, sqlx::Error> {
    sqlx::query_as!(
        Proposal,
        r#"select p.id, p.meeting_id, p.revision, p.reason, p.body, p.proposed_at, m.title, d.body as "current!"
           from matching.move_proposal p
           join matching.meeting m on m.workspace = p.workspace and m.id = p.meeting_id and m.revision = p.revision
           cross join lateral (
               select d.body from matching.decision d
               where d.workspace = m.workspace and d.meeting_id = m.id and d.revision = m.revision
               order by d.sequence desc limit 1
           ) d
           where p.workspace = $1 and p.settled_at is null
           order by p.proposed_at desc, p.id limit $2"#,
        workspace,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// The open proposal of a meeting.
///
/// # Errors
/// When Postgres does not answer.
pub async fn of_meeting(
    scope: &Scope,
    workspace: &str,
    meeting_id: &str,
) -> Result<Option<Proposed>, sqlx::Error> {
    sqlx::query_as!(
        Proposed,
        "select p.id, p.revision, p.body from matching.move_proposal p
         join matching.meeting m on m.workspace = p.workspace and m.id = p.meeting_id and m.revision = p.revision
         where p.workspace = $1 and p.meeting_id = $2 and p.settled_at is null",
        workspace,
        meeting_id,
    )
    .fetch_optional(scope)
    .await
}

/// Settles the open proposal of a meeting and says which it was; `None` when there is none. A newer proposal has another id
/// than the one a person looked at.
///
/// # Errors
/// When Postgres does not answer.
pub async fn settle(
    connection: &mut PgConnection,
    workspace: &str,
    meeting_id: &str,
    accepted: bool,
    actor: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "update matching.move_proposal set settled_at = now(), settled_by = $3, accepted = $4
         where workspace = $1 and meeting_id = $2 and settled_at is null returning id",
        workspace,
        meeting_id,
        actor,
        accepted,
    )
    .fetch_optional(connection)
    .await
}
