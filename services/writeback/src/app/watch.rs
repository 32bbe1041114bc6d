//! Tells the operator what waits and when something last happened: a quiet death has no error to count, only an age
//! that grows.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};

use crate::store::unfinished::{self, Unfinished};
use crate::store::usage::Budget;
use crate::telemetry::Telemetry;

/// Time between two looks, in seconds: the interval of a usual scrape.
const EVERY_S: u64 = 15;

/// Looks until told to stop; a failure is logged, and what was seen last stands.
///
/// # Errors
/// Never.
pub async fn run(
    db: Db,
    share: f64,
    telemetry: Telemetry,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut told = BTreeSet::new();
    loop {
        if let Err(failure) = look(&db, share, &telemetry, &mut told).await {
            tracing::warn!(error = failure.chain(), "waiting work was not counted");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}

async fn look(
    db: &Db,
    share: f64,
    telemetry: &Telemetry,
    told: &mut BTreeSet<(String, bool)>,
) -> Result<(), Failure> {
    // An operator watches all workspaces; only numbers leave.
    let all = db.all_workspaces();
    let left = unfinished::unfinished(&all).await?;
    for ended in std::mem::take(told) {
        // What was told and is no longer there is finished, not unchanged.
        if !left.iter().any(|left| key(left) == ended) {
            telemetry.unfinished(&ended.0, ended.1, 0, 0.0);
        }
    }
    for left in &left {
        telemetry.unfinished(
            &left.workspace,
            left.backfill,
            left.changes,
            left.oldest_age_s,
        );
        told.insert(key(left));
    }
    for effect in unfinished::effects(&all).await? {
        // Without work the queue has a length too, and rules can join on it.
        if !told.contains(&(effect.workspace.clone(), false)) {
            telemetry.unfinished(&effect.workspace, false, 0, 0.0);
        }
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        let budget = Budget {
            used: number(effect.calls),
            org_max: number(effect.org_calls_max),
            org_used: 0,
        };
        telemetry.budget(&effect.workspace, &budget, share);
        if let Some(at) = effect.last_applied_at {
            telemetry.last_effect(&effect.workspace, at);
        }
    }
    Ok(())
}

fn key(left: &Unfinished) -> (String, bool) {
    (left.workspace.clone(), left.backfill)
}
