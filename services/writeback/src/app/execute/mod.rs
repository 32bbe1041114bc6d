//! The executor: takes lanes under a fenced lease, looks, records its intent, writes, reads back, records the result.
//!
//! ```text
//! claim -> load -> look (lost answers) -> read again (baselines) -> intend -> call -> read back -> settle + release
//!          `------------------ no transaction is open while Salesforce is called ------------------'
//! ```
//!
//! A crash anywhere leaves a lease that ends and, perhaps, an intent without a result: whoever claims the lane next
//! looks before it repeats anything.

mod call;
mod creations;
mod foretell;
mod gone;
mod lookup;
mod prepare;
mod saved_by;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use chassis::{CancellationToken, Cause, Db, Failure, backoff};
use chrono::Utc;
use tokio::sync::Mutex;
use tracing::Instrument;

use super::wake::Wake;
use crate::adapters::answers;
use crate::adapters::orgs::Orgs;
use crate::config::Options;
use crate::domain::batching;
use crate::domain::change::{Queued, State};
use crate::domain::confirmed::Standing;
use crate::domain::outcome;
use crate::domain::settings::Settings;
use crate::store::queue::{self, Claim};
use crate::store::settings::SettingsCache;
use crate::store::usage::{self, Spent};
use crate::store::workspace_id;
use crate::telemetry::Telemetry;

use settle::Round;

/// What the org moved under waits so long before it is looked at again, in milliseconds: about what a read of it takes.
const SCHEMA_MS: i64 = 1_000;

/// Time between two looks at how full the next request would be, in milliseconds.
const GATHER_POLL_MS: u64 = 50;

/// The executor of one process. Cheap to clone: each worker has one.
#[derive(Clone)]
pub struct Executor {
    db: Db,
    orgs: Orgs,
    settings: SettingsCache,
    wake: Wake,
    options: Arc<Options>,
    telemetry: Telemetry,
    /// Lanes of the newest claim. Held while a worker gathers and claims, so that under load the workers of a process
    /// take full batches in turn instead of sharing each handful.
    turn: Arc<Mutex<usize>>,
}

impl Executor {
    /// Over the service's parts.
    #[must_use]
    pub fn new(
        db: Db,
        orgs: Orgs,
        settings: SettingsCache,
        wake: Wake,
        options: Arc<Options>,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            db,
            orgs,
            settings,
            wake,
            options,
            telemetry,
            turn: Arc::default(),
        }
    }

    /// Works until told to stop; a batch in hand is finished.
    ///
    /// # Errors
    /// Never; a failure is logged and the work tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let poll = Duration::from_millis(self.options.executor_poll_ms);
        while !stop.is_cancelled() {
            let lanes = match self.step().await {
                Ok(lanes) => lanes,
                Err(failure) => {
                    tracing::warn!(
                        error = failure.chain(),
                        "a batch of changes was given up; its lease ends by itself"
                    );
                    0
                }
            };
            if lanes == 0 {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = self.wake.executor_woken() => {}
                    () = tokio::time::sleep(poll) => {}
                }
            }
        }
        Ok(())
    }

    /// Takes and works on one batch; answers how many lanes it had.
    ///
    /// # Errors
    /// When Postgres fails, or the lanes were lost to another worker.
    pub async fn step(&self) -> Result<usize, Failure> {
        let lanes_max = i64::try_from(self.options.executor_lanes_max).unwrap_or(i64::MAX);
        let lease_s = f64::from(self.options.executor_lease_s);
        let mut before = self.turn.lock().await;
        self.gather(*before, lanes_max).await?;
        // Whose lanes are ready is not known before; all that follows is about the one workspace claimed.
        let claim = queue::claim(&self.db.all_workspaces(), lanes_max, lease_s).await?;
        *before = claim.as_ref().map_or(0, |claim| claim.lanes.len());
        drop(before);
        let Some(claim) = claim else {
            return Ok(0);
        };
        if claim.lanes.len() == self.options.executor_lanes_max {
            // More is likely waiting: another worker goes on with it at once.
            self.wake.executor();
        }
        let changes = queue::load(&claim.scope(&self.db)?, &claim).await?;
        let span = tracing::info_span!(
            "execute",
            workspace.id = claim.workspace,
            lanes = claim.lanes.len(),
            changes = changes.len(),
        );
        // The batch continues the trace of its first change; the others are tied to theirs when they are settled.
        let first = changes.iter().find_map(|change| change.traceparent.clone());
        Cause::restored(first, None).adopt(&span);
        let lanes = claim.lanes.len();
        tokio::select! {
            done = self.work(&claim, changes).instrument(span) => done?,
            lost = self.keep(&claim) => return Err(lost),
        }
        Ok(lanes)
    }

    /// Under load, waits until a request would be full, at most for the linger.
    async fn gather(&self, lanes_before: usize, lanes_max: i64) -> Result<(), Failure> {
        let options = &self.options;
        let mut left_ms = batching::linger_ms(
            lanes_before,
            options.executor_lanes_max,
            options.executor_linger_ms,
        );
        while left_ms > 0 {
            let pause_ms = left_ms.min(GATHER_POLL_MS);
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            left_ms -= pause_ms;
            // Counted over all workspaces, as they are claimed.
            let all = self.db.all_workspaces();
            if queue::ready(&all, lanes_max).await? >= options.executor_lanes_max {
                break;
            }
        }
        Ok(())
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, claim: &Claim) -> Failure {
        let lease_s = f64::from(self.options.executor_lease_s);
        let scope = match claim.scope(&self.db) {
            Ok(scope) => scope,
            Err(failure) => return failure,
        };
        loop {
            tokio::time::sleep(Duration::from_secs_f64(lease_s / 3.0)).await;
            match queue::renew(&scope, claim, lease_s).await {
                Ok(true) => {}
                Ok(false) => {
                    return Failure::transient(
                        "another worker took over lanes whose lease had ended",
                    );
                }
                // Two more tries fit into the lease; the fence refuses whatever comes too late.
                Err(failure) => {
                    tracing::warn!(error = failure.chain(), "a lease could not be renewed")
                }
            }
        }
    }

    async fn work(&self, claim: &Claim, changes: Vec<Queued>) -> Result<(), Failure> {
        let now = Utc::now();
        let mut due = due(changes, now);
        if due.is_empty() {
            return self.release(claim).await;
        }
        let scope = claim.scope(&self.db)?;
        let budget = usage::budget(&scope, &claim.workspace).await?;
        if budget.is_spent(self.options.api_budget_share) {
            let until = now + chrono::TimeDelta::minutes(15);
            return self
                .pause(
                    claim,
                    until,
                    "our share of the org's daily API calls is spent",
                    0,
                )
                .await;
        }
        let workspace = workspace_id(&claim.workspace)?;
        let settings = self.settings.one(&claim.workspace).await?;
        let org = self.orgs.of(&workspace, settings.connection.epoch);
        let mut round = Round::new(now, Arc::clone(&settings));
        let lost: Vec<Queued> = extract(&mut due, |change| change.state != State::Approved);
        let worked = async {
            lookup::look(&scope, &org, &settings, lost, &mut round).await?;
            let prepared = prepare::prepare(&scope, &org, &settings, due, &mut round);
            // Asked beside the reads, so that it costs no time.
            let (prepared, told) = tokio::join!(prepared, self.orgs.confirm_schema(&workspace));
            round.spent.calls += told.calls;
            let (ready, present) = prepared?;
            let standing = told.against(&settings.schema_versions, settings.mapping_standing());
            if standing == Standing::Moved {
                for change in ready {
                    round.wait(&change, SCHEMA_MS);
                }
                return Ok(());
            }
            let target = Target {
                org: &org,
                settings: &settings,
                present: &present,
            };
            self.write(claim, target, ready, &mut round).await
        }
        .await;
        round.spent.org = org.usage().map(|usage| (usage.used, usage.max));
        match worked {
            Ok(()) => {}
            Err(Trouble::Store(failure)) => return Err(failure),
            Err(Trouble::Org(error)) => {
                self.orgs.report(&workspace, &error).await;
                round.trouble(&answers::failure(&error), &answers::chain(&error));
            }
        }
        let doubts = round.doubts_the_schema();
        settle::settle(&self.db, claim, round, self.jitter(), &self.telemetry).await?;
        if doubts {
            // Later changes are held by what it finds, instead of running into the same refusal.
            self.orgs.review_access(&workspace).await;
        }
        Ok(())
    }

    fn jitter(&self) -> f64 {
        backoff::jitter()
    }

    async fn release(&self, claim: &Claim) -> Result<(), Failure> {
        let mut unit = claim.scope(&self.db)?.begin().await?;
        queue::release(unit.connection(), claim).await?;
        unit.commit().await
    }

    async fn pause(
        &self,
        claim: &Claim,
        until: chrono::DateTime<Utc>,
        reason: &str,
        calls: u64,
    ) -> Result<(), Failure> {
        tracing::warn!(workspace.id = claim.workspace, reason, "writing is paused");
        let mut unit = claim.scope(&self.db)?.begin().await?;
        usage::pause(unit.connection(), &claim.workspace, until, reason).await?;
        let spent = Spent { calls, org: None };
        usage::spend(unit.connection(), &claim.workspace, spent).await?;
        queue::release(unit.connection(), claim).await?;
        unit.commit().await
    }
}

/// The org a round writes to, as it is known right before.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    org: &'a salesforce::Org,
    settings: &'a Settings,
    present: &'a prepare::Present,
}

/// Why a round ended early.
pub(super) enum Trouble {
    /// Our own memory.
    Store(Failure),
    /// The org; nothing was written by the call that failed.
    Org(salesforce::Error),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl From<salesforce::Error> for Trouble {
    fn from(error: salesforce::Error) -> Self {
        Self::Org(error)
    }
}

/// The changes that may go on now, lane by lane and in order.
fn due(changes: Vec<Queued>, now: chrono::DateTime<Utc>) -> Vec<Queued> {
    let mut out = Vec::with_capacity(changes.len());
    for lane in changes.chunk_by(|a, b| a.lane == b.lane) {
        out.extend(
            batching::due(lane, now)
                .into_iter()
                .map(|index| lane[index].clone()),
        );
    }
    out
}

fn extract(changes: &mut Vec<Queued>, wanted: impl Fn(&Queued) -> bool) -> Vec<Queued> {
    let (out, kept) = std::mem::take(changes).into_iter().partition(wanted);
    *changes = kept;
    out
}

/// How long the org is left alone after trouble, in milliseconds.
pub(super) fn pause_ms(failure: &outcome::CallFailure, failures: u32, jitter: f64) -> i64 {
    i64::try_from(outcome::pause_ms(failure, failures, jitter)).unwrap_or(i64::MAX)
}
