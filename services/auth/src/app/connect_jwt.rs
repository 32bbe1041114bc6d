//! An admin connects without a browser: the first assertion is signed and traded at once, and only a key that works is kept.

use std::time::Duration;

use chrono::Utc;
use events::WorkspaceId;
use events::rpc::{Code, RpcError};
use salesforce::oauth::{Assertion, SigningKey, TokenError};
use salesforce::{LoginChoice, Salesforce};
use secrecy::SecretString;
use tokio::time::timeout;

use super::accept_grant::{AcceptGrant, Given, Unacceptable};
use super::begin_connect::{Environment, login};
use crate::domain::connection::Connection;
use crate::domain::grant::Grant;
use crate::domain::jwt_refusal::{JwtRefusal, refusal};
use crate::telemetry::Telemetry;

/// Longest consumer key, in characters; Salesforce's have 85.
const CONSUMER_KEY_CHARACTERS_MAX: usize = 256;
/// Longest login name Salesforce allows, in characters.
const USERNAME_CHARACTERS_MAX: usize = 80;

/// What the admin supplies.
pub struct Wish<'a> {
    /// For whom.
    pub workspace: &'a WorkspaceId,
    /// Where the user logs in.
    pub environment: Environment<'a>,
    /// Consumer key of the customer's app.
    pub consumer_key: &'a str,
    /// The user to act as.
    pub username: &'a str,
    /// PEM.
    pub private_key: SecretString,
    /// Giving up the org connected before.
    pub start_over: bool,
    /// Who asks.
    pub actor: &'a str,
}

/// Connects by assertion.
#[derive(Clone)]
pub struct ConnectJwt {
    /// The client.
    pub salesforce: Salesforce,
    /// Checks and stores.
    pub accept: AcceptGrant,
    /// Counts outcomes.
    pub telemetry: Telemetry,
}

impl ConnectJwt {
    /// Connects; returns the connection afterwards.
    ///
    /// # Errors
    /// What is wrong and what to do about it; then nothing was changed.
    pub async fn connect(&self, wish: Wish<'_>) -> Result<Connection, RpcError> {
        let workspace = wish.workspace.clone();
        let outcome = self.try_connect(wish).await;
        let name = match &outcome {
            Ok(_) => "connected",
            Err(error) if error.code == Code::InvalidArgument => "invalid",
            Err(error) if error.code.retryable() => "no_answer",
            Err(_) => "refused",
        };
        self.telemetry.connect_ended(name);
        if let Err(error) = &outcome {
            tracing::warn!(%workspace, error = %error, "connecting by assertion failed");
        }
        outcome
    }

    async fn try_connect(&self, wish: Wish<'_>) -> Result<Connection, RpcError> {
        let consumer_key = bounded(
            "consumer_key",
            wish.consumer_key,
            CONSUMER_KEY_CHARACTERS_MAX,
        )?;
        let username = bounded("username", wish.username, USERNAME_CHARACTERS_MAX)?;
        let key = SigningKey::parse(&wish.private_key)
            .map_err(|error| RpcError::invalid("private_key", error.to_string()))?;
        let (host, is_sandbox) = login(&self.salesforce, wish.environment)?;
        // Also with a customer's own domain the audience is the generic login host of its kind.
        let choice = if is_sandbox {
            LoginChoice::Sandbox
        } else {
            LoginChoice::Production
        };
        let audience = self
            .salesforce
            .login(&choice)
            .map_err(|error| RpcError::invalid("environment", format!("is not usable: {error}")))?
            .as_str()
            .to_owned();
        let assertion = Assertion {
            consumer_key,
            username,
            audience: &audience,
            now: Utc::now(),
        };
        let assertion = assertion
            .sign(&key)
            .map_err(|error| RpcError::invalid("private_key", error.to_string()))?;
        let call = self.accept.endpoint.jwt_bearer(&host, &assertion);
        let response = timeout(Duration::from_millis(self.accept.call_ms), call)
            .await
            .map_err(|_elapsed| refused(JwtRefusal::TryAgain))?
            .map_err(|error| {
                tracing::warn!(workspace = %wish.workspace, error = %error, "salesforce refused an assertion");
                match error {
                    TokenError::Refused { failure, .. } => refused(refusal(failure)),
                    TokenError::Host(_) | TokenError::Signature => {
                        unacceptable(&Unacceptable::Untrusted)
                    }
                    TokenError::Transport(_)
                    | TokenError::SessionOver
                    | TokenError::Decode(_)
                    | TokenError::Inconsistent(_) => refused(JwtRefusal::TryAgain),
                }
            })?;
        let given = Given {
            workspace: wish.workspace,
            start_over: wish.start_over,
            is_sandbox,
            attempt: None,
            actor: wish.actor,
            grant: Grant::JwtBearer {
                consumer_key: consumer_key.to_owned(),
                audience,
            },
            secret: &wish.private_key,
        };
        let accepted = self.accept.accept(given, &response).await;
        accepted.map_err(|reason| unacceptable(&reason))
    }
}

fn bounded<'a>(field: &str, text: &'a str, characters_max: usize) -> Result<&'a str, RpcError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(RpcError::invalid(field, "is missing"));
    }
    if text.chars().count() > characters_max || text.chars().any(char::is_control) {
        return Err(RpcError::invalid(
            field,
            format!("must be one line of at most {characters_max} characters"),
        ));
    }
    Ok(text)
}

fn refused(refusal: JwtRefusal) -> RpcError {
    let code = match refusal {
        JwtRefusal::TryAgain => Code::Unavailable,
        JwtRefusal::NotPreauthorized
        | JwtRefusal::NotAdmitted
        | JwtRefusal::UserInactive
        | JwtRefusal::OrganizationInactive
        | JwtRefusal::IpOrLoginHours
        | JwtRefusal::AppUnknown
        | JwtRefusal::AssertionRefused
        | JwtRefusal::WrongAudience
        | JwtRefusal::LoginFailed
        | JwtRefusal::OurFault => Code::FailedPrecondition,
    };
    RpcError::new(code, refusal.advice())
}

fn unacceptable(reason: &Unacceptable) -> RpcError {
    let (code, message) = match reason {
        Unacceptable::NoAnswer => (Code::Unavailable, JwtRefusal::TryAgain.advice().to_owned()),
        Unacceptable::Untrusted => (
            Code::FailedPrecondition,
            "salesforce's answer names a host that is not salesforce's; it was not used".to_owned(),
        ),
        Unacceptable::MissingScope => (
            Code::FailedPrecondition,
            "the app lacks the scope api: add “Manage user data via APIs” to it, then connect again".to_owned(),
        ),
        Unacceptable::OtherOrg => (
            Code::FailedPrecondition,
            "this is another org than the one connected, and mappings hold its ids: connect to that org, or start over".to_owned(),
        ),
        Unacceptable::VersionUnsupported(version) => (
            Code::FailedPrecondition,
            format!("the org does not offer API version {version}: connect again after its next release"),
        ),
        Unacceptable::ApiRefused => (
            Code::FailedPrecondition,
            "the user may not use the API: give the user the permission API Enabled, or connect as another one".to_owned(),
        ),
        Unacceptable::Unavailable => (
            Code::Unavailable,
            "the connection cannot be stored right now; try again in a minute".to_owned(),
        ),
    };
    RpcError::new(code, message)
}
