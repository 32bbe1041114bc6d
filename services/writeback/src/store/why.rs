//! What of ours is in a field: the changes that wrote it, their journal, and the meeting each belongs to.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A change that wrote, with its meeting.
#[derive(Debug, Clone)]
pub struct Write {
    /// The change.
    pub id: Uuid,
    /// The match decision it is built on.
    pub decision_id: String,
    /// The meeting's title; empty when purged.
    pub title: String,
    /// Its revision.
    pub meeting_revision: i64,
    /// What counts as ours in the field now is of this change.
    pub current: bool,
}

/// The writes of one field of a record and the record's own creation, newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn writes(
    scope: &Scope,
    workspace: &str,
    record_id: &str,
    field: &str,
    rows_max: i64,
) -> Result<Vec<Write>, Failure> {
    Ok(sqlx::query_as!(
        Write,
        r#"select c.id, s.decision_id, s.title, s.meeting_revision, coalesce(p.change_id = c.id, false) as "current!"
           from writeback.change c join writeback.change_set s on s.id = c.change_set_id
           left join writeback.provenance p on p.workspace = $1 and p.record_id = $2 and p.field = $3 and $3 <> ''
           where c.workspace = $1 and c.record_id = $2 and c.field in ($3, '')
             and c.state in ('executing', 'uncertain', 'applied', 'undone')
           order by c.id desc limit $4"#,
        workspace,
        record_id,
        field,
        rows_max
    )
    .fetch_all(scope)
    .await?)
}

/// One try of a write.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The change.
    pub change_id: Uuid,
    /// From 1.
    pub number: i32,
    /// The request it went with.
    pub request_id: Uuid,
    /// What came of it; `None` while nobody knows.
    pub result: Option<String>,
    /// When the intent was recorded.
    pub intent_at: DateTime<Utc>,
    /// When the result was.
    pub result_at: Option<DateTime<Utc>>,
}

/// The tries of changes, in order.
///
/// # Errors
/// When Postgres fails.
pub async fn attempts(
    scope: &Scope,
    workspace: &str,
    changes: &[Uuid],
) -> Result<Vec<Attempt>, Failure> {
    Ok(sqlx::query_as!(
        Attempt,
        "select change_id, number, request_id, result, intent_at, result_at from writeback.attempt
         where workspace = $1 and change_id = any($2) order by id",
        workspace,
        changes
    )
    .fetch_all(scope)
    .await?)
}
