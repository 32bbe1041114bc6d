//! Ends and forgets what is kept for a limited time only.

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};

use super::expire::expire;
use crate::store::{predictions, retention};

/// Time between two sweeps, in seconds.
const EVERY_S: u64 = 3_600;
/// Sets purged in one statement: a sweep is many short ones.
const SETS_MAX: i64 = 200;

/// How long what is kept for, in days.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// A wrong prediction with its inputs.
    pub disagreements_days: i32,
    /// What was said in a meeting of which nothing waits.
    pub content_days: i32,
    /// A change that waits for a person; 0 for as long as it takes.
    pub held_days: i32,
}

/// Sweeps until told to stop; a failure is logged and the next sweep does the work.
///
/// # Errors
/// Never.
pub async fn run(db: Db, kept: Kept, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        match expire(&db, kept.held_days).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "held changes expired: nobody decided in time"),
            Err(failure) => {
                tracing::warn!(error = failure.chain(), "held changes did not expire");
            }
        }
        // Age is the same for all workspaces.
        let all = db.all_workspaces();
        match predictions::forget(&all, kept.disagreements_days).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old wrong predictions were forgotten"),
            Err(failure) => {
                tracing::warn!(
                    error = failure.chain(),
                    "old wrong predictions were not forgotten"
                );
            }
        }
        match purge(&db, kept.content_days).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "what was said in old meetings was purged"),
            Err(failure) => {
                tracing::warn!(
                    error = failure.chain(),
                    "what was said in old meetings was not purged"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}

/// Purges everything that is old enough; answers of how many sets.
///
/// # Errors
/// When Postgres fails.
pub async fn purge(db: &Db, content_kept_days: i32) -> Result<u64, Failure> {
    // Age is the same for all workspaces.
    let all = db.all_workspaces();
    let mut purged = 0;
    loop {
        match retention::purge(&all, content_kept_days, SETS_MAX).await? {
            0 => return Ok(purged),
            some => purged += some,
        }
    }
}
