//! Suspended connections are looked at on their schedule and heal by themselves.
//!
//! The look is one call for the org's limits: it proves what the connection exists for, that a token is accepted *and*
//! that the API may be used. A refused token is refreshed on the way, like for any service.

use std::time::Duration;

use chassis::{CancellationToken, Db, Failure};
use events::WorkspaceId;
use futures::future::join_all;
use rand::Rng as _;
use salesforce::{AccessToken, Salesforce, TokenSource, TokenSourceError};
use tokio::time::timeout;

use super::access_token::{AccessTokens, Denied, Token};
use super::change;
use crate::domain::refresh::Purpose;
use crate::domain::state::{State, Trigger};
use crate::{store, wire};

/// Who the history names.
const ACTOR: &str = "service:auth/probe";
/// Connections looked at in one round, all at once: one that hangs holds up no other, and the round ends with the timeout.
const PROBED_MAX: u32 = 64;
/// Longest look, in seconds.
const PROBE_TIMEOUT_S: u64 = 30;
/// Until the next look when this one is inconclusive, in seconds; a refused refresh sets its own time.
const AGAIN_S: f64 = 3600.0;
/// An inactive org is not looked at for longer, in days.
const DAYS_MAX: i32 = 30;

/// Looks at suspended connections.
#[derive(Clone)]
pub struct Prober {
    /// The store.
    pub db: Db,
    /// The client.
    pub salesforce: Salesforce,
    /// Where tokens come from.
    pub tokens: AccessTokens,
    /// Between rounds, in milliseconds.
    pub poll_ms: u64,
}

impl Prober {
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
            // A full page means that more are due: they do not wait for the next round.
            loop {
                match self.step().await {
                    Ok(looked) if looked >= PROBED_MAX as usize && !stop.is_cancelled() => {}
                    Ok(_) => break,
                    Err(failure) => {
                        tracing::warn!(
                            error = failure.chain(),
                            "suspended connections cannot be read"
                        );
                        break;
                    }
                }
            }
        }
    }

    /// One round over what is due; returns how many were looked at.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn step(&self) -> Result<usize, Failure> {
        let again_s = AGAIN_S * rand::rng().random_range(0.8..1.2);
        let rows_max = i64::from(PROBED_MAX);
        // Whose turn it is is not known before.
        let all = self.db.all_workspaces();
        let due = store::connection::claim_due_probes(&all, again_s, DAYS_MAX, rows_max).await?;
        let looks = due.iter().map(|workspace| self.probe(workspace));
        join_all(looks).await;
        Ok(due.len())
    }

    async fn probe(&self, workspace: &WorkspaceId) {
        let source = Source {
            tokens: self.tokens.clone(),
            workspace: workspace.clone(),
        };
        let org = self.salesforce.org(source);
        match timeout(Duration::from_secs(PROBE_TIMEOUT_S), org.limits()).await {
            Ok(Ok(_)) => {
                if let Err(failure) =
                    change::apply(&self.db, workspace, Trigger::Healed, ACTOR).await
                {
                    tracing::warn!(%workspace, error = failure.chain(), "a healed connection cannot be stored yet");
                }
            }
            Ok(Err(error)) => {
                tracing::info!(%workspace, error = %error, "connection is still suspended")
            }
            Err(_elapsed) => {
                tracing::info!(%workspace, "connection is still suspended: no answer in time")
            }
        }
    }
}

/// Our own tokens, for our own look.
struct Source {
    tokens: AccessTokens,
    workspace: WorkspaceId,
}

impl Source {
    async fn get(&self, rejected: i64) -> Result<AccessToken, TokenSourceError> {
        let token = self
            .tokens
            .get(&self.workspace, rejected, Purpose::Probe)
            .await
            .map_err(source_error)?;
        let Token {
            secret,
            generation,
            instance_url,
            fresh,
            ..
        } = token;
        Ok(AccessToken {
            secret,
            generation: wire::count(generation),
            instance_url,
            fresh,
        })
    }
}

impl TokenSource for Source {
    async fn token(&self) -> Result<AccessToken, TokenSourceError> {
        self.get(0).await
    }

    async fn rejected(&self, rejected: &AccessToken) -> Result<AccessToken, TokenSourceError> {
        self.get(i64::try_from(rejected.generation).unwrap_or(i64::MAX))
            .await
    }
}

fn source_error(denied: Denied) -> TokenSourceError {
    match denied {
        Denied::State {
            state: State::Suspended,
            detail,
        } => TokenSourceError::Suspended(detail),
        Denied::State {
            state: State::ReconnectRequired,
            detail,
        } => TokenSourceError::ReconnectRequired(detail),
        Denied::State { .. } => TokenSourceError::NotConnected,
        denied @ (Denied::Later(_) | Denied::Store(_)) => {
            TokenSourceError::Unavailable(denied.into())
        }
    }
}
