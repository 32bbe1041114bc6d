//! The browser comes back: the answer is taken once, the code exchanged, the grant checked, sealed and stored, and only
//! then told to anyone.
//!
//! Runs in a task of its own once the answer is taken, so that a closed browser does not leave a grant half stored.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Db, Failure};
use chrono::Utc;
use salesforce::oauth::{
    AuthorizeFailure, Identity, TokenEndpoint, TokenResponse, classify_authorize_error,
};
use salesforce::{AccessToken, Salesforce, TokenSource, TokenSourceError};
use secrecy::SecretString;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use super::change;
use super::connect_problem::{Problem, problem_of, unavailable};
use super::open_link::standing;
use crate::domain::attempt::{Refusal, Relation, may_return, relation};
use crate::domain::connection::Grantee;
use crate::domain::state::Trigger;
use crate::seal::Ring;
use crate::secret_text;
use crate::store::{self, attempt::Attempt, lease, secret};
use crate::telemetry::Telemetry;

/// What the browser brings.
#[derive(Debug, Default, Clone)]
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

/// What was connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Where the browser goes.
    pub return_path: String,
}

/// Takes answers.
#[derive(Clone)]
pub struct CompleteConnect {
    /// The store.
    pub db: Db,
    /// The client.
    pub salesforce: Salesforce,
    /// The app.
    pub endpoint: TokenEndpoint,
    /// Seals the tokens.
    pub ring: Arc<Ring>,
    /// Exactly as registered with the app.
    pub redirect_uri: String,
    /// Longest wait for one answer of Salesforce, in milliseconds.
    pub call_ms: u64,
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
        let attempt = match store::attempt::by_state(self.db.pool(), &state_hash).await {
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
        match store::attempt::use_up(self.db.pool(), attempt.id).await {
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
        let (_, verifier) = secret::get(self.db.pool(), &self.ring, place)
            .await
            .map_err(|error| unavailable(&error.into()))?
            .ok_or(Problem::Refused(Refusal::Replayed))?;
        let login = self
            .salesforce
            .hosts()
            .login(&attempt.login_url)
            .map_err(|_| Problem::Untrusted)?;
        let call = self
            .endpoint
            .exchange_code(&login, &code, &self.redirect_uri, &verifier);
        let response = self
            .in_time(call)
            .await?
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
        if response.refresh_token.is_none() {
            return Err(Problem::MissingRefreshToken);
        }
        let has = |wanted: &str| {
            response
                .scopes
                .iter()
                .any(|scope| scope == wanted || scope == "full")
        };
        if !response.scopes.is_empty() && !has("api") {
            return Err(Problem::MissingScope);
        }
        let before = store::connection::get(self.db.pool(), &attempt.workspace)
            .await
            .map_err(|error| unavailable(&error.into()))?;
        if let Some(before) = &before {
            let granted = (response.org_id.as_str(), response.user_id.as_str());
            let known = (before.organization_id.as_str(), before.user_id.as_str());
            if relation(known, granted, attempt.start_over) == Relation::OtherOrg {
                return Err(Problem::OtherOrg);
            }
        }
        let org = self.salesforce.org(OneToken(AccessToken {
            secret: response.access_token.clone(),
            generation: 1,
            instance_url: response.instance.as_str().to_owned(),
            fresh: true,
        }));
        let supported = self.in_time(org.supports_api_version()).await?.map_err(|error| {
            tracing::warn!(workspace = %attempt.workspace, error = %error, "versions of the org cannot be read");
            Problem::NoAnswer
        })?;
        if !supported {
            return Err(Problem::VersionUnsupported(
                self.salesforce.api_version().to_owned(),
            ));
        }
        // The identity endpoint answers also without API access; the limits prove it.
        self.in_time(org.limits()).await?.map_err(|error| {
            tracing::warn!(workspace = %attempt.workspace, error = %error, "the new grant cannot use the API");
            if error.class().retryable() { Problem::NoAnswer } else { Problem::ApiRefused }
        })?;
        let identity = self
            .in_time(
                self.endpoint
                    .identity(&response.identity_url, &response.access_token),
            )
            .await?;
        let identity = identity.map_err(|error| problem_of(&error))?;
        self.store(attempt, response, identity).await
    }

    async fn store(
        &self,
        attempt: &Attempt,
        response: &TokenResponse,
        identity: Identity,
    ) -> Result<Connected, Problem> {
        match self.store_in_unit(attempt, response, identity).await {
            Ok(outcome) => outcome,
            Err(failure) => Err(unavailable(&failure)),
        }
    }

    async fn store_in_unit(
        &self,
        attempt: &Attempt,
        response: &TokenResponse,
        identity: Identity,
    ) -> Result<Result<Connected, Problem>, Failure> {
        let workspace = &attempt.workspace;
        let mut unit = self.db.begin().await?;
        let db = unit.connection();
        let before = store::connection::lock_or_create(db, workspace).await?;
        let known = (before.organization_id.as_str(), before.user_id.as_str());
        let granted = (response.org_id.as_str(), response.user_id.as_str());
        let relation = relation(known, granted, attempt.start_over);
        let place = |kind| secret::Place {
            workspace,
            kind,
            owner: "",
        };
        match relation {
            Relation::OtherOrg => return Ok(Err(Problem::OtherOrg)),
            // The grant of the same user is left alone: Salesforce ends it by itself when there are too many.
            Relation::Same => {}
            Relation::OtherUser | Relation::StartsOver => {
                if let Some((_, replaced)) =
                    secret::get_in(db, &self.ring, place(secret::Kind::RefreshToken)).await?
                {
                    store::revocation::enqueue(
                        db,
                        &self.ring,
                        Uuid::new_v4(),
                        workspace,
                        &before.instance_url,
                        &replaced,
                    )
                    .await?;
                }
            }
        }
        let generation = lease::advance(db, workspace, Some(false)).await?;
        if let Some(refresh_token) = &response.refresh_token {
            secret::put(
                db,
                &self.ring,
                place(secret::Kind::RefreshToken),
                generation,
                refresh_token,
            )
            .await?;
        }
        secret::put(
            db,
            &self.ring,
            place(secret::Kind::AccessToken),
            generation,
            &response.access_token,
        )
        .await?;
        let owner = attempt.id.to_string();
        secret::destroy(
            db,
            secret::Place {
                workspace,
                kind: secret::Kind::CodeVerifier,
                owner: &owner,
            },
        )
        .await?;
        lease::settle(db, workspace).await?;
        let grantee = Grantee {
            organization_id: response.org_id.as_str().to_owned(),
            user_id: response.user_id.as_str().to_owned(),
            username: identity.username,
            is_sandbox: attempt.is_sandbox || response.instance.as_str().contains(".sandbox.my."),
            instance_url: response.instance.as_str().to_owned(),
        };
        let after = before.authorized(grantee, Utc::now());
        change::save(&mut unit, &before, &after, &attempt.requested_by).await?;
        unit.commit().await?;
        Ok(Ok(Connected {
            return_path: attempt.return_path.clone(),
        }))
    }

    /// A grant we do not keep must not stay alive.
    async fn let_go(&self, attempt: &Attempt, response: &TokenResponse, unwanted: &SecretString) {
        let enqueue = async {
            let mut unit = self.db.begin().await?;
            store::revocation::enqueue(
                unit.connection(),
                &self.ring,
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
        let mut unit = self.db.begin().await?;
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

    async fn in_time<T>(&self, call: impl Future<Output = T>) -> Result<T, Problem> {
        timeout(Duration::from_millis(self.call_ms), call)
            .await
            .map_err(|_elapsed| Problem::NoAnswer)
    }
}

/// The token of a grant that is being checked: there is no other.
struct OneToken(AccessToken);

impl TokenSource for OneToken {
    async fn token(&self) -> Result<AccessToken, TokenSourceError> {
        Ok(self.0.clone())
    }

    async fn rejected(&self, _rejected: &AccessToken) -> Result<AccessToken, TokenSourceError> {
        Ok(self.0.clone())
    }
}
