//! Meetings and the decisions made about them.

use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// One meeting revision as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct MeetingRow {
    /// The workspace.
    pub workspace: String,
    /// Upstream's id.
    pub id: String,
    /// Upstream's revision.
    pub revision: i64,
    /// The event, encoded.
    pub body: Vec<u8>,
    /// Title, for lists.
    pub title: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Whether it is decided with this write, or waits for the first load.
    pub decided: bool,
    /// Ties later decisions to the meeting's trace.
    pub traceparent: Option<String>,
}

/// One decision as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRow {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// Counts decisions of the revision.
    pub sequence: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// Word for filters.
    pub outcome: &'static str,
    /// The decision, encoded.
    pub body: Vec<u8>,
    /// W3C trace id or empty.
    pub trace_id: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// A meeting and revision.
pub type Revision = (String, String, i64);

/// Keeps meetings unless the same or a newer revision is there; returns those kept.
///
/// # Errors
/// When Postgres does not answer or refuses.
pub async fn keep_meetings(
    connection: &mut PgConnection,
    rows: &[MeetingRow],
) -> Result<Vec<Revision>, sqlx::Error> {
    let kept = sqlx::query!(
        "insert into matching.meeting (workspace, id, revision, body, title, started_at, decided, traceparent)
         select distinct on (t.workspace, t.id) t.*
         from unnest($1::text[], $2::text[], $3::int8[], $4::bytea[], $5::text[], $6::timestamptz[], $7::bool[], $8::text[])
              as t (workspace, id, revision, body, title, started_at, decided, traceparent)
         order by t.workspace, t.id, t.revision desc
         on conflict (workspace, id) do update set
             revision = excluded.revision, body = excluded.body, title = excluded.title, started_at = excluded.started_at,
             decided = excluded.decided, traceparent = excluded.traceparent, received_at = now(), problem = null
         where matching.meeting.revision < excluded.revision
         returning workspace, id, revision",
        &rows.iter().map(|r| r.workspace.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.revision).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.body.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.title.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.started_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.decided).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.traceparent.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .fetch_all(connection)
    .await?;
    Ok(kept
        .into_iter()
        .map(|row| (row.workspace, row.id, row.revision))
        .collect())
}

/// Appends decisions.
///
/// # Errors
/// When Postgres does not answer or refuses.
pub async fn insert(
    connection: &mut PgConnection,
    rows: &[DecisionRow],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.decision (workspace, meeting_id, revision, sequence, id, outcome, body, trace_id, decided_at)
         select * from unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::uuid[], $6::text[], $7::bytea[], $8::text[],
                              $9::timestamptz[])",
        &rows.iter().map(|r| r.workspace.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.meeting_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.revision).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.sequence).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.id).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.outcome.to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.body.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.trace_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.decided_at).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A meeting waiting for its workspace's first load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// The event, encoded.
    pub body: Vec<u8>,
    /// Ties the decision to the meeting's trace.
    pub traceparent: Option<String>,
}

/// Meetings looked at in one count; more count as this many.
const COUNTED_ROWS_MAX: i64 = 100_000;

/// How many meetings wait for the first load of their workspace, and seconds since the oldest was received.
///
/// # Errors
/// When Postgres does not answer.
pub async fn count_waiting(scope: &Scope) -> Result<(i64, f64), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "meetings!", coalesce(extract(epoch from now() - min(received_at)), 0)::float8 as "oldest_age_s!"
           from (select received_at from matching.meeting
                 where not decided and body is not null and problem is null limit $1) counted"#,
        COUNTED_ROWS_MAX,
    )
    .fetch_one(scope)
    .await?;
    Ok((row.meetings, row.oldest_age_s.max(0.0)))
}

/// The oldest meetings whose workspace is loaded by now.
///
/// # Errors
/// When Postgres does not answer.
pub async fn waiting(scope: &Scope, meetings_max: i64) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"select m.workspace, m.id as meeting_id, m.revision, m.body as "body!", m.traceparent
           from matching.meeting m
           join matching.workspace w on w.workspace = m.workspace and w.loaded_at is not null
           where not m.decided and m.body is not null and m.problem is null
           order by m.received_at limit $1"#,
        meetings_max,
    )
    .fetch_all(scope)
    .await
}

/// Sets waiting meetings aside with what is wrong with them; a newer revision clears it.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set_aside(scope: &Scope, aside: &[(Waiting, String)]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update matching.meeting m set problem = t.problem
         from unnest($1::text[], $2::text[], $3::int8[], $4::text[]) as t (workspace, id, revision, problem)
         where m.workspace = t.workspace and m.id = t.id and m.revision = t.revision and not m.decided",
        &aside.iter().map(|(row, _)| row.workspace.clone()).collect::<Vec<_>>(),
        &aside.iter().map(|(row, _)| row.meeting_id.clone()).collect::<Vec<_>>(),
        &aside.iter().map(|(row, _)| row.revision).collect::<Vec<_>>(),
        &aside.iter().map(|(_, problem)| problem.clone()).collect::<Vec<_>>(),
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Marks waiting meetings decided; returns those nobody else had decided meanwhile.
///
/// # Errors
/// When Postgres does not answer.
pub async fn claim_waiting(
    connection: &mut PgConnection,
    meetings: &[Revision],
) -> Result<Vec<Revision>, sqlx::Error> {
    let claimed = sqlx::query!(
        "update matching.meeting m set decided = true
         from unnest($1::text[], $2::text[], $3::int8[]) as t (workspace, id, revision)
         where m.workspace = t.workspace and m.id = t.id and m.revision = t.revision and not m.decided
         returning m.workspace, m.id, m.revision",
        &meetings.iter().map(|m| m.0.clone()).collect::<Vec<_>>(),
        &meetings.iter().map(|m| m.1.clone()).collect::<Vec<_>>(),
        &meetings.iter().map(|m| m.2).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(claimed
        .into_iter()
        .map(|row| (row.workspace, row.id, row.revision))
        .collect())
}

/// A meeting as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its revision.
    pub revision: i64,
    /// The event, encoded; `None` when purged.
    pub body: Option<Vec<u8>>,
    /// Ties a new decision to the meeting's trace.
    pub traceparent: Option<String>,
}

/// One meeting.
///
/// # Errors
/// When Postgres does not answer.
pub async fn meeting(
    scope: &Scope,
    workspace: &str,
    id: &str,
) -> Result<Option<Kept>, sqlx::Error> {
    sqlx::query_as!(
        Kept,
        "select revision, body, traceparent from matching.meeting where workspace = $1 and id = $2",
        workspace,
        id,
    )
    .fetch_optional(scope)
    .await
}

/// Locks the meeting and answers the next sequence of its revision; `None` when the revision moved on meanwhile.
///
/// # Errors
/// When Postgres does not answer.
pub async fn next_sequence(
    connection: &mut PgConnection,
    workspace: &str,
    id: &str,
    revision: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let locked = sqlx::query!(
        "update matching.meeting set decided = true where workspace = $1 and id = $2 and revision = $3",
        workspace,
        id,
        revision,
    )
    .execute(&mut *connection)
    .await?;
    if locked.rows_affected() == 0 {
        return Ok(None);
    }
    let next = sqlx::query_scalar!(
        r#"select coalesce(max(sequence), 0) + 1 as "next!" from matching.decision
           where workspace = $1 and meeting_id = $2 and revision = $3"#,
        workspace,
        id,
        revision,
    )
    .fetch_one(connection)
    .await?;
    Ok(Some(next))
}

/// A decision in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// UUIDv7, orders decisions of one moment.
    pub id: Uuid,
    /// The decision, encoded.
    pub body: Vec<u8>,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// W3C trace id or empty.
    pub trace_id: String,
    /// The meeting's title.
    pub title: String,
    /// When the meeting began.
    pub started_at: DateTime<Utc>,
}

/// Where a page begins: after this decision.
pub type After = (DateTime<Utc>, Uuid);

/// Each meeting's latest decision, newest first.
///
/// # Errors
/// When Postgres does not answer.
pub async fn list(
    scope: &Scope,
    workspace: &str,
    outcomes: &[String],
    after: Option<After>,
    rows_max: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let (after_at, after_id) = after.unzip();
    sqlx::query_as!(
        Listed,
        r#"select d.id, d.body, d.decided_at, d.trace_id, m.title, m.started_at
           from matching.decision d
           join matching.meeting m on m.workspace = d.workspace and m.id = d.meeting_id and m.revision = d.revision
           where d.workspace = $1
             and (cardinality($2::text[]) = 0 or d.outcome = any($2))
             and ($3::timestamptz is null or (d.decided_at, d.id) < ($3, $4::uuid))
             and not exists (
                 select 1 from matching.decision n
                 where n.workspace = d.workspace and n.meeting_id = d.meeting_id and n.revision = d.revision
                   and n.sequence > d.sequence
             )
           order by d.decided_at desc, d.id desc limit $5"#,
        workspace,
        outcomes,
        after_at,
        after_id,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// A meeting's latest decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The decision, encoded.
    pub body: Vec<u8>,
    /// W3C trace id or empty.
    pub trace_id: String,
    /// The event, encoded; `None` when purged.
    pub meeting: Option<Vec<u8>>,
}

/// One meeting's latest decision.
///
/// # Errors
/// When Postgres does not answer.
pub async fn latest(
    scope: &Scope,
    workspace: &str,
    meeting_id: &str,
) -> Result<Option<Latest>, sqlx::Error> {
    sqlx::query_as!(
        Latest,
        "select d.body, d.trace_id, m.body as meeting
         from matching.decision d
         join matching.meeting m on m.workspace = d.workspace and m.id = d.meeting_id and m.revision = d.revision
         where d.workspace = $1 and d.meeting_id = $2
         order by d.revision desc, d.sequence desc limit 1",
        workspace,
        meeting_id,
    )
    .fetch_optional(scope)
    .await
}
