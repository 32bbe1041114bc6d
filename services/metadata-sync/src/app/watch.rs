//! Tells the operator how old what we know is, also after a restart, when no run has ended in this process yet.

use std::time::Duration;

use chassis::{CancellationToken, Db};

use crate::store::freshness;
use crate::telemetry::Telemetry;

/// Time between two looks, in seconds: the interval of a usual scrape.
const EVERY_S: u64 = 15;

/// Looks until told to stop; a failure is logged, and what was seen last stands.
///
/// # Errors
/// Never.
pub async fn run(db: Db, telemetry: Telemetry, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = look(&db, &telemetry).await {
            tracing::warn!(%error, "the age of what was read is not known");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}

async fn look(db: &Db, telemetry: &Telemetry) -> Result<(), sqlx::Error> {
    // An operator watches all workspaces; only numbers leave.
    let all = db.all_workspaces();
    for fresh in freshness::freshness(&all).await? {
        telemetry.succeeded(&fresh.workspace, fresh.kind, fresh.ended_at);
    }
    let (runs, oldest_age_s) = freshness::unfinished(&all).await?;
    telemetry.unfinished(runs, oldest_age_s);
    Ok(())
}
