//! The token endpoint's success answer, checked before anyone uses it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

use super::endpoint::TokenError;
use crate::host::{AllowList, Base};
use crate::id::Id;

/// Longest token accepted, in bytes. Opaque ones have about 112, JWTs some thousand.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Tokens and what Salesforce says about them. Hosts and signature are already checked.
pub struct TokenResponse {
    /// The bearer for API calls.
    pub access_token: SecretString,
    /// Present after a code exchange, and after a refresh when the app rotates tokens. When present,
    /// store it before using the access token: the previous one is dead.
    pub refresh_token: Option<SecretString>,
    /// Only when `openid` was asked for.
    pub id_token: Option<SecretString>,
    /// Where to call. May change with every response: store it each time.
    pub instance: Base,
    /// The identity URL.
    pub identity_url: String,
    /// The org, from the identity URL.
    pub org_id: Id,
    /// The user, from the identity URL.
    pub user_id: Id,
    /// Granted scopes; empty when the response does not say.
    pub scopes: Vec<String>,
    /// When it was issued. There is no expiry: refresh on 401.
    pub issued_at: Option<DateTime<Utc>>,
    /// Usually `Bearer`.
    pub token_type: Option<String>,
    /// `opaque` or `jwt`, in newer orgs.
    pub token_format: Option<String>,
    /// The community the user belongs to, for external users.
    pub community_id: Option<String>,
    /// Whether a signature was present, and therefore verified.
    pub signed: bool,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("instance", &self.instance)
            .field("org_id", &self.org_id)
            .field("user_id", &self.user_id)
            .field("scopes", &self.scopes)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Sent {
    access_token: String,
    instance_url: String,
    id: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    signature: Option<String>,
    scope: Option<String>,
    /// Milliseconds as text; some documentation says seconds, the recordings say otherwise.
    issued_at: Option<String>,
    token_type: Option<String>,
    token_format: Option<String>,
    sfdc_community_id: Option<String>,
}

/// Whether `signature` is base64 of HMAC-SHA256 over `id` and `issued_at` under the consumer secret.
///
/// It proves those two were not altered. It does not cover `instance_url`.
pub fn signature_matches(
    consumer_secret: &SecretString,
    id: &str,
    issued_at: &str,
    signature: &str,
) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(consumer_secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(id.as_bytes());
    mac.update(issued_at.as_bytes());
    // Compares in constant time.
    mac.verify_slice(&signature).is_ok()
}

/// The last two path segments of an identity URL: org and user.
fn ids_of(identity_url: &str) -> Option<(Id, Id)> {
    let mut parts = identity_url.rsplit('/');
    let user = Id::parse(parts.next()?).ok()?;
    let org = Id::parse(parts.next()?).ok()?;
    Some((org, user))
}

pub(super) fn parse(
    body: &[u8],
    hosts: &AllowList,
    consumer_secret: Option<&SecretString>,
) -> Result<TokenResponse, TokenError> {
    let sent: Sent =
        serde_json::from_slice(body).map_err(|error| TokenError::Decode(error.into()))?;
    if sent.access_token.is_empty() || sent.access_token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Inconsistent(
            "access token is empty or too long",
        ));
    }
    if let (Some(signature), Some(consumer_secret)) = (&sent.signature, consumer_secret) {
        let issued_at = sent.issued_at.as_deref().unwrap_or("");
        if !signature_matches(consumer_secret, &sent.id, issued_at, signature) {
            return Err(TokenError::Signature);
        }
    }
    let instance = hosts.api(&sent.instance_url).map_err(TokenError::Host)?;
    hosts.identity(&sent.id).map_err(TokenError::Host)?;
    let (org_id, user_id) = ids_of(&sent.id).ok_or(TokenError::Inconsistent(
        "identity URL does not name org and user",
    ))?;
    Ok(TokenResponse {
        access_token: sent.access_token.into(),
        refresh_token: sent
            .refresh_token
            .filter(|token| !token.is_empty())
            .map(Into::into),
        id_token: sent.id_token.map(Into::into),
        instance,
        identity_url: sent.id,
        org_id,
        user_id,
        scopes: sent
            .scope
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        issued_at: sent
            .issued_at
            .and_then(|text| text.parse().ok())
            .and_then(DateTime::from_timestamp_millis),
        token_type: sent.token_type,
        token_format: sent.token_format,
        community_id: sent.sfdc_community_id,
        signed: sent.signature.is_some() && consumer_secret.is_some(),
    })
}
