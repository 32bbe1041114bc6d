//! Claims due runs and works on them, in every replica alike.
//!
//! A run belongs to whoever holds its lease; a process that stops gives it back, one that dies loses it when the lease
//! ends, and the next one goes on where the last commit was.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::{CancellationToken, Cause, Db, Failure, Scope, backoff};
use events::WorkspaceId;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{SELF, now};
use crate::adapters::org::Reader;
use crate::adapters::orgs::Orgs;
use crate::adapters::writeback::Writeback;
use crate::app::{access, sync_records, sync_schema};
use crate::config::SyncOptions;
use crate::domain::run::Kind;
use crate::domain::schedule;
use crate::store::run::Claim;
use crate::store::workspace::Workspace;
use crate::store::{run, workspace};
use crate::telemetry::Telemetry;

/// Workspaces whose due runs are queued in one transaction.
const DUE_ROWS_MAX: i64 = 100;
/// Finished runs forgotten in one statement.
const PRUNE_ROWS_MAX: i64 = 10_000;
/// How often finished runs are forgotten, in seconds.
const PRUNE_S: u64 = 3_600;
/// Salesforce's code for a user without API Enabled, and for an org whose edition has no API.
const API_DISABLED: &str = "API_DISABLED_FOR_ORG";
/// Renewals within one lease: two may fail before it ends.
const RENEWALS: f64 = 3.0;
/// Longest error text kept of a run, in characters.
const ERROR_CHARACTERS_MAX: usize = 1_000;
/// Notes kept of a run.
const NOTES_MAX: usize = 50;

/// Why a run stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// Somebody else works on it now.
    Lost,
    /// For a person: what has to change, or what is waited for.
    Failed(String),
    /// The org did not answer, or refused.
    Org(salesforce::Error),
    /// Postgres failed.
    Store(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<salesforce::Error> for Stop {
    fn from(error: salesforce::Error) -> Self {
        Self::Org(error)
    }
}

/// An error with everything that led to it.
fn chain(error: &salesforce::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// What a run works with.
pub struct Work {
    /// The database.
    pub db: Db,
    /// Limits.
    pub options: SyncOptions,
    /// The claimed run.
    pub claim: Claim,
    /// Its workspace.
    pub id: WorkspaceId,
    /// The workspace as it was when the run began.
    pub workspace: Workspace,
    /// The org.
    pub reader: Reader,
    /// Which pipelines are written to.
    pub writeback: Writeback,
    /// When this process took the run up.
    pub began: Instant,
    /// Calls the workspace's other runs made in the last 24 hours.
    pub calls_of_others: i64,
}

impl Work {
    /// The rows of its workspace.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.db.workspace(&self.id)
    }

    /// Renews the lease inside a transaction and counts `items`: a run that was taken over must not write.
    ///
    /// # Errors
    /// [`Stop::Lost`] when it was.
    pub async fn still_ours(
        &self,
        connection: &mut sqlx::PgConnection,
        items: usize,
    ) -> Result<(), Stop> {
        let items = i64::try_from(items).unwrap_or(i64::MAX);
        let lease_s = lease_s(&self.options);
        match run::renew(connection, &self.claim, lease_s, self.reader.calls(), items).await? {
            true => Ok(()),
            false => Err(Stop::Lost),
        }
    }

    /// Says what the run does now, for whoever watches.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn step(&self, step: &str, items_expected: u64) -> Result<(), Stop> {
        let expected = i64::try_from(items_expected).unwrap_or(i64::MAX);
        Ok(run::set_step(&self.scope(), &self.claim, step, expected).await?)
    }

    /// Stops background work before it takes the calls that live work and other integrations need.
    ///
    /// # Errors
    /// When the org's allowance is nearly used.
    pub fn within_budget(&self) -> Result<(), Stop> {
        let percent_max = self.options.sync_api_usage_percent_max;
        match self.reader.usage() {
            Some(usage)
                if usage.used.saturating_mul(100) >= usage.max.saturating_mul(percent_max)
                    && usage.max > 0 =>
            {
                Err(Stop::Failed(format!(
                    "the org has used {} of its {} daily API calls; reading goes on below {percent_max} percent",
                    usage.used, usage.max
                )))
            }
            // Reading must not be what fills the org's day: the workspace has a share of it.
            Some(usage)
                if usage.max > 0
                    && self.calls_of_day().saturating_mul(100)
                        >= usage
                            .max
                            .saturating_mul(self.options.sync_api_share_percent_max) =>
            {
                Err(Stop::Failed(format!(
                    "reading has used {} of the org's {} daily API calls in 24 hours; its share is {} percent, and it goes on when there is room again",
                    self.calls_of_day(),
                    usage.max,
                    self.options.sync_api_share_percent_max
                )))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn calls_of_day(&self) -> u64 {
        self.calls_of_others
            .saturating_add(self.reader.calls())
            .unsigned_abs()
    }
}

fn lease_s(options: &SyncOptions) -> f64 {
    options.sync_lease_s as f64
}

/// Works on runs.
pub struct Runner {
    db: Db,
    orgs: Orgs,
    writeback: Writeback,
    options: SyncOptions,
    telemetry: Telemetry,
    wake: Arc<Notify>,
}

impl Runner {
    /// A runner that looks for runs when `wake` says so, and every `sync_poll_ms`.
    #[must_use]
    pub fn new(
        db: Db,
        orgs: Orgs,
        writeback: Writeback,
        options: SyncOptions,
        telemetry: Telemetry,
        wake: Arc<Notify>,
    ) -> Self {
        Self {
            db,
            orgs,
            writeback,
            options,
            telemetry,
            wake,
        }
    }

    /// Works until `stop`.
    ///
    /// # Errors
    /// Never; trouble is logged and tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let poll = Duration::from_millis(self.options.sync_poll_ms);
        let runner = Arc::new(self);
        let mut tasks = JoinSet::new();
        let mut prune = tokio::time::interval(Duration::from_secs(PRUNE_S));
        while !stop.is_cancelled() {
            if let Err(failure) = runner.start_due(&mut tasks, &stop).await {
                tracing::warn!(error = failure.chain(), "runs cannot be claimed");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = runner.wake.notified() => {}
                () = tokio::time::sleep(poll) => {}
                Some(ended) = tasks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a run panicked; it is taken up again when its lease ends");
                    }
                }
                _ = prune.tick() => runner.prune().await,
            }
        }
        while tasks.join_next().await.is_some() {}
        Ok(())
    }

    async fn start_due(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        self.queue_due().await?;
        while tasks.len() < usize::try_from(self.options.sync_runs_max).unwrap_or(usize::MAX) {
            // The oldest run of any workspace; the work on it is its workspace's only.
            let all = self.db.all_workspaces();
            let Some(claim) = run::claim(&all, lease_s(&self.options)).await? else {
                break;
            };
            let span = tracing::info_span!("sync run", workspace = claim.workspace, run.id = %claim.id, run.kind = claim.kind.as_str());
            Cause::restored(claim.traceparent.clone(), None).adopt(&span);
            let (runner, stop) = (Arc::clone(self), stop.clone());
            tasks.spawn(async move { runner.work(claim, stop).await }.instrument(span));
        }
        Ok(())
    }

    /// Queues what the schedule says is due.
    async fn queue_due(&self) -> Result<(), Failure> {
        let moment = now();
        // The schedule is one for all workspaces.
        let mut unit = self.db.all_workspaces().begin().await?;
        let due = workspace::due(unit.connection(), moment, DUE_ROWS_MAX).await?;
        if due.is_empty() {
            return Ok(());
        }
        let options = &self.options;
        for due in due {
            let connection = unit.connection();
            if due.schema {
                run::ask(connection, &due.workspace, Kind::Schema, SELF, None).await?;
            }
            if due.records {
                run::ask(connection, &due.workspace, Kind::Records, SELF, None).await?;
            }
            let schema =
                schedule::next_due(moment, options.sync_schema_interval_s, backoff::jitter());
            let records =
                schedule::next_due(moment, options.sync_records_interval_s, backoff::jitter());
            let (schema, records) = (due.schema.then_some(schema), due.records.then_some(records));
            workspace::set_due(connection, &due.workspace, schema, records).await?;
        }
        unit.commit().await
    }

    async fn work(&self, claim: Claim, stop: CancellationToken) {
        let ended = self.try_work(&claim, &stop).await;
        if let Err(failure) = ended {
            tracing::warn!(
                error = failure.chain(),
                "a run was interrupted; it is taken up again when its lease ends"
            );
        }
        // Whatever waited for this run may start now.
        self.wake.notify_one();
    }

    async fn try_work(&self, claim: &Claim, stop: &CancellationToken) -> Result<(), Failure> {
        let unknown = || Failure::transient("the run's workspace is not known");
        let id: WorkspaceId = claim.workspace.parse().map_err(|_| unknown())?;
        let scope = self.db.workspace(&id);
        let workspace = workspace::load(&scope, &claim.workspace)
            .await?
            .ok_or_else(unknown)?;
        let org = self.orgs.of(&id, workspace.epoch);
        let calls_of_others = run::calls_of_others(&scope, claim).await?;
        let work = Work {
            db: self.db.clone(),
            options: self.options.clone(),
            claim: claim.clone(),
            id,
            workspace,
            reader: Reader::new(org, self.options.sync_page_rows, claim.api_calls),
            writeback: self.writeback.clone(),
            began: Instant::now(),
            calls_of_others,
        };
        let outcome = tokio::select! {
            outcome = execute(&work) => outcome,
            () = self.keep(&work) => Err(Stop::Lost),
            () = stop.cancelled() => {
                run::release(&scope, claim).await?;
                return Ok(());
            }
        };
        match outcome {
            Ok(notes) => self.end(&work, None, &notes).await,
            Err(Stop::Failed(error)) => self.end(&work, Some(error), &[]).await,
            Err(Stop::Org(error)) => {
                self.noticed(&work, &error).await;
                self.end(&work, Some(chain(&error)), &[]).await
            }
            Err(Stop::Lost) => {
                tracing::warn!("another process has taken the run over");
                Ok(())
            }
            Err(Stop::Store(Failure::Permanent { code, reason })) => {
                self.end(&work, Some(format!("{code}: {reason}")), &[])
                    .await
            }
            // Postgres is away: the lease ends by itself, and the run goes on from its last commit.
            Err(Stop::Store(failure)) => Err(failure),
        }
    }

    /// An error that is about the connection as a whole is told to auth, which suspends it before a write meets it.
    async fn noticed(&self, work: &Work, error: &salesforce::Error) {
        let epoch = work.workspace.epoch;
        self.orgs.report(&work.id, epoch, error).await;
        if error.access_problem() != Some(API_DISABLED) {
            return;
        }
        if let Err(stop) = access::api_disabled(work).await {
            tracing::warn!(
                ?stop,
                "the access review could not note that the API is disabled"
            );
        }
    }

    /// Returns when the lease was lost. A failed renewal is no loss yet: the lease outlives two of them.
    async fn keep(&self, work: &Work) {
        let lease_s = lease_s(&self.options);
        let scope = work.scope();
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(lease_s / RENEWALS));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match run::renew(&scope, &work.claim, lease_s, work.reader.calls(), 0).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "the lease of a run was not renewed"),
            }
        }
    }

    async fn end(
        &self,
        work: &Work,
        error: Option<String>,
        notes: &[String],
    ) -> Result<(), Failure> {
        let claim = &work.claim;
        let error = error.map(|text| clean(&text));
        let notes: Vec<String> = notes
            .iter()
            .take(NOTES_MAX)
            .map(|note| clean(note))
            .collect();
        let mut unit = work.scope().begin().await?;
        let calls = work.reader.calls();
        if !run::end(unit.connection(), claim, calls, error.as_deref(), &notes).await? {
            return Ok(());
        }
        let lane = claim.kind.lane();
        let failures = match (&error, lane) {
            (None, _) => 0,
            (Some(_), "schema") => work.workspace.schema_failures.saturating_add(1),
            (Some(_), _) => work.workspace.records_failures.saturating_add(1),
        };
        workspace::set_failures(unit.connection(), &claim.workspace, lane, failures).await?;
        if error.is_some() {
            let interval_s = match claim.kind {
                Kind::Schema => self.options.sync_schema_interval_s,
                Kind::Records | Kind::RecordsFull => self.options.sync_records_interval_s,
            };
            let due = schedule::retry_due(
                now(),
                interval_s,
                failures.unsigned_abs(),
                backoff::jitter(),
            );
            let (schema, records) = if lane == "schema" {
                (Some(due), None)
            } else {
                (None, Some(due))
            };
            workspace::set_due(unit.connection(), &claim.workspace, schema, records).await?;
        }
        unit.commit().await?;
        let seconds = work.began.elapsed().as_secs_f64();
        let made = calls.saturating_sub(claim.api_calls).unsigned_abs();
        self.telemetry.ended(
            &claim.workspace,
            claim.kind,
            error.is_none(),
            seconds,
            made,
            now(),
        );
        if let Some(usage) = work.reader.usage() {
            self.telemetry.api_usage(&claim.workspace, usage.ratio());
        }
        match error {
            None => tracing::info!(run.api_calls = calls, notes = notes.join("; "), "run done"),
            Some(error) => tracing::warn!(run.api_calls = calls, error, failures, "run failed"),
        }
        Ok(())
    }

    async fn prune(&self) {
        let days = i32::try_from(self.options.sync_run_retention_days).unwrap_or(i32::MAX);
        // Age is the same for all workspaces.
        let all = self.db.all_workspaces();
        if let Err(error) = run::prune(&all, days, PRUNE_ROWS_MAX).await {
            tracing::warn!(%error, "finished runs were not forgotten");
        }
    }
}

async fn execute(work: &Work) -> Result<Vec<String>, Stop> {
    match work.claim.kind {
        Kind::Schema => sync_schema::run(work).await,
        Kind::Records | Kind::RecordsFull => sync_records::run(work).await,
    }
}

/// Postgres stores no NUL, and nobody reads more.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '\0')
        .take(ERROR_CHARACTERS_MAX)
        .collect()
}
