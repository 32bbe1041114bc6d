//! Decisions a change of a rule or phrase may concern, with what a person said about them.

use chassis::Scope;
use chrono::{DateTime, Utc};

/// A decided meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The meeting.
    pub meeting_id: String,
    /// The event, encoded.
    pub body: Vec<u8>,
    /// Its title.
    pub title: String,
    /// The latest decision, encoded.
    pub decision: Vec<u8>,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// The account a person chose, when one did.
    pub labelled_account: Option<String>,
    /// The opportunity a person chose, when one did.
    pub labelled_opportunity: Option<String>,
}

/// Meetings decided since `since` under a key, newest first.
///
/// # Errors
/// When Postgres does not answer.
pub async fn under_key(
    scope: &Scope,
    workspace: &str,
    key: &str,
    since: DateTime<Utc>,
    rows_max: i64,
) -> Result<Vec<Concerned>, sqlx::Error> {
    sqlx::query_as!(
        Concerned,
        r#"select m.id as meeting_id, m.body as "body!", m.title, d.body as "decision!", d.decided_at as "decided_at!",
                  l.account_id as "labelled_account?", l.opportunity_id as "labelled_opportunity?"
           from matching.meeting_key k
           join matching.meeting m on m.workspace = k.workspace and m.id = k.meeting_id and m.body is not null
           cross join lateral (
               select d.body, d.decided_at from matching.decision d
               where d.workspace = m.workspace and d.meeting_id = m.id and d.revision = m.revision
               order by d.sequence desc limit 1
           ) d
           left join matching.label l on l.workspace = m.workspace and l.meeting_id = m.id and l.reverted_at is null
           where k.workspace = $1 and k.key = $2 and d.decided_at >= $3
           order by d.decided_at desc limit $4"#,
        workspace,
        key,
        since,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// Meetings decided between `since` and `before`, newest first: a page of all, for what no key finds.
///
/// # Errors
/// When Postgres does not answer.
pub async fn recent(
    scope: &Scope,
    workspace: &str,
    since: DateTime<Utc>,
    before: DateTime<Utc>,
    rows_max: i64,
) -> Result<Vec<Concerned>, sqlx::Error> {
    sqlx::query_as!(
        Concerned,
        r#"select m.id as meeting_id, m.body as "body!", m.title, d.body as "decision!", d.decided_at as "decided_at!",
                  l.account_id as "labelled_account?", l.opportunity_id as "labelled_opportunity?"
           from matching.decision d
           join matching.meeting m on m.workspace = d.workspace and m.id = d.meeting_id and m.revision = d.revision
            and m.body is not null
           left join matching.label l on l.workspace = m.workspace and l.meeting_id = m.id and l.reverted_at is null
           where d.workspace = $1 and d.decided_at >= $2 and d.decided_at < $3
             and not exists (
                 select 1 from matching.decision n
                 where n.workspace = d.workspace and n.meeting_id = d.meeting_id and n.revision = d.revision
                   and n.sequence > d.sequence
             )
           order by d.decided_at desc limit $4"#,
        workspace,
        since,
        before,
        rows_max,
    )
    .fetch_all(scope)
    .await
}
