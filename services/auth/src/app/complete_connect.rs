//! The browser comes back: the answer is taken once, the code exchanged, the grant checked, sealed and stored, and only
//! then told to anyone.
//!
//! Runs in a task of its own once the answer is taken, so that a closed browser does not leave a grant half stored.

use std::time::Duration;

use chassis::Failure;
use chrono::Utc;
use salesforce::oauth::{AuthorizeFailure, TokenResponse, classify_authorize_error};
use secrecy::SecretString;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use super::accept_grant::{AcceptGrant, Given};
use super::change;
use super::connect_problem::{Problem, problem_of, unavailable};
use super::open_link::standing;
use crate::domain::attempt::{Refusal, may_return};
use crate::domain::grant::Grant;
use crate::domain::state::Trigger;
use crate::secret_text;
use crate::store::{self, attempt::Attempt, secret};
use crate::telemetry::Telemetry;

/// What the browser brings.
///
/// Its `Debug` shows only whether a code came: with the code, whoever reads a log could finish the attempt.
#[derive(Default, Clone)]
pub struct Answer {
    /// Ties it to the attempt.
    pub state: String,
    /// The authorisation code, decoded.
    pub code: Option<String>,
    /// Instead of a code.
    pub error: Option<String>,
    /// Salesforce's words about it.
    pub error_description: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("code_given", &self.code.is_some())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// What was connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Where the browser goes.
    pub return_path: String,
}

/// Takes answers.
#[derive(Clone)]
pub struct CompleteConnect {
    /// Checks and stores; holds what else is needed of the world.
    pub accept: AcceptGrant,
    /// Exactly as registered with the app.
    pub redirect_uri: String,
    /// Waited for when the process stops.
    pub tasks: TaskTracker,
    /// Counts outcomes.
    pub telemetry: Telemetry,
}

impl CompleteConnect {
    /// Takes the answer; `cookie` finds the cookie of an attempt. The attempt's id, when known, lets the cookie be cleared.
    pub async fn complete(
        &self,
        answer: Answer,
        cookie: impl Fn(Uuid) -> Option<String>,
    ) -> (Option<Uuid>, Result<Connected, Problem>) {
        let state_hash = secret_text::hash(&answer.state);
        // The browser brings a state and no workspace: the attempt tells which it is.
        let all = self.accept.db.all_workspaces();
        let attempt = match store::attempt::by_state(&all, &state_hash).await {
            Ok(Some(attempt)) => attempt,
            Ok(None) => return (None, Err(Problem::Refused(Refusal::Unknown))),
            Err(error) => return (None, Err(unavailable(&error.into()))),
        };
        if let Err(refusal) = may_return(
            standing(&attempt, cookie(attempt.id).as_deref()),
            Utc::now(),
        ) {
            tracing::warn!(workspace = %attempt.workspace, attempt = %attempt.id, refusal = ?refusal, "answer of a connect attempt refused");
            return (None, Err(Problem::Refused(refusal)));
        }
        let scope = self.accept.db.workspace(&attempt.workspace);
        match store::attempt::use_up(&scope, attempt.id).await {
            Ok(true) => {}
            Ok(false) => return (None, Err(Problem::Refused(Refusal::Replayed))),
            Err(error) => return (None, Err(unavailable(&error.into()))),
        }
        let id = attempt.id;
        let this = self.clone();
        let work = async move { this.finish(&attempt, answer).await };
        let outcome = self
            .tasks
            .spawn(work.in_current_span())
            .await
            .unwrap_or(Err(Problem::Unavailable));
        (Some(id), outcome)
    }

    async fn finish(&self, attempt: &Attempt, answer: Answer) -> Result<Connected, Problem> {
        let outcome = self.connect(attempt, answer).await;
        let name = match &outcome {
            Ok(_) => "connected",
            Err(problem) => problem.name(),
        };
        self.telemetry.connect_ended(name);
        if let Err(problem) = &outcome {
            tracing::warn!(workspace = %attempt.workspace, attempt = %attempt.id, problem = problem.name(), "connect attempt ended without a connection");
            if let Err(failure) = self.clean_up(attempt).await {
                // The sweep finds it again.
                tracing::warn!(workspace = %attempt.workspace, error = failure.chain(), "ended attempt is not cleaned up yet");
            }
        }
        outcome
    }

    async fn connect(&self, attempt: &Attempt, answer: Answer) -> Result<Connected, Problem> {
        if let Some(error) = &answer.error {
            return Err(Problem::Authorize(classify_authorize_error(
                error,
                &answer.error_description,
            )));
        }
        let code = answer
            .code
            .ok_or(Problem::Authorize(AuthorizeFailure::TryAgain))?;
        let owner = attempt.id.to_string();
        let place = secret::Place {
            workspace: &attempt.workspace,
            kind: secret::Kind::CodeVerifier,
            owner: &owner,
        };
        let scope = self.accept.db.workspace(&attempt.workspace);
        let (_, verifier) = secret::get(&scope, &self.accept.ring, place)
            .await
            .map_err(|error| unavailable(&error.into()))?
            .ok_or(Problem::Refused(Refusal::Replayed))?;
        let login = self
            .accept
            .salesforce
            .hosts()
            .login(&attempt.login_url)
            .map_err(|_| Problem::Untrusted)?;
        let call = self
            .accept
            .endpoint
            .exchange_code(&login, &code, &self.redirect_uri, &verifier);
        let response = timeout(Duration::from_millis(self.accept.call_ms), call)
            .await
            .map_err(|_elapsed| Problem::NoAnswer)?
            .map_err(|error| problem_of(&error))?;
        let outcome = self.accept(attempt, &response).await;
        if let (Err(problem), Some(unwanted)) = (&outcome, &response.refresh_token)
            && problem.leaves_a_grant()
        {
            self.let_go(attempt, &response, unwanted).await;
        }
        outcome
    }

    /// Checks the grant and stores it.
    async fn accept(
        &self,
        attempt: &Attempt,
        response: &TokenResponse,
    ) -> Result<Connected, Problem> {
        let Some(refresh_token) = &response.refresh_token else {
            return Err(Problem::MissingRefreshToken);
        };
        let given = Given {
            workspace: &attempt.workspace,
            start_over: attempt.start_over,
            is_sandbox: attempt.is_sandbox,
            attempt: Some(attempt.id),
            actor: &attempt.requested_by,
            grant: Grant::RefreshToken,
            secret: refresh_token,
        };
        self.accept.accept(given, response).await?;
        Ok(Connected {
            return_path: attempt.return_path.clone(),
        })
    }

    /// A grant we do not keep must not stay alive.
    async fn let_go(&self, attempt: &Attempt, response: &TokenResponse, unwanted: &SecretString) {
        let enqueue = async {
            let mut unit = self.accept.db.begin(&attempt.workspace).await?;
            store::revocation::enqueue(
                unit.connection(),
                &self.accept.ring,
                Uuid::new_v4(),
                &attempt.workspace,
                response.instance.as_str(),
                unwanted,
            )
            .await?;
            unit.commit().await
        };
        if let Err(failure) = enqueue.await {
            tracing::warn!(workspace = %attempt.workspace, error = failure.chain(), "an unwanted grant could not be queued for revocation");
        }
    }

    /// Destroys the verifier and lets a first attempt fall back.
    async fn clean_up(&self, attempt: &Attempt) -> Result<(), Failure> {
        let mut unit = self.accept.db.begin(&attempt.workspace).await?;
        let owner = attempt.id.to_string();
        let place = secret::Place {
            workspace: &attempt.workspace,
            kind: secret::Kind::CodeVerifier,
            owner: &owner,
        };
        secret::destroy(unit.connection(), place).await?;
        if let Some(before) = store::connection::lock(unit.connection(), &attempt.workspace).await?
            && store::attempt::open_count(unit.connection(), &attempt.workspace).await? == 0
            && let Some(after) = before.after(Trigger::Abandoned, Utc::now())
        {
            change::save(&mut unit, &before, &after, &attempt.requested_by).await?;
        }
        unit.commit().await
    }
}
