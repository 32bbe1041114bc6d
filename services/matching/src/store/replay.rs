//! Decisions read again, to announce them once more.

use chassis::Scope;
use chrono::{DateTime, Utc};

/// The newest decision of a meeting with the meeting as it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// The decision, encoded.
    pub decision: Vec<u8>,
    /// The meeting's event, encoded.
    pub meeting: Vec<u8>,
    /// Ties it to the meeting's trace.
    pub traceparent: Option<String>,
}

/// The newest decisions made since a moment, of meetings that are still kept, in order of their ids and after one of them.
///
/// # Errors
/// When Postgres does not answer.
pub async fn page(
    scope: &Scope,
    since: DateTime<Utc>,
    after: &(String, String),
    decisions_max: i64,
) -> Result<Vec<Announced>, sqlx::Error> {
    sqlx::query_as!(
        Announced,
        r#"select distinct on (d.workspace, d.meeting_id)
             d.workspace, d.meeting_id, d.body as decision, m.body as "meeting!", m.traceparent
           from matching.decision d
           join matching.meeting m on m.workspace = d.workspace and m.id = d.meeting_id and m.revision = d.revision
           where d.decided_at >= $1 and (d.workspace, d.meeting_id) > ($2, $3) and m.body is not null
           order by d.workspace, d.meeting_id, d.sequence desc limit $4"#,
        since,
        after.0,
        after.1,
        decisions_max,
    )
    .fetch_all(scope)
    .await
}
