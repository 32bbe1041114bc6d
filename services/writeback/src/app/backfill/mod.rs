//! Looks after backfills: gathers their meetings, estimates, puts approved slices on the queue while there is room, takes
//! them off again when one is paused, and ends what was cancelled. One process at a time per backfill, under a lease; every
//! step is bounded and can be repeated.

mod feed;
mod sample;

pub(crate) use feed::is_open;

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use chrono::Utc;

use super::announce;
use super::wake::Wake;
use crate::domain::backfill::course::State;
use crate::domain::backfill::room::HISTORY_SHARE;
use crate::store::settings::SettingsCache;
use crate::store::usage::Budget;
use crate::store::{self, backfill, slices};

/// Time between two looks, in milliseconds.
const POLL_MS: u64 = 1_000;
/// Hold on a backfill without a sign of life, in seconds: several times what one look takes.
const LEASE_S: f64 = 30.0;
/// Changes given to a backfill in one look.
const ADOPTED_MAX: i64 = 5_000;
/// Changes held back or dismissed in one transaction.
const CHANGES_MAX: i64 = 500;
/// What the dismissed changes of a cancelled backfill are decided by.
const ACTOR: &str = "service:writeback";

/// Looks after backfills.
#[derive(Clone)]
pub struct Backfills {
    db: Db,
    settings: SettingsCache,
    wake: Wake,
    budget_share: f64,
}

/// Calls history may bring the workspace to in 24 hours; `None` while the org's allowance is not known.
#[must_use]
pub fn history_max(budget: &Budget, share: f64) -> Option<u64> {
    (budget.org_max > 0).then(|| budget.share(share * HISTORY_SHARE))
}

impl Backfills {
    /// Over the service's parts.
    #[must_use]
    pub fn new(db: Db, settings: SettingsCache, wake: Wake, budget_share: f64) -> Self {
        Self {
            db,
            settings,
            wake,
            budget_share,
        }
    }

    /// Works until told to stop.
    ///
    /// # Errors
    /// Never; a failure is logged and the work tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let worked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                worked = self.step() => worked,
            };
            match worked {
                Ok(true) => continue,
                Ok(false) => {}
                Err(failure) => {
                    tracing::warn!(error = failure.chain(), "a backfill could not go on");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
            }
        }
    }

    /// One look at one backfill; false when nothing is left to do at once.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn step(&self) -> Result<bool, Failure> {
        // Which backfill waits longest is not known before; what follows is one workspace's.
        let Some(taken) = backfill::take(&self.db.all_workspaces(), LEASE_S).await? else {
            return Ok(false);
        };
        let scope = store::scope(&self.db, [taken.workspace.as_str()])?;
        let busy = match taken.state {
            State::Draft => false,
            State::Sampling => {
                let adopted = backfill::adopt(&scope, &taken, ADOPTED_MAX).await?;
                self.sample(&scope, &taken).await?;
                adopted > 0
            }
            State::ReadyForReview => backfill::adopt(&scope, &taken, ADOPTED_MAX).await? > 0,
            State::Running => {
                let adopted = backfill::adopt(&scope, &taken, ADOPTED_MAX).await?;
                let fed = self.feed(&scope, &taken).await?;
                if adopted == 0 && fed == 0 {
                    self.finish(&scope, &taken).await?;
                }
                adopted > 0
            }
            State::Paused => {
                backfill::adopt(&scope, &taken, ADOPTED_MAX).await?;
                let mut unit = scope.begin().await?;
                let sets =
                    slices::hold_back(unit.connection(), &taken.workspace, taken.id, CHANGES_MAX)
                        .await?;
                let busy = !sets.is_empty();
                announce::sets(&mut unit, sets, Utc::now()).await?;
                unit.commit().await?;
                busy
            }
            State::Done | State::Cancelled => self.end(&scope, &taken).await?,
        };
        backfill::let_go(&scope, &taken, if busy { 0.0 } else { 0.4 }).await?;
        Ok(busy)
    }

    /// Dismisses what still waits; true while there is more.
    async fn end(
        &self,
        scope: &chassis::Scope,
        taken: &backfill::Backfill,
    ) -> Result<bool, Failure> {
        let reason = if taken.cancelled_for.is_empty() {
            "the backfill is over".to_owned()
        } else {
            format!("the backfill was cancelled: {}", taken.cancelled_for)
        };
        let mut unit = scope.begin().await?;
        let sets = slices::dismiss(
            unit.connection(),
            &taken.workspace,
            taken.id,
            ACTOR,
            &reason,
            CHANGES_MAX,
        )
        .await?;
        let busy = !sets.is_empty();
        announce::sets(&mut unit, sets, Utc::now()).await?;
        unit.commit().await?;
        if !busy {
            backfill::settled(scope, taken).await?;
        }
        Ok(busy)
    }
}
