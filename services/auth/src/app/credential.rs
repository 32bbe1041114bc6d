//! What is shown to the token endpoint for a new access token: the stored refresh token, or an assertion signed for this
//! one call with the customer's key.

use chrono::Utc;
use salesforce::host::Base;
use salesforce::oauth::{Assertion, SigningKey, TokenEndpoint, TokenError, TokenResponse};
use secrecy::SecretString;

use super::access_token::AccessTokens;
use super::refresh::Work;
use crate::domain::grant::Grant;
use crate::domain::state::Loss;
use crate::store::secret;

/// Something to show.
pub(super) enum Credential {
    /// May be single-use.
    RefreshToken(SecretString),
    /// Valid for two minutes.
    Assertion(SecretString),
}

/// Why there is nothing to show.
pub(super) enum Unusable {
    /// It is not there.
    Gone(Loss),
    /// It is there and cannot be used: an operator has to look.
    OurFault(&'static str),
    /// The store is away.
    Store(crate::store::StoreError),
}

impl Credential {
    /// Trades it for an access token.
    pub(super) async fn trade(
        &self,
        endpoint: &TokenEndpoint,
        host: &Base,
    ) -> Result<TokenResponse, TokenError> {
        match self {
            Self::RefreshToken(token) => endpoint.refresh(host, token).await,
            Self::Assertion(assertion) => endpoint.jwt_bearer(host, assertion).await,
        }
    }
}

impl AccessTokens {
    pub(super) async fn credential(&self, work: &Work) -> Result<Credential, Unusable> {
        let (kind, gone) = match &work.standing.grant {
            Grant::RefreshToken => (secret::Kind::RefreshToken, Loss::Revoked),
            Grant::JwtBearer { .. } => (secret::Kind::SigningKey, Loss::AssertionRefused),
        };
        let place = secret::Place {
            workspace: &work.workspace,
            kind,
            owner: "",
        };
        let scope = self.inner.db.workspace(&work.workspace);
        let stored = match secret::get(&scope, &self.inner.ring, place).await {
            Ok(Some((_, stored))) => stored,
            Ok(None) => return Err(Unusable::Gone(gone)),
            Err(error @ crate::store::StoreError::Database(_)) => {
                return Err(Unusable::Store(error));
            }
            Err(error) => {
                tracing::error!(workspace = %work.workspace, error = %error, "stored grant is not usable");
                return Err(Unusable::OurFault(
                    "the stored grant does not open: check the seal keys",
                ));
            }
        };
        let (consumer_key, audience) = match &work.standing.grant {
            Grant::RefreshToken => return Ok(Credential::RefreshToken(stored)),
            Grant::JwtBearer {
                consumer_key,
                audience,
            } => (consumer_key, audience),
        };
        let assertion = Assertion {
            consumer_key,
            username: &work.standing.username,
            audience,
            now: Utc::now(),
        };
        SigningKey::parse(&stored)
            .and_then(|key| assertion.sign(&key))
            .map(Credential::Assertion)
            .map_err(|error| {
                tracing::error!(workspace = %work.workspace, error = %error, "stored key does not sign");
                Unusable::OurFault("the stored key does not sign any more; connect again with it")
            })
    }
}
