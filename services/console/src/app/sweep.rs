//! Deletes what has ended: sessions, invitations, counted failures.

use std::time::Duration;

use chassis::{CancellationToken, Scope};
use chrono::{TimeDelta, Utc};

use super::sign_in::SESSION_IDLE_HOURS_MAX;
use crate::domain::throttle::WINDOW_MINUTES;
use crate::store::{invitation, kept_answer, session, sign_in_failure, single_sign_on};

/// How often, in seconds. Nothing depends on it: what has ended is refused before it is deleted.
const SWEEP_S: u64 = 600;

/// Until the token is cancelled. A database that is away is waited for.
pub(crate) async fn run(scope: Scope, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = once(&scope).await {
            tracing::warn!(%error, "ended sessions were not deleted, they will be later");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(SWEEP_S)) => {}
        }
    }
}

async fn once(scope: &Scope) -> sqlx::Result<()> {
    let now = Utc::now();
    session::delete_ended(scope, now, now - TimeDelta::hours(SESSION_IDLE_HOURS_MAX)).await?;
    invitation::delete_ended(scope, now).await?;
    kept_answer::delete_before(scope, now - TimeDelta::hours(kept_answer::KEPT_HOURS)).await?;
    single_sign_on::delete_ended(scope, now).await?;
    sign_in_failure::delete_before(scope, now - TimeDelta::minutes(WINDOW_MINUTES)).await?;
    Ok(())
}
