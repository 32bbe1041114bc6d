//! The months of a backfill: what a person approved of each, what of that goes to the queue, and what comes back.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;
use crate::domain::change::State;

/// Months listed.
const MONTHS_MAX: i64 = 120;

/// One state of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// When the month began, in UTC.
    pub month: DateTime<Utc>,
    /// The state.
    pub state: State,
    /// How many changes.
    pub changes: u64,
    /// How many of them carry little risk.
    pub low: u64,
    /// Their meetings.
    pub meetings: u64,
}

/// The months of a backfill by state, the oldest first.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(
    scope: &Scope,
    workspace: &str,
    id: Uuid,
    low_max: i16,
) -> Result<Vec<Count>, Failure> {
    let rows = sqlx::query!(
        r#"select date_trunc('month', meeting_at, 'UTC') as "month!", state, count(*) as "changes!",
             count(*) filter (where risk <= $3) as "low!", count(distinct change_set_id) as "meetings!"
           from writeback.change where workspace = $1 and backfill_id = $2
           group by 1, state order by 1, state limit $4"#,
        workspace,
        id,
        low_max,
        // A change has one of thirteen states.
        MONTHS_MAX * 13
    )
    .fetch_all(scope)
    .await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    rows.into_iter()
        .map(|row| {
            Ok(Count {
                month: row.month,
                state: State::parse(&row.state).ok_or_else(|| unreadable("state"))?,
                changes: number(row.changes),
                low: number(row.low),
                meetings: number(row.meetings),
            })
        })
        .collect()
}

/// An approval of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// When the month began.
    pub month: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The approvals of a backfill.
///
/// # Errors
/// When Postgres fails.
pub async fn approvals(scope: &Scope, workspace: &str, id: Uuid) -> Result<Vec<Approval>, Failure> {
    Ok(sqlx::query_as!(
        Approval,
        "select month, approved_by as by, approved_at as at from writeback.backfill_slice
         where workspace = $1 and backfill_id = $2 order by month",
        workspace,
        id
    )
    .fetch_all(scope)
    .await?)
}

/// Approves a month as it was seen; again means what was seen later.
///
/// # Errors
/// When Postgres fails.
pub async fn approve(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    month: DateTime<Utc>,
    by: &str,
    seen_at: DateTime<Utc>,
) -> Result<(), Failure> {
    sqlx::query!(
        "insert into writeback.backfill_slice (backfill_id, workspace, month, approved_by, seen_at)
         values ($1, $2, $3, $4, $5)
         on conflict (backfill_id, month) do update set approved_by = excluded.approved_by, approved_at = now(),
           seen_at = excluded.seen_at",
        id,
        workspace,
        month,
        by,
        seen_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A change that a slice's approval means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The change.
    pub id: Uuid,
    /// Who approved the slice.
    pub by: String,
}

/// The next changes that approvals of slices mean, oldest meetings first, locked.
///
/// # Errors
/// When Postgres fails.
pub async fn next(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    low_max: i16,
    rows_max: i64,
) -> Result<Vec<Meant>, Failure> {
    Ok(sqlx::query_as!(
        Meant,
        "select c.id, s.approved_by as by from writeback.backfill_slice s
         join writeback.change c on c.workspace = $1 and c.backfill_id = $2 and c.state = 'held'
           and c.meeting_at >= s.month and c.meeting_at < (s.month at time zone 'UTC' + interval '1 month') at time zone 'UTC'
         where s.workspace = $1 and s.backfill_id = $2 and c.risk <= $3 and c.changed_at <= s.seen_at
         order by c.meeting_at, c.id limit $4 for update of c skip locked",
        workspace,
        id,
        low_max,
        rows_max
    )
    .fetch_all(connection)
    .await?)
}

/// Changes that approvals of slices mean and that are not on the queue yet.
///
/// # Errors
/// When Postgres fails.
pub async fn waiting(
    scope: &Scope,
    workspace: &str,
    id: Uuid,
    low_max: i16,
) -> Result<u64, Failure> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from writeback.backfill_slice s
           join writeback.change c on c.workspace = $1 and c.backfill_id = $2 and c.state = 'held'
             and c.meeting_at >= s.month and c.meeting_at < (s.month at time zone 'UTC' + interval '1 month') at time zone 'UTC'
           where s.workspace = $1 and s.backfill_id = $2 and c.risk <= $3 and c.changed_at <= s.seen_at"#,
        workspace,
        id,
        low_max
    )
    .fetch_one(scope)
    .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A change that an approval meant and that cannot be written: it stays in review with the reason.
///
/// # Errors
/// When Postgres fails.
pub async fn left(
    connection: &mut PgConnection,
    ids: &[Uuid],
    reasons: &[String],
) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.change c set changed_at = now(), version = c.version + 1,
           reasons = c.reasons || row.reason::jsonb
         from unnest($1::uuid[], $2::text[]) as row (id, reason) where c.id = row.id",
        ids,
        reasons
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes approved changes of a backfill off the queue, back to review: those a slice's approval meant go on by themselves
/// when the backfill does. What is on its way to Salesforce is left to the executor. Answers the sets.
///
/// # Errors
/// When Postgres fails.
pub async fn hold_back(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    rows_max: i64,
) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        "update writeback.change c set state = 'held', version = c.version + 1, decided_by = '',
           changed_at = coalesce((select least(c.changed_at, s.seen_at) from writeback.backfill_slice s
             where s.workspace = $1 and s.backfill_id = $2
               and c.meeting_at >= s.month and c.meeting_at < (s.month at time zone 'UTC' + interval '1 month') at time zone 'UTC'), now())
         where c.id in (
           select id from writeback.change where workspace = $1 and backfill_id = $2 and state = 'approved'
           limit $3 for update skip locked)
         returning c.change_set_id",
        workspace,
        id,
        rows_max
    )
    .fetch_all(connection)
    .await?)
}

/// Dismisses what of a cancelled backfill still waits; answers the sets.
///
/// # Errors
/// When Postgres fails.
pub async fn dismiss(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    by: &str,
    reason: &str,
    rows_max: i64,
) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        "update writeback.change c set state = 'dismissed', regate = false, version = c.version + 1, decided_by = $3,
           decision_reason = $4, decided_at = now(), changed_at = now()
         where c.id in (
           select id from writeback.change
           where workspace = $1 and backfill_id = $2 and state in ('proposed', 'held', 'approved')
           limit $5 for update skip locked)
         returning c.change_set_id",
        workspace,
        id,
        by,
        reason,
        rows_max
    )
    .fetch_all(connection)
    .await?)
}

/// Applied changes of a backfill, or of one month of it, that can be taken back and are not being, newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn applied(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    month: Option<(DateTime<Utc>, DateTime<Utc>)>,
    rows_max: i64,
) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        r#"select c.id from writeback.change c
           where c.workspace = $1 and c.backfill_id = $2 and c.state = 'applied'
             and ($3::timestamptz is null or c.meeting_at >= $3) and ($4::timestamptz is null or c.meeting_at < $4)
             and not c.reasons @? '$[*] ? (@.code == "already_there" || @.code == "already_created")'
             and not exists (select from writeback.change u where u.workspace = $1 and u.undoes = c.id
               and u.state in ('proposed', 'approved', 'held', 'executing', 'uncertain', 'applied'))
           order by c.meeting_at desc, c.id desc limit $5"#,
        workspace,
        id,
        month.map(|(from, _)| from),
        month.map(|(_, until)| until),
        rows_max
    )
    .fetch_all(connection)
    .await?)
}
