//! A new grant is checked and stored, whichever way it came: the same org as before, an API that answers, a user known by
//! name; then tokens, grant, state and event in one transaction.

use std::sync::Arc;
use std::time::Duration;

use chassis::{Db, Failure};
use chrono::Utc;
use events::WorkspaceId;

use salesforce::oauth::{TokenEndpoint, TokenError, TokenResponse};
use salesforce::soql::Query;
use salesforce::{
    AccessToken, FieldName, ObjectName, Org, Salesforce, TokenSource, TokenSourceError,
};
use secrecy::SecretString;
use sqlx::PgConnection;
use tokio::time::timeout;
use uuid::Uuid;

use super::change;
use crate::domain::attempt::{Relation, relation};
use crate::domain::connection::{Connection, Grantee};
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::sandbox;
use crate::seal::Ring;
use crate::store::{self, StoreError, lease, secret};

/// Checks and stores grants. Cheap to clone.
#[derive(Clone)]
pub struct AcceptGrant {
    /// The store.
    pub db: Db,
    /// The client.
    pub salesforce: Salesforce,
    /// Asks whom a token belongs to.
    pub endpoint: TokenEndpoint,
    /// Seals the tokens.
    pub ring: Arc<Ring>,
    /// Longest wait for one answer of Salesforce, in milliseconds.
    pub call_ms: u64,
}

/// A grant that was just given.
pub struct Given<'a> {
    /// To whom.
    pub workspace: &'a WorkspaceId,
    /// Giving up the org connected before.
    pub start_over: bool,
    /// Whether a sandbox was chosen when connecting, for orgs that do not tell.
    pub is_sandbox: bool,
    /// The attempt it ends, whose verifier is destroyed.
    pub attempt: Option<Uuid>,
    /// Who asked.
    pub actor: &'a str,
    /// What new tokens are asked for with from now on.
    pub grant: Grant,
    /// The secret of that: the refresh token, or the customer's key.
    pub secret: &'a SecretString,
}

/// Why a grant is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unacceptable {
    /// Salesforce did not answer a check.
    NoAnswer,
    /// An answer names a host that is not Salesforce's.
    Untrusted,
    /// The data API was not granted.
    MissingScope,
    /// Another org than the one connected.
    OtherOrg,
    /// The org does not answer the pinned API version.
    VersionUnsupported(String),
    /// The user may not use the API.
    ApiRefused,
    /// Our own store is away.
    Unavailable,
}

impl AcceptGrant {
    /// Checks the grant and stores it; returns the connection as it is afterwards.
    ///
    /// # Errors
    /// See [`Unacceptable`]; then nothing was changed.
    pub async fn accept(
        &self,
        given: Given<'_>,
        response: &TokenResponse,
    ) -> Result<Connection, Unacceptable> {
        let has = |wanted: &str| {
            let mut scopes = response.scopes.iter();
            scopes.any(|scope| scope == wanted || scope == "full")
        };
        if !response.scopes.is_empty() && !has("api") {
            return Err(Unacceptable::MissingScope);
        }
        let workspace = given.workspace;
        let before = store::connection::get(&self.db.workspace(workspace), workspace)
            .await
            .map_err(|error| unavailable(&error.into()))?;
        if before.is_some_and(|before| {
            relation_of(&before, response, given.start_over) == Relation::OtherOrg
        }) {
            return Err(Unacceptable::OtherOrg);
        }
        let org = self.salesforce.org(OneToken(AccessToken {
            secret: response.access_token.clone(),
            generation: 1,
            instance_url: response.instance.as_str().to_owned(),
            fresh: true,
        }));
        let supported = self
            .in_time(org.supports_api_version())
            .await?
            .map_err(|error| {
                tracing::warn!(%workspace, error = %error, "versions of the org cannot be read");
                Unacceptable::NoAnswer
            })?;
        if !supported {
            let version = self.salesforce.api_version().to_owned();
            return Err(Unacceptable::VersionUnsupported(version));
        }
        // The identity endpoint answers also without API access; the limits prove it.
        self.in_time(org.limits()).await?.map_err(|error| {
            tracing::warn!(%workspace, error = %error, "the new grant cannot use the API");
            if error.class().retryable() {
                Unacceptable::NoAnswer
            } else {
                Unacceptable::ApiRefused
            }
        })?;
        let call = self
            .endpoint
            .identity(&response.identity_url, &response.access_token);
        let identity = self.in_time(call).await?.map_err(|error| {
            tracing::warn!(%workspace, error = %error, "the user of the new grant cannot be read");
            match error {
                TokenError::Host(_) => Unacceptable::Untrusted,
                TokenError::Transport(_)
                | TokenError::Refused { .. }
                | TokenError::SessionOver
                | TokenError::Signature
                | TokenError::Decode(_)
                | TokenError::Inconsistent(_) => Unacceptable::NoAnswer,
            }
        })?;
        let grantee = Grantee {
            organization_id: response.org_id.as_str().to_owned(),
            user_id: response.user_id.as_str().to_owned(),
            username: identity.username,
            is_sandbox: self.is_sandbox(&org, &given, response).await,
            instance_url: response.instance.as_str().to_owned(),
        };
        match self.store(given, response, grantee).await {
            Ok(outcome) => outcome,
            Err(failure) => Err(unavailable(&failure)),
        }
    }

    /// What the address tells, else what the org says of itself, else what was chosen.
    async fn is_sandbox(&self, org: &Org, given: &Given<'_>, response: &TokenResponse) -> bool {
        if let Some(told) = sandbox::told_by(response.instance.as_str()) {
            return told;
        }
        const FIELD: FieldName = FieldName::fixed("IsSandbox");
        let query = Query::from(ObjectName::fixed("Organization")).field(FIELD);
        let rows = match self.in_time(org.query(query.limit(1), 1)).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => {
                tracing::info!(workspace = %given.workspace, error = %error, "the org does not say whether it is a sandbox");
                return given.is_sandbox;
            }
            Err(_late) => return given.is_sandbox,
        };
        let said = rows.first().and_then(|row| row.bool(FIELD.as_str()));
        said.unwrap_or(given.is_sandbox)
    }

    async fn store(
        &self,
        given: Given<'_>,
        response: &TokenResponse,
        grantee: Grantee,
    ) -> Result<Result<Connection, Unacceptable>, Failure> {
        let workspace = given.workspace;
        let mut unit = self.db.begin(workspace).await?;
        let db = unit.connection();
        let before = store::connection::lock_or_create(db, workspace).await?;
        let kind = given.grant.kind();
        match (relation_of(&before, response, given.start_over), kind) {
            (Relation::OtherOrg, _) => return Ok(Err(Unacceptable::OtherOrg)),
            // The grant of the same user is left alone: Salesforce ends it by itself when there are too many.
            (Relation::Same, GrantKind::RefreshToken) => {}
            // Whoever connects by key wants no refresh token to exist.
            (Relation::Same, GrantKind::JwtBearer)
            | (Relation::OtherUser | Relation::StartsOver, _) => {
                self.revoke_replaced(db, &before).await?;
            }
        }
        let place = |kind| secret::Place {
            workspace,
            kind,
            owner: "",
        };
        let (kept, dropped) = match kind {
            GrantKind::RefreshToken => (secret::Kind::RefreshToken, secret::Kind::SigningKey),
            GrantKind::JwtBearer => (secret::Kind::SigningKey, secret::Kind::RefreshToken),
        };
        let generation = lease::advance(db, workspace, Some(false)).await?;
        secret::destroy(db, place(dropped)).await?;
        secret::put(db, &self.ring, place(kept), generation, given.secret).await?;
        let access = place(secret::Kind::AccessToken);
        secret::put(db, &self.ring, access, generation, &response.access_token).await?;
        store::connection::set_grant(db, workspace, &given.grant).await?;
        if let Some(attempt) = given.attempt {
            let owner = attempt.to_string();
            let verifier = secret::Place {
                workspace,
                kind: secret::Kind::CodeVerifier,
                owner: &owner,
            };
            secret::destroy(db, verifier).await?;
        }
        lease::settle(db, workspace).await?;
        let after = before.authorized(grantee, Utc::now());
        change::save(&mut unit, &before, &after, given.actor).await?;
        unit.commit().await?;
        Ok(Ok(after))
    }

    /// Queues the stored refresh token, if any, for revocation.
    async fn revoke_replaced(
        &self,
        db: &mut PgConnection,
        before: &Connection,
    ) -> Result<(), StoreError> {
        let place = secret::Place {
            workspace: &before.workspace,
            kind: secret::Kind::RefreshToken,
            owner: "",
        };
        let Some((_, replaced)) = secret::get_in(db, &self.ring, place).await? else {
            return Ok(());
        };
        let (id, url) = (Uuid::new_v4(), &before.instance_url);
        store::revocation::enqueue(db, &self.ring, id, &before.workspace, url, &replaced).await
    }

    async fn in_time<T>(&self, call: impl Future<Output = T>) -> Result<T, Unacceptable> {
        timeout(Duration::from_millis(self.call_ms), call)
            .await
            .map_err(|_elapsed| Unacceptable::NoAnswer)
    }
}

fn relation_of(before: &Connection, response: &TokenResponse, start_over: bool) -> Relation {
    let known = (before.organization_id.as_str(), before.user_id.as_str());
    let granted = (response.org_id.as_str(), response.user_id.as_str());
    relation(known, granted, start_over)
}

fn unavailable(failure: &Failure) -> Unacceptable {
    tracing::error!(error = failure.chain(), "new grant cannot be stored");
    Unacceptable::Unavailable
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
