//! Estimates a backfill from a sample of its meetings, once enough of them arrived or no more are coming.

use chassis::{Failure, Scope};
use chrono::Utc;

use super::{Backfills, history_max};
use crate::domain::backfill::estimate::{self, Frame};
use crate::store::backfill::{self, Backfill};
use crate::store::usage;

/// No meeting for so long, in seconds, and those that arrived are what there is for now.
const QUIET_S: f64 = 5.0;

impl Backfills {
    pub(super) async fn sample(&self, scope: &Scope, taken: &Backfill) -> Result<(), Failure> {
        let (arrived, quiet_s) = backfill::arrived(scope, taken).await?;
        let enough = arrived >= u64::try_from(taken.sample_meetings_max).unwrap_or(0);
        if arrived == 0 || (!enough && quiet_s < QUIET_S) {
            return Ok(());
        }
        let (meetings, changes) = backfill::sample(scope, taken).await?;
        let budget = usage::budget(scope, &taken.workspace).await?;
        let expected = u64::try_from(taken.meetings_expected).unwrap_or(0);
        let frame = Frame {
            meetings,
            meetings_expected: expected.max(arrived),
            // What live work used in the last day, it will use tomorrow.
            calls_per_day: history_max(&budget, self.budget_share)
                .map(|max| max.saturating_sub(budget.used)),
            now: Utc::now(),
        };
        let found = estimate::estimate(&changes, frame);
        backfill::sampled(scope, taken, &found).await?;
        tracing::info!(
            workspace.id = taken.workspace,
            backfill.id = %taken.id,
            meetings,
            changes = found.changes,
            "a backfill was estimated and waits for a person"
        );
        Ok(())
    }
}
