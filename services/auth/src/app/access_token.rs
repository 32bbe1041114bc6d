//! "Give me a token": the stored one, or the outcome of one refresh, whoever performs it.
//!
//! A refresh runs in a task of its own and to its end: a caller that gives up must not leave a rotated token unstored.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Db, Failure};
use events::WorkspaceId;
use rand::Rng as _;
use salesforce::Salesforce;
use salesforce::oauth::TokenEndpoint;
use secrecy::SecretString;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::flights::Flights;
use crate::domain::refresh::{Decision, Purpose, decide};
use crate::domain::state::State;
use crate::seal::Ring;
use crate::store::lease::Standing;
use crate::store::{self, StoreError, lease, secret};
use crate::telemetry::Telemetry;

/// Pause before the second look at another replica's refresh, in milliseconds; it grows by half each time, with jitter.
const WAIT_POLL_MS: u64 = 30;
/// Longest such pause, in milliseconds: an org that hangs must not keep the database busy.
const WAIT_POLL_MS_MAX: u64 = 500;

/// The limits of refreshing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long callers wait for one answer of the token endpoint, in milliseconds.
    pub call_ms: u64,
    /// How long an answer that is late is still awaited, to be stored, in milliseconds.
    pub answer_ms_max: u64,
    /// How long a call without an answer may still be running at Salesforce after we gave it up, in milliseconds.
    pub settle_ms: u64,
    /// First pause after a breakdown, in milliseconds; it doubles.
    pub retry_pause_ms: u64,
    /// How much longer than a look and a call a lease lasts, in milliseconds: the statements between them.
    pub lease_slack_ms: u64,
}

impl Limits {
    /// A lease holds one look and one call, and ends after the holder has certainly given up.
    pub(super) fn lease_ms(&self) -> u64 {
        2 * self.call_ms + self.lease_slack_ms
    }
}

/// A token with all a caller needs to use it.
#[derive(Clone)]
pub struct Token {
    /// The bearer.
    pub secret: SecretString,
    /// Counts the tokens of the connection.
    pub generation: i64,
    /// Base URL of the org's API.
    pub instance_url: String,
    /// The org.
    pub organization_id: String,
    /// The user.
    pub user_id: String,
    /// Epoch of the connection.
    pub epoch: i64,
    /// Whether it was issued in answer to this very request.
    pub fresh: bool,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The connection is in no state to be used.
    #[error("connection is {}: {detail}", .state.as_str())]
    State {
        /// The state.
        state: State,
        /// For a person.
        detail: String,
    },
    /// The same request may succeed later; the connection is unchanged.
    #[error("{0}")]
    Later(&'static str),
    /// The store is away or refuses.
    #[error("connections cannot be read right now")]
    Store(#[source] Failure),
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Hands out tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) salesforce: Salesforce,
    pub(super) endpoint: TokenEndpoint,
    pub(super) ring: Arc<Ring>,
    pub(super) limits: Limits,
    pub(super) telemetry: Telemetry,
    /// Names this process in leases.
    pub(super) holder: String,
    flights: Flights,
    pub(super) tasks: TaskTracker,
}

/// What looking at the store found.
enum Peek {
    Token(Token),
    Standing(Decision, Box<Standing>),
}

impl AccessTokens {
    /// Wires the keeper; `tasks` is waited for when the process stops.
    pub fn new(
        db: Db,
        salesforce: Salesforce,
        endpoint: TokenEndpoint,
        ring: Arc<Ring>,
        limits: Limits,
        telemetry: Telemetry,
        tasks: TaskTracker,
    ) -> Self {
        let holder = uuid::Uuid::new_v4().to_string();
        Self {
            inner: Arc::new(Inner {
                db,
                salesforce,
                endpoint,
                ring,
                limits,
                telemetry,
                holder,
                flights: Flights::default(),
                tasks,
            }),
        }
    }

    /// A token newer than `rejected`, the generation Salesforce refused (0: none was).
    ///
    /// # Errors
    /// See [`Denied`].
    pub async fn get(
        &self,
        workspace: &WorkspaceId,
        rejected: i64,
        purpose: Purpose,
    ) -> Result<Token, Denied> {
        if let Peek::Token(token) = self.peek(workspace, rejected, purpose).await? {
            return Ok(token);
        }
        let lane = self.inner.flights.lane(workspace);
        let Some(_seat) = self.inner.flights.seat(&lane) else {
            if let Some(turn) = lane.free_turn() {
                drop(self.fly(turn, workspace, rejected, purpose));
            }
            return Err(Denied::Later(
                "many requests wait for salesforce already; the token is being refreshed, ask again",
            ));
        };
        let turn = lane.turn().await;
        let flight = self.fly(turn, workspace, rejected, purpose);
        flight.await.unwrap_or(Err(Denied::Later(
            "the refresh ended unexpectedly; its log knows why",
        )))
    }

    /// Starts a flight, which ends by itself whoever still waits for it.
    fn fly(
        &self,
        turn: OwnedMutexGuard<()>,
        workspace: &WorkspaceId,
        rejected: i64,
        purpose: Purpose,
    ) -> JoinHandle<Result<Token, Denied>> {
        let (this, workspace) = (self.clone(), workspace.clone());
        let flight = async move {
            let outcome = this.obtain(&workspace, rejected, purpose).await;
            drop(turn);
            outcome
        };
        self.inner.tasks.spawn(flight.in_current_span())
    }

    async fn obtain(
        &self,
        workspace: &WorkspaceId,
        rejected: i64,
        purpose: Purpose,
    ) -> Result<Token, Denied> {
        let give_up = Instant::now() + Duration::from_millis(self.inner.limits.lease_ms());
        let mut pause_ms = WAIT_POLL_MS;
        loop {
            let (decision, standing) = match self.peek(workspace, rejected, purpose).await? {
                Peek::Token(token) => return Ok(token),
                Peek::Standing(decision, standing) => (decision, standing),
            };
            match decision {
                Decision::Refuse => {
                    return Err(Denied::State {
                        state: standing.facts.state,
                        detail: standing.detail,
                    });
                }
                Decision::Pause(_) => {
                    return Err(Denied::Later(
                        "salesforce is not answering token requests; it is asked again shortly",
                    ));
                }
                Decision::Refresh | Decision::Look => {
                    if let Some(work) = self.claim(workspace, rejected, purpose).await? {
                        return self.carry_out(work).await;
                    }
                }
                // `Use` here means that a newer token was stored between two statements: look again.
                Decision::Wait | Decision::Use => {}
            }
            if Instant::now() >= give_up {
                return Err(Denied::Later(
                    "another replica is refreshing this connection",
                ));
            }
            let jittered_ms = rand::rng().random_range(pause_ms / 2..=pause_ms);
            tokio::time::sleep(Duration::from_millis(jittered_ms)).await;
            pause_ms = (pause_ms * 3 / 2).min(WAIT_POLL_MS_MAX);
        }
    }

    async fn peek(
        &self,
        workspace: &WorkspaceId,
        rejected: i64,
        purpose: Purpose,
    ) -> Result<Peek, Denied> {
        let scope = self.inner.db.workspace(workspace);
        let Some(standing) = lease::standing(&scope, workspace).await? else {
            return Err(Denied::State {
                state: State::NotConnected,
                detail: String::new(),
            });
        };
        let decision = decide(&standing.facts, purpose, rejected);
        if decision == Decision::Use {
            let place = secret::Place {
                workspace,
                kind: secret::Kind::AccessToken,
                owner: "",
            };
            let found = store::secret::get(&scope, &self.inner.ring, place).await?;
            if let Some((generation, secret)) =
                found.filter(|(generation, _)| *generation == standing.facts.generation)
            {
                return Ok(Peek::Token(standing.token(secret, generation, false)));
            }
        }
        Ok(Peek::Standing(decision, Box::new(standing)))
    }
}

impl Standing {
    /// The token with what the connection says about it.
    pub(super) fn token(self, secret: SecretString, generation: i64, fresh: bool) -> Token {
        Token {
            secret,
            generation,
            instance_url: self.instance_url,
            organization_id: self.organization_id,
            user_id: self.user_id,
            epoch: self.epoch,
            fresh,
        }
    }
}
