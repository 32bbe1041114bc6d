//! Sync runs: asked for, claimed under a fenced lease, ended.
//!
//! A claim raises the run's fence. Every later write of the claimant names it, so that a replica which lost its lease
//! (a long pause, a lost database) cannot write into a run another replica has taken over.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::unreadable;
use crate::domain::run::{Kind, Run, State};

/// A run this process works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The run.
    pub id: Uuid,
    /// Its workspace.
    pub workspace: String,
    /// What it reads.
    pub kind: Kind,
    /// Names this claim in every write.
    pub fence: i64,
    /// Calls used by earlier attempts.
    pub api_calls: i64,
    /// The full load an earlier attempt began.
    pub load_generation: Option<i64>,
    /// The trace of whoever asked.
    pub traceparent: Option<String>,
}

struct Row {
    id: Uuid,
    workspace: String,
    kind: String,
    state: String,
    api_calls: i64,
    items: i64,
    error: String,
    notes: Vec<String>,
    requested_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    step: String,
    items_expected: i64,
}

impl Row {
    fn run(self) -> Result<Run, sqlx::Error> {
        let mut lines = self.notes;
        if !self.error.is_empty() {
            lines.insert(0, self.error);
        }
        Ok(Run {
            id: self.id,
            workspace: self.workspace,
            kind: Kind::parse(&self.kind).ok_or_else(|| unreadable("run kind"))?,
            state: State::parse(&self.state).ok_or_else(|| unreadable("run state"))?,
            api_calls: self.api_calls,
            items: self.items,
            error: lines.join("; "),
            requested_at: self.requested_at,
            ended_at: self.ended_at,
            step: self.step,
            items_expected: self.items_expected,
        })
    }
}

/// Asks for a run; when one of its kind waits already, nothing is added.
///
/// # Errors
/// When Postgres fails.
pub async fn ask(
    connection: &mut PgConnection,
    workspace: &str,
    kind: Kind,
    by: &str,
    traceparent: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into metadata_sync.sync_run (id, workspace, kind, lane, state, requested_by, traceparent)
         values ($1, $2, $3, $4, 'queued', $5, $6)
         on conflict (workspace, kind) where state = 'queued' do nothing",
        Uuid::now_v7(),
        workspace,
        kind.as_str(),
        kind.lane(),
        by,
        traceparent
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The queued run of a kind.
///
/// # Errors
/// When Postgres fails.
pub async fn queued(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    kind: Kind,
) -> Result<Option<Run>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, workspace, kind, state, api_calls, items, error, notes, requested_at, ended_at, step, items_expected
         from metadata_sync.sync_run where workspace = $1 and kind = $2 and state = 'queued'",
        workspace,
        kind.as_str()
    )
    .fetch_optional(executor)
    .await?
    .map(Row::run)
    .transpose()
}

/// The running run of a kind.
///
/// # Errors
/// When Postgres fails.
pub async fn running(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    kind: Kind,
) -> Result<Option<Run>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, workspace, kind, state, api_calls, items, error, notes, requested_at, ended_at, step, items_expected
         from metadata_sync.sync_run where workspace = $1 and kind = $2 and state = 'running'",
        workspace,
        kind.as_str()
    )
    .fetch_optional(executor)
    .await?
    .map(Row::run)
    .transpose()
}

/// The newest runs.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<Run>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, workspace, kind, state, api_calls, items, error, notes, requested_at, ended_at, step, items_expected
         from metadata_sync.sync_run where workspace = $1 order by requested_at desc, id desc limit $2",
        workspace,
        rows_max
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::run)
    .collect()
}

/// Takes the oldest run that may start, or one whose claimant fell silent. Records wait for the schema of their
/// workspace, which says what may be selected.
///
/// # Errors
/// When Postgres fails.
pub async fn claim(
    executor: impl PgExecutor<'_>,
    lease_s: f64,
) -> Result<Option<Claim>, sqlx::Error> {
    let claimed = sqlx::query!(
        "update metadata_sync.sync_run set
            state = 'running', fence = fence + 1, lease_until = now() + make_interval(secs => $1),
            started_at = coalesce(started_at, now())
         where id = (
            select run.id from metadata_sync.sync_run as run
            join metadata_sync.workspace as known on known.workspace = run.workspace
            where known.connected and (
                (run.state = 'running' and run.lease_until < now())
                or (run.state = 'queued' and not exists (
                    select 1 from metadata_sync.sync_run as other
                    where other.workspace = run.workspace and other.lane = run.lane and other.state = 'running')))
              and (run.lane = 'schema' or not exists (
                    select 1 from metadata_sync.sync_run as first
                    where first.workspace = run.workspace and first.lane = 'schema' and first.state in ('queued', 'running')))
            order by run.requested_at, run.id limit 1 for update of run skip locked)
         returning id, workspace, kind, fence, api_calls, load_generation, traceparent",
        lease_s
    )
    .fetch_optional(executor)
    .await;
    let claimed = match claimed {
        Ok(claimed) => claimed,
        // Two replicas reached for two runs of one lane: the other was faster.
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("sync_run_running") => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    claimed
        .map(|row| {
            Ok(Claim {
                id: row.id,
                workspace: row.workspace,
                kind: Kind::parse(&row.kind).ok_or_else(|| unreadable("run kind"))?,
                fence: row.fence,
                api_calls: row.api_calls,
                load_generation: row.load_generation,
                traceparent: row.traceparent,
            })
        })
        .transpose()
}

/// Keeps a claim alive and records progress; false when it was lost.
///
/// # Errors
/// When Postgres fails.
pub async fn renew(
    executor: impl PgExecutor<'_>,
    claim: &Claim,
    lease_s: f64,
    api_calls: i64,
    items: i64,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update metadata_sync.sync_run set
            lease_until = now() + make_interval(secs => $3), api_calls = greatest(api_calls, $4), items = items + $5
         where id = $1 and fence = $2 and state = 'running'",
        claim.id,
        claim.fence,
        lease_s,
        api_calls,
        items
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the full load a run began.
///
/// # Errors
/// When Postgres fails.
pub async fn set_load_generation(
    connection: &mut PgConnection,
    claim: &Claim,
    generation: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.sync_run set load_generation = $3 where id = $1 and fence = $2",
        claim.id,
        claim.fence,
        generation
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says what a run does now and how many items it expects in all, for whoever watches.
///
/// # Errors
/// When Postgres fails.
pub async fn set_step(
    executor: impl PgExecutor<'_>,
    claim: &Claim,
    step: &str,
    items_expected: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.sync_run set step = $3, items_expected = greatest(items_expected, $4)
         where id = $1 and fence = $2 and state = 'running'",
        claim.id,
        claim.fence,
        step,
        items_expected
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Calls made by the other runs of a workspace in the last 24 hours.
///
/// # Errors
/// When Postgres fails.
pub async fn calls_of_others(
    executor: impl PgExecutor<'_>,
    claim: &Claim,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(api_calls), 0)::bigint as "calls!" from metadata_sync.sync_run
           where workspace = $1 and id <> $2 and coalesce(ended_at, now()) > now() - interval '24 hours'"#,
        claim.workspace,
        claim.id
    )
    .fetch_one(executor)
    .await
}

/// Ends a claim; false when it was lost before.
///
/// # Errors
/// When Postgres fails.
pub async fn end(
    connection: &mut PgConnection,
    claim: &Claim,
    api_calls: i64,
    error: Option<&str>,
    notes: &[String],
) -> Result<bool, sqlx::Error> {
    let state = if error.is_some() { "failed" } else { "done" };
    let done = sqlx::query!(
        "update metadata_sync.sync_run set
            state = $3, error = $4, notes = $5, api_calls = greatest(api_calls, $6), ended_at = now(), lease_until = null, step = ''
         where id = $1 and fence = $2 and state = 'running'",
        claim.id,
        claim.fence,
        state,
        error.unwrap_or_default(),
        notes,
        api_calls
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a claim back at once, so that a stopping process does not make its run wait for the lease to end.
///
/// # Errors
/// When Postgres fails.
pub async fn release(executor: impl PgExecutor<'_>, claim: &Claim) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.sync_run set lease_until = now() where id = $1 and fence = $2 and state = 'running'",
        claim.id,
        claim.fence
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets runs that ended more than `days` ago, at most `rows_max`.
///
/// # Errors
/// When Postgres fails.
pub async fn prune(
    executor: impl PgExecutor<'_>,
    days: i32,
    rows_max: i64,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from metadata_sync.sync_run where id = any(array(
            select id from metadata_sync.sync_run where ended_at < now() - make_interval(days => $1) limit $2))",
        days,
        rows_max
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}
