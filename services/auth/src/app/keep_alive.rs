//! Grants nobody needed for a while are refreshed before their org forgets them.
//!
//! Orgs may end a refresh token that was not used for 30 days. A connection whose session is extended by steady work, or
//! that has no work at all, would reach that without anyone noticing until the day it is needed.

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use futures::StreamExt as _;
use rand::Rng as _;

use super::access_token::AccessTokens;
use crate::domain::refresh::Purpose;
use crate::store;

/// Connections per round: thousands take a day, and nobody notices the load.
const ROWS_MAX: i64 = 32;
/// Refreshes at once: an org that hangs holds up only its own.
const CONCURRENCY: usize = 8;

/// Refreshes idle grants.
#[derive(Clone)]
pub struct KeepAlive {
    /// The store.
    pub db: Db,
    /// Refreshes.
    pub tokens: AccessTokens,
    /// Age of an access token at which its grant is used, in days.
    pub days: i32,
    /// Between rounds, in milliseconds.
    pub poll_ms: u64,
}

impl KeepAlive {
    /// Runs until cancelled.
    ///
    /// # Errors
    /// Never; trouble is logged and tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let pause =
                Duration::from_millis(rand::rng().random_range(self.poll_ms / 2..=self.poll_ms));
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(failure) = self.step().await {
                tracing::warn!(error = failure.chain(), "idle connections cannot be read");
            }
        }
    }

    /// One round. Another replica doing the same finds the newer token.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn step(&self) -> Result<(), Failure> {
        // Which connections are idle is not known before.
        let all = self.db.all_workspaces();
        let idle = store::connection::idle(&all, self.days, ROWS_MAX).await?;
        futures::stream::iter(idle)
            .for_each_concurrent(CONCURRENCY, |(workspace, generation)| async move {
                let refreshed = self
                    .tokens
                    .get(&workspace, generation, Purpose::Serve)
                    .await;
                if let Err(denied) = refreshed {
                    tracing::info!(%workspace, reason = %denied, "idle grant was not refreshed");
                }
            })
            .await;
        Ok(())
    }
}
