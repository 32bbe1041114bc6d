//! Forgets what is kept for a limited time only.

use std::time::Duration;

use chassis::{CancellationToken, Db};

use crate::store::predictions;

/// Time between two sweeps, in seconds.
const EVERY_S: u64 = 3_600;

/// Sweeps until told to stop; a failure is logged and the next sweep does the work.
///
/// # Errors
/// Never.
pub async fn run(
    db: Db,
    disagreements_kept_days: i32,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        // Age is the same for all workspaces.
        let all = db.all_workspaces();
        match predictions::forget(&all, disagreements_kept_days).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old wrong predictions were forgotten"),
            Err(failure) => {
                tracing::warn!(
                    error = failure.chain(),
                    "old wrong predictions were not forgotten"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}
