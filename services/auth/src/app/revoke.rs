//! Grants we let go of are revoked at Salesforce, again and again until it says so.

use std::sync::Arc;
use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use futures::future::join_all;
use rand::Rng as _;
use salesforce::Salesforce;
use salesforce::oauth::TokenEndpoint;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::seal::Ring;
use crate::store::{self, revocation::Revocation, secret};

/// Between looks for due revocations, in milliseconds; a disconnect wakes the look at once.
const POLL_MS: u64 = 5_000;
/// Revocations claimed at once.
const CLAIMED_MAX: i64 = 16;
/// A claim lasts longer than one call, in seconds.
const CLAIM_S: f64 = 120.0;
/// Attempts before the token is destroyed unrevoked: four days with the pauses below.
const ATTEMPTS_MAX: u32 = 100;
/// Longest pause between attempts, in seconds.
const PAUSE_S_MAX: f64 = 3600.0;

/// Revokes. Cheap to clone.
#[derive(Clone)]
pub struct Revoker {
    /// The store.
    pub db: Db,
    /// The hosts.
    pub salesforce: Salesforce,
    /// The app.
    pub endpoint: TokenEndpoint,
    /// Opens the tokens.
    pub ring: Arc<Ring>,
    /// Longest wait for one answer, in milliseconds.
    pub call_ms: u64,
    /// Rung when something was queued.
    pub wake: Arc<Notify>,
}

impl Revoker {
    /// Runs until cancelled.
    ///
    /// # Errors
    /// Never; trouble is logged and tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            if let Err(failure) = self.step().await {
                tracing::warn!(error = failure.chain(), "revocations cannot be read");
            }
            let pause = Duration::from_millis(rand::rng().random_range(POLL_MS / 2..POLL_MS));
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// One round over what is due.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn step(&self) -> Result<(), Failure> {
        // Whose grants are due is not known before; each is then revoked in its own workspace.
        let all = self.db.all_workspaces();
        let due = store::revocation::claim(&all, CLAIM_S, CLAIMED_MAX).await?;
        // At once: one org that hangs holds up no other.
        let outcomes = join_all(due.iter().map(|revocation| self.revoke(revocation))).await;
        outcomes.into_iter().collect()
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<(), Failure> {
        let workspace = &revocation.workspace;
        let scope = self.db.workspace(workspace);
        let owner = revocation.id.to_string();
        let place = secret::Place {
            workspace,
            kind: secret::Kind::Revocation,
            owner: &owner,
        };
        let token = match secret::get(&scope, &self.ring, place).await {
            Ok(Some((_, token))) => token,
            Ok(None) => return Ok(store::revocation::finish(&scope, revocation).await?),
            Err(error) => {
                tracing::error!(%workspace, error = %error, "grant does not open and cannot be revoked");
                return Ok(store::revocation::postpone(&scope, revocation.id, PAUSE_S_MAX).await?);
            }
        };
        let outcome = match self.salesforce.hosts().api(&revocation.instance_url) {
            Ok(host) => {
                let call = self.endpoint.revoke(&host, &token);
                match timeout(Duration::from_millis(self.call_ms), call).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_elapsed) => Err("no answer in time".to_owned()),
                }
            }
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => {
                tracing::info!(%workspace, "grant revoked at salesforce");
                store::revocation::finish(&scope, revocation).await?;
            }
            Err(reason) if revocation.attempts >= ATTEMPTS_MAX => {
                tracing::error!(%workspace, reason, "grant could not be revoked; revoke it in Salesforce (Setup, Connected Apps OAuth Usage)");
                store::revocation::finish(&scope, revocation).await?;
            }
            Err(reason) => {
                tracing::warn!(%workspace, reason, attempt = revocation.attempts, "grant is not revoked yet");
                let jitter = rand::rng().random_range(0.75..1.25);
                let pause_s = (f64::from(1_u32 << revocation.attempts.min(12)) * 2.0)
                    .min(PAUSE_S_MAX)
                    * jitter;
                store::revocation::postpone(&scope, revocation.id, pause_s).await?;
            }
        }
        Ok(())
    }
}
