//! Reads change sets for people.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::set_state::SetState;

/// One set, without its changes.
#[derive(Debug, Clone)]
pub struct Set {
    /// The set.
    pub id: Uuid,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub meeting_revision: i64,
    /// Where it stands.
    pub state: SetState,
    /// The decision.
    pub decision_id: String,
    /// When it was built.
    pub created_at: DateTime<Utc>,
    /// The meeting's trace.
    pub traceparent: Option<String>,
    /// The meeting's title.
    pub title: String,
    /// Why there are no changes.
    pub empty_reason: String,
}

/// Sets, newest first, before `before`.
///
/// # Errors
/// When Postgres fails.
pub async fn sets(
    scope: &Scope,
    workspace: &str,
    before: Uuid,
    rows_max: i64,
) -> Result<Vec<Set>, Failure> {
    let rows = sqlx::query!(
        "select id, meeting_id, meeting_revision, state, decision_id, created_at, traceparent, title, empty_reason
         from writeback.change_set where workspace = $1 and id < $2 order by id desc limit $3",
        workspace,
        before,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Set {
            id: row.id,
            meeting_id: row.meeting_id,
            meeting_revision: row.meeting_revision,
            state: SetState::parse(&row.state),
            decision_id: row.decision_id,
            created_at: row.created_at,
            traceparent: row.traceparent,
            title: row.title,
            empty_reason: row.empty_reason,
        })
        .collect())
}

/// One set by its id, or the newest of a meeting.
///
/// # Errors
/// When Postgres fails.
pub async fn set(
    scope: &Scope,
    workspace: &str,
    id: Option<Uuid>,
    meeting_id: &str,
) -> Result<Option<Set>, Failure> {
    let row = sqlx::query!(
        "select id, meeting_id, meeting_revision, state, decision_id, created_at, traceparent, title, empty_reason
         from writeback.change_set
         where workspace = $1 and ((id = $2) or ($2 is null and meeting_id = $3))
         order by meeting_revision desc, decision_sequence desc limit 1",
        workspace,
        id,
        meeting_id
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map(|row| Set {
        id: row.id,
        meeting_id: row.meeting_id,
        meeting_revision: row.meeting_revision,
        state: SetState::parse(&row.state),
        decision_id: row.decision_id,
        created_at: row.created_at,
        traceparent: row.traceparent,
        title: row.title,
        empty_reason: row.empty_reason,
    }))
}
