//! Attempts nobody finished: their first connection falls back, their secrets are destroyed. The connections are counted on
//! the way.

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use rand::Rng as _;

use super::change;
use crate::domain::state::Trigger;
use crate::store;
use crate::telemetry::Telemetry;

/// Who the history names.
const ACTOR: &str = "service:auth/sweep";
/// Between rounds, in milliseconds.
const POLL_MS: u64 = 30_000;
/// Rows per round.
const ROWS_MAX: i64 = 200;

/// Runs until cancelled.
///
/// # Errors
/// Never; trouble is logged and tried again.
pub async fn run(db: Db, telemetry: Telemetry, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let pause = Duration::from_millis(rand::rng().random_range(POLL_MS / 2..POLL_MS));
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(failure) = step(&db).await {
            tracing::warn!(error = failure.chain(), "ended attempts cannot be swept");
        }
        // A gauge over the whole installation.
        if let Ok(counts) = store::connection::count_by_state(&db.all_workspaces()).await {
            telemetry.connections(&counts);
        }
    }
}

/// One round.
///
/// # Errors
/// When the store is away.
pub async fn step(db: &Db) -> Result<(), Failure> {
    // Whose attempts ended is not known before; each change is then made in its own workspace.
    let all = db.all_workspaces();
    for workspace in store::connection::abandoned(&all, ROWS_MAX).await? {
        change::apply(db, &workspace, Trigger::Abandoned, ACTOR).await?;
    }
    Ok(store::attempt::prune(&all, ROWS_MAX).await?)
}
