//! Backfills, the changes that belong to them, and what a sample of those showed.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;
use crate::domain::backfill::course::State;
use crate::domain::backfill::estimate::{Estimate, Seen};
use crate::domain::change::{self, Action};
use crate::domain::risk::Risk;

/// One backfill.
#[derive(Debug, Clone, PartialEq)]
pub struct Backfill {
    /// UUIDv7.
    pub id: Uuid,
    /// The workspace.
    pub workspace: String,
    /// For people.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// Meetings that began at this time or later,
    pub from: DateTime<Utc>,
    /// and before this one.
    pub until: DateTime<Utc>,
    /// Objects written; empty for all.
    pub objects: Vec<String>,
    /// Meetings a sample is taken of.
    pub sample_meetings_max: i32,
    /// Meetings expected; 0 when nobody said.
    pub meetings_expected: i64,
    /// What the sample showed.
    pub sample: Option<Estimate>,
    /// Who drafted it.
    pub created_by: String,
    /// Why it was cancelled; empty otherwise.
    pub cancelled_for: String,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When its state last changed.
    pub changed_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    workspace: String,
    name: String,
    state: String,
    window_from: DateTime<Utc>,
    window_until: DateTime<Utc>,
    objects: Vec<String>,
    sample_meetings_max: i32,
    meetings_expected: i64,
    sample: Option<String>,
    created_by: String,
    cancelled_for: String,
    created_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl Row {
    fn domain(self) -> Result<Backfill, Failure> {
        Ok(Backfill {
            state: State::parse(&self.state).ok_or_else(|| unreadable("state"))?,
            sample: self
                .sample
                .map(|json| serde_json::from_str(&json).map_err(|_| unreadable("sample")))
                .transpose()?,
            id: self.id,
            workspace: self.workspace,
            name: self.name,
            from: self.window_from,
            until: self.window_until,
            objects: self.objects,
            sample_meetings_max: self.sample_meetings_max,
            meetings_expected: self.meetings_expected,
            created_by: self.created_by,
            cancelled_for: self.cancelled_for,
            created_at: self.created_at,
            changed_at: self.changed_at,
        })
    }
}

/// Stores a draft; false when another backfill of the workspace is open.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(connection: &mut PgConnection, new: &Backfill) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "insert into writeback.backfill (id, workspace, name, state, window_from, window_until, objects,
           sample_meetings_max, meetings_expected, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (workspace) where state not in ('done', 'cancelled') do nothing",
        new.id,
        new.workspace,
        new.name,
        new.state.as_str(),
        new.from,
        new.until,
        &new.objects,
        new.sample_meetings_max,
        new.meetings_expected,
        new.created_by,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The newest backfills, or one by its id.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    scope: &Scope,
    workspace: &str,
    id: Option<Uuid>,
    rows_max: i64,
) -> Result<Vec<Backfill>, Failure> {
    let rows = sqlx::query_as!(
        Row,
        "select id, workspace, name, state, window_from, window_until, objects, sample_meetings_max, meetings_expected,
           sample::text as sample, created_by, cancelled_for, created_at, changed_at
         from writeback.backfill where workspace = $1 and ($2::uuid is null or id = $2) order by id desc limit $3",
        workspace,
        id,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter().map(Row::domain).collect()
}

/// One backfill, locked until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
) -> Result<Option<Backfill>, Failure> {
    let row = sqlx::query_as!(
        Row,
        "select id, workspace, name, state, window_from, window_until, objects, sample_meetings_max, meetings_expected,
           sample::text as sample, created_by, cancelled_for, created_at, changed_at
         from writeback.backfill where workspace = $1 and id = $2 for update",
        workspace,
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::domain).transpose()
}

/// Takes one backfill that has to be looked after, under a lease that frees it again when this process dies.
///
/// # Errors
/// When Postgres fails.
pub async fn take(scope: &Scope, lease_s: f64) -> Result<Option<Backfill>, Failure> {
    let row = sqlx::query_as!(
        Row,
        "update writeback.backfill set lease_until = now() + make_interval(secs => $1)
         where id = (
           select id from writeback.backfill
           where not settled and state <> 'draft' and coalesce(lease_until, '-infinity') <= now()
           order by lease_until nulls first limit 1 for update skip locked)
         returning id, workspace, name, state, window_from, window_until, objects, sample_meetings_max,
           meetings_expected, sample::text as sample, created_by, cancelled_for, created_at, changed_at",
        lease_s
    )
    .fetch_optional(scope)
    .await?;
    row.map(Row::domain).transpose()
}

/// Moves a backfill, unless it was moved meanwhile.
///
/// # Errors
/// When Postgres fails.
pub async fn set_state(
    connection: &mut PgConnection,
    backfill: &Backfill,
    state: State,
    cancelled_for: &str,
) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update writeback.backfill set state = $4, cancelled_for = $5, changed_at = now(), lease_until = null
         where workspace = $1 and id = $2 and state = $3",
        backfill.workspace,
        backfill.id,
        backfill.state.as_str(),
        state.as_str(),
        cancelled_for
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Lets a backfill go, to be looked at again after so many seconds.
///
/// # Errors
/// When Postgres fails.
pub async fn let_go(scope: &Scope, backfill: &Backfill, again_in_s: f64) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.backfill set lease_until = now() + make_interval(secs => $3) where workspace = $1 and id = $2",
        backfill.workspace,
        backfill.id,
        again_in_s
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Nothing of it waits any more.
///
/// # Errors
/// When Postgres fails.
pub async fn settled(scope: &Scope, backfill: &Backfill) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.backfill set settled = true where workspace = $1 and id = $2 and state in ('done', 'cancelled')",
        backfill.workspace,
        backfill.id
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Keeps what a sample showed: it waits for a person now.
///
/// # Errors
/// When Postgres fails.
pub async fn sampled(scope: &Scope, backfill: &Backfill, found: &Estimate) -> Result<(), Failure> {
    let json = serde_json::to_string(found).expect("an estimate always serialises");
    sqlx::query!(
        "update writeback.backfill set sample = $3::text::jsonb, state = 'ready_for_review', changed_at = now(),
           lease_until = null
         where workspace = $1 and id = $2 and state = 'sampling'",
        backfill.workspace,
        backfill.id,
        json
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Gives history of the window that belongs to no backfill to this one, at most `rows_max` changes.
///
/// # Errors
/// When Postgres fails.
pub async fn adopt(scope: &Scope, backfill: &Backfill, rows_max: i64) -> Result<u64, Failure> {
    let done = sqlx::query!(
        "update writeback.change set backfill_id = $2 where id in (
           select id from writeback.change
           where workspace = $1 and priority = 2 and backfill_id is null and meeting_at >= $3 and meeting_at < $4
             and (cardinality($5::text[]) = 0 or object = any($5))
           order by meeting_at limit $6 for update skip locked)",
        backfill.workspace,
        backfill.id,
        backfill.from,
        backfill.until,
        &backfill.objects,
        rows_max
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected())
}

/// How many meetings belong to a backfill, and for how long none has been added, in seconds.
///
/// # Errors
/// When Postgres fails.
pub async fn arrived(scope: &Scope, backfill: &Backfill) -> Result<(u64, f64), Failure> {
    let row = sqlx::query!(
        r#"select count(distinct change_set_id) as "meetings!",
             coalesce(extract(epoch from now() - max(proposed_at)), 0)::double precision as "quiet_s!"
           from writeback.change where workspace = $1 and backfill_id = $2"#,
        backfill.workspace,
        backfill.id
    )
    .fetch_one(scope)
    .await?;
    Ok((u64::try_from(row.meetings).unwrap_or(0), row.quiet_s))
}

/// The changes of a sample of meetings, spread over the window, and how many meetings those are.
///
/// # Errors
/// When Postgres fails.
pub async fn sample(scope: &Scope, backfill: &Backfill) -> Result<(u64, Vec<Seen>), Failure> {
    let rows = sqlx::query!(
        // The last digits of an id are random: any of them is as good as another, and the same each time.
        r#"with meetings as materialized (
             select change_set_id from writeback.change where workspace = $1 and backfill_id = $2
             group by change_set_id order by right(change_set_id::text, 12) limit $3)
           select c.change_set_id, c.action, c.state, c.confidence, c.risk, c.meeting_at
           from meetings join writeback.change c using (change_set_id)
           where c.workspace = $1 and c.backfill_id = $2"#,
        backfill.workspace,
        backfill.id,
        i64::from(backfill.sample_meetings_max)
    )
    .fetch_all(scope)
    .await?;
    let mut meetings: Vec<Uuid> = rows.iter().map(|row| row.change_set_id).collect();
    meetings.sort_unstable();
    meetings.dedup();
    let seen: Result<Vec<Seen>, Failure> = rows
        .into_iter()
        .map(|row| {
            Ok(Seen {
                action: Action::parse(&row.action).ok_or_else(|| unreadable("action"))?,
                state: change::State::parse(&row.state).ok_or_else(|| unreadable("state"))?,
                confidence: row.confidence,
                risk: Risk::from_score(row.risk),
                meeting_at: row.meeting_at,
            })
        })
        .collect();
    Ok((u64::try_from(meetings.len()).unwrap_or(0), seen?))
}

/// Changes of a backfill by state, with how many of them a slice's approval put on the queue.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(
    scope: &Scope,
    workspace: &str,
    id: Uuid,
) -> Result<Vec<(change::State, u64)>, Failure> {
    let rows = sqlx::query!(
        r#"select state, count(*) as "changes!" from writeback.change
           where workspace = $1 and backfill_id = $2 group by state order by state"#,
        workspace,
        id
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = change::State::parse(&row.state).ok_or_else(|| unreadable("state"))?;
            Ok((state, u64::try_from(row.changes).unwrap_or(0)))
        })
        .collect()
}

/// Changes of a backfill written in the last hour.
///
/// # Errors
/// When Postgres fails.
pub async fn written_last_hour(scope: &Scope, workspace: &str, id: Uuid) -> Result<u64, Failure> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from writeback.change
           where workspace = $1 and backfill_id = $2 and state = 'applied' and changed_at > now() - interval '1 hour'"#,
        workspace,
        id
    )
    .fetch_one(scope)
    .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What is on the executor's queue of a workspace: history, and everything else; each counted up to 1,000.
///
/// # Errors
/// When Postgres fails.
pub async fn queued(scope: &Scope, workspace: &str) -> Result<(u64, u64), Failure> {
    let row = sqlx::query!(
        r#"select count(*) filter (where priority = 2) as "history!", count(*) filter (where priority < 2) as "others!"
           from (
             (select priority from writeback.change where workspace = $1 and priority = 2
                and state in ('approved', 'executing', 'uncertain') limit 1000)
             union all
             (select priority from writeback.change where workspace = $1 and priority < 2
                and state in ('approved', 'executing', 'uncertain') limit 1000)) waiting"#,
        workspace
    )
    .fetch_one(scope)
    .await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok((number(row.history), number(row.others)))
}
