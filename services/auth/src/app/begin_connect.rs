//! An admin asks for a link: the attempt is stored, a first connection is marked as authorizing.

use chassis::{Db, Failure};
use chrono::{DateTime, TimeDelta, Utc};
use events::WorkspaceId;
use events::rpc::{Code, RpcError};
use salesforce::host::{Base, DomainKind};
use salesforce::{LoginChoice, Salesforce};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::change;
use crate::domain::attempt::{ATTEMPT_MINUTES_MAX, return_path};
use crate::domain::state::Trigger;
use crate::store::{self, attempt::Attempt};
use crate::{secret_text, wire};

/// Links of one workspace that may be open at once.
const ATTEMPTS_OPEN_MAX: i64 = 10;

/// Where to log in, as the admin chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment<'a> {
    /// The configured login address.
    Production,
    /// The sandbox login address.
    Sandbox,
    /// The customer's own domain, by label.
    CustomDomain(&'a str),
}

/// What the admin asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// For whom.
    pub workspace: &'a WorkspaceId,
    /// Where to log in.
    pub environment: Environment<'a>,
    /// As somebody else than before.
    pub different_user: bool,
    /// Giving up the org connected before.
    pub start_over: bool,
    /// Where the browser goes afterwards.
    pub return_path: &'a str,
    /// Who asks.
    pub actor: &'a str,
}

/// The link.
pub struct Link {
    /// Its secret part.
    pub ticket: SecretString,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Starts an attempt.
///
/// # Errors
/// What is wrong with the wish, or that the store is away.
pub async fn begin(db: &Db, salesforce: &Salesforce, wish: Wish<'_>) -> Result<Link, RpcError> {
    let (login, is_sandbox) = login(salesforce, wish.environment)?;
    let return_path = return_path(wish.return_path).ok_or_else(|| {
        RpcError::invalid(
            "return_path",
            "must be a path beginning with one `/`, of printable ASCII, never a URL",
        )
    })?;
    let expires_at = Utc::now() + TimeDelta::minutes(ATTEMPT_MINUTES_MAX);
    let attempt = Attempt {
        id: Uuid::now_v7(),
        workspace: wish.workspace.clone(),
        login_url: login.as_str().to_owned(),
        different_user: wish.different_user || wish.start_over,
        start_over: wish.start_over,
        is_sandbox,
        return_path: return_path.to_owned(),
        requested_by: wish.actor.to_owned(),
        expires_at,
        used: false,
        browser_hash: None,
    };
    let ticket = secret_text::random();
    let stored = store_attempt(db, &attempt, &ticket)
        .await
        .map_err(wire::unavailable)?;
    if !stored {
        return Err(RpcError::new(
            Code::ResourceExhausted,
            format!(
                "{ATTEMPTS_OPEN_MAX} connect links of this workspace are open; use one of them or wait ten minutes"
            ),
        ));
    }
    Ok(Link { ticket, expires_at })
}

/// False when too many attempts are open.
async fn store_attempt(db: &Db, attempt: &Attempt, ticket: &SecretString) -> Result<bool, Failure> {
    let mut unit = db.begin(&attempt.workspace).await?;
    let before = store::connection::lock_or_create(unit.connection(), &attempt.workspace).await?;
    if store::attempt::open_count(unit.connection(), &attempt.workspace).await? >= ATTEMPTS_OPEN_MAX
    {
        return Ok(false);
    }
    let ticket_hash = secret_text::hash(ticket.expose_secret());
    store::attempt::create(unit.connection(), attempt, &ticket_hash).await?;
    if let Some(after) = before.after(Trigger::Begun, Utc::now()) {
        change::save(&mut unit, &before, &after, &attempt.requested_by).await?;
    }
    unit.commit().await?;
    Ok(true)
}

/// The login address of a choice, and whether it belongs to sandboxes.
pub(super) fn login(
    salesforce: &Salesforce,
    environment: Environment<'_>,
) -> Result<(Base, bool), RpcError> {
    let (choice, is_sandbox) = match environment {
        Environment::Production => (LoginChoice::Production, false),
        Environment::Sandbox => (LoginChoice::Sandbox, true),
        Environment::CustomDomain(label) => {
            let label = label.trim().to_ascii_lowercase();
            let kind = DomainKind::of_label(&label);
            (
                LoginChoice::CustomDomain { label, kind },
                kind == DomainKind::Sandbox,
            )
        }
    };
    let base = salesforce
        .login(&choice)
        .map_err(|error| RpcError::invalid("my_domain", format!("is not usable: {error}")))?;
    Ok((base, is_sandbox))
}
