//! Calls to the OAuth endpoints. Nothing is retried here: with rotating refresh tokens a repeat can
//! kill the grant, so the caller decides from [`TokenError::outcome`] and [`TokenError::failure`].

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::Serializer;

use super::failure::{TokenFailure, classify_token_error, parse_body};
use super::identity::{Identity, Introspection, UserInfo};
use super::response::{self, TokenResponse};
use crate::client::Salesforce;
use crate::error::{DecodeError, Outcome, RAW_BYTES_MAX};
use crate::host::{Base, HostError};
use crate::wire::{Call, Reply, TransportError};

/// Redirects followed by revoke and identity, each through the allow-list again.
const REDIRECTS_MAX: usize = 2;

/// The consumer key and secret of our app.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Consumer key, public.
    pub key: String,
    /// Consumer secret.
    pub secret: SecretString,
}

/// The OAuth endpoints, called as one app.
#[derive(Clone)]
pub struct TokenEndpoint {
    salesforce: Salesforce,
    credentials: ClientCredentials,
}

/// What the browser is sent to authorise with.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest<'a> {
    /// Exactly as registered with the app.
    pub redirect_uri: &'a str,
    /// Scopes separated by spaces, such as `api refresh_token id`.
    pub scope: &'a str,
    /// Random, single use, bound to the browser session.
    pub state: &'a str,
    /// base64url without padding of SHA-256 of the verifier.
    pub code_challenge: &'a str,
    /// `login consent` to connect a different user; omit on reconnect.
    pub prompt: Option<&'a str>,
    /// User name to prefill on reconnect.
    pub login_hint: Option<&'a str>,
}

/// Which kind of token is shown to revoke or introspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A bearer for API calls.
    Access,
    /// A refresh token.
    Refresh,
}

/// A token call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No usable answer arrived.
    #[error("token endpoint gave no answer")]
    Transport(#[source] TransportError),
    /// Salesforce refused; `error` and `description` are its own words, bounded.
    #[error("token endpoint refused ({http_status} {error}): {description}")]
    Refused {
        /// Status of the answer.
        http_status: u16,
        /// The OAuth error; empty when the body is not an OAuth error.
        error: String,
        /// The OAuth error description.
        description: String,
        /// What it means for the connection.
        failure: TokenFailure,
    },
    /// The identity or userinfo endpoint does not accept the bearer: like a 401 on an API call.
    #[error("access token is not accepted any more")]
    SessionOver,
    /// The signature does not belong to the answer: somebody altered it, or the secret is not ours.
    #[error("signature of the token response does not match")]
    Signature,
    /// The answer names a host outside the allow-list.
    #[error("token response names an address outside the allow-list")]
    Host(#[source] HostError),
    /// The answer is not the documented JSON.
    #[error("answer of the token endpoint is not understood")]
    Decode(#[source] DecodeError),
    /// The answer contradicts itself or its limits.
    #[error("answer of the token endpoint is not usable: {0}")]
    Inconsistent(&'static str),
}

impl TokenError {
    /// What is known about the effect: an ambiguous refresh may have rotated the token.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Transport(source) => source.outcome(),
            Self::Refused { http_status, .. } if *http_status >= 500 => Outcome::Ambiguous,
            Self::Refused { .. } | Self::SessionOver => Outcome::Answered,
            // A success status whose content we must not or cannot use.
            Self::Signature | Self::Host(_) | Self::Decode(_) | Self::Inconsistent(_) => {
                Outcome::Ambiguous
            }
        }
    }

    /// What it means for the connection, when it means anything by itself. `None`: the answer was not
    /// usable, or the bearer of an identity call is dead.
    pub fn failure(&self) -> Option<TokenFailure> {
        match self {
            Self::Transport(_) => Some(TokenFailure::Retry { after_s: 5 }),
            Self::Refused { failure, .. } => Some(*failure),
            Self::SessionOver
            | Self::Signature
            | Self::Host(_)
            | Self::Decode(_)
            | Self::Inconsistent(_) => None,
        }
    }
}

impl TokenEndpoint {
    pub(crate) fn new(salesforce: Salesforce, credentials: ClientCredentials) -> Self {
        Self {
            salesforce,
            credentials,
        }
    }

    /// The consumer key these calls are made with.
    pub fn client_id(&self) -> &str {
        &self.credentials.key
    }

    /// Where to send the browser.
    pub fn authorize_url(&self, login: &Base, request: &AuthorizeRequest<'_>) -> String {
        let mut query = Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.credentials.key)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", request.scope)
            .append_pair("state", request.state)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(prompt) = request.prompt {
            query.append_pair("prompt", prompt);
        }
        if let Some(login_hint) = request.login_hint {
            query.append_pair("login_hint", login_hint);
        }
        login.join(&format!("/services/oauth2/authorize?{}", query.finish()))
    }

    /// Exchanges an authorisation code. `code` is decoded, as the callback's query gave it.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn exchange_code(
        &self,
        login: &Base,
        code: &str,
        redirect_uri: &str,
        code_verifier: &SecretString,
    ) -> Result<TokenResponse, TokenError> {
        let form = self.form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", code_verifier.expose_secret()),
        ]);
        let secret = Some(&self.credentials.secret);
        self.token("exchange_code", login, form, secret).await
    }

    /// Trades a refresh token for an access token. One at a time per credential, everywhere.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn refresh(
        &self,
        host: &Base,
        refresh_token: &SecretString,
    ) -> Result<TokenResponse, TokenError> {
        let form = self.form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose_secret()),
        ]);
        let secret = Some(&self.credentials.secret);
        self.token("refresh_token", host, form, secret).await
    }

    /// Trades a signed assertion for an access token (server to server). The app is the customer's own, named in the
    /// assertion; its secret is not ours, so a signature in the answer cannot be checked, and none is expected.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn jwt_bearer(
        &self,
        login: &Base,
        assertion: &SecretString,
    ) -> Result<TokenResponse, TokenError> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", assertion.expose_secret())
            .finish();
        self.token("jwt_bearer", login, form, None).await
    }

    /// Revokes a token; revoking a refresh token kills its access tokens too. A token Salesforce
    /// does not know is as good as revoked.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn revoke(&self, host: &Base, token: &SecretString) -> Result<(), TokenError> {
        // Finished in one expression: a serializer that lives across an await makes the future not `Send`.
        let form = Serializer::new(String::new())
            .append_pair("token", token.expose_secret())
            .finish();
        let call = form_call("revoke", "/services/oauth2/revoke", form);
        let url = host.join(&call.path);
        let reply = self.follow(url, &call, None).await?;
        match reply.status {
            200..=299 => Ok(()),
            _ if parse_body(&reply.body).is_some_and(|(error, _)| error == "invalid_token") => {
                Ok(())
            }
            status => Err(refused(status, &reply.body)),
        }
    }

    /// Asks whether a token is alive. The app must be allowed to introspect.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn introspect(
        &self,
        host: &Base,
        token: &SecretString,
        kind: TokenKind,
    ) -> Result<Introspection, TokenError> {
        let hint = match kind {
            TokenKind::Access => "access_token",
            TokenKind::Refresh => "refresh_token",
        };
        let form = self.form(&[("token", token.expose_secret()), ("token_type_hint", hint)]);
        let call = form_call("introspect", "/services/oauth2/introspect", form);
        let reply = self.exchange(&host.join(&call.path), &call, None).await?;
        decode(&reply)
    }

    /// Who the bearer is. Does not prove API access: [`crate::Org::limits`] does.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn userinfo(
        &self,
        host: &Base,
        access_token: &SecretString,
    ) -> Result<UserInfo, TokenError> {
        let call = get_call("userinfo", "/services/oauth2/userinfo");
        let url = host.join(&call.path);
        decode(&self.exchange(&url, &call, Some(access_token)).await?)
    }

    /// The answer of the identity URL of a token response.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn identity(
        &self,
        identity_url: &str,
        access_token: &SecretString,
    ) -> Result<Identity, TokenError> {
        let hosts = &self.salesforce.shared.hosts;
        let url = hosts.identity(identity_url).map_err(TokenError::Host)?;
        let call = get_call("identity", url.path());
        decode(&self.follow(url.into(), &call, Some(access_token)).await?)
    }

    fn form(&self, fields: &[(&str, &str)]) -> String {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields)
            .append_pair("client_id", &self.credentials.key)
            .append_pair("client_secret", self.credentials.secret.expose_secret());
        form.finish()
    }

    async fn token(
        &self,
        operation: &'static str,
        host: &Base,
        form: String,
        secret: Option<&SecretString>,
    ) -> Result<TokenResponse, TokenError> {
        let call = form_call(operation, "/services/oauth2/token", form);
        let reply = self.exchange(&host.join(&call.path), &call, None).await?;
        if reply.status != 200 {
            return Err(refused(reply.status, &reply.body));
        }
        response::parse(&reply.body, &self.salesforce.shared.hosts, secret)
    }

    async fn exchange(
        &self,
        url: &str,
        call: &Call,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, TokenError> {
        let wire = &self.salesforce.shared.wire;
        wire.exchange(url, call, bearer, 0)
            .await
            .map_err(TokenError::Transport)
    }

    /// Like [`Self::exchange`], following a few redirects whose target passes the allow-list.
    async fn follow(
        &self,
        mut url: String,
        call: &Call,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, TokenError> {
        for _hop in 0..=REDIRECTS_MAX {
            let reply = self.exchange(&url, call, bearer).await?;
            if !matches!(reply.status, 301 | 302 | 307 | 308) {
                return Ok(reply);
            }
            let target = reply
                .header("location")
                .and_then(|location| Url::parse(&url).ok()?.join(location).ok())
                .ok_or(TokenError::Inconsistent("redirect without a location"))?;
            let base = &target[..url::Position::BeforePath];
            let hosts = &self.salesforce.shared.hosts;
            hosts.login(base).map_err(TokenError::Host)?;
            url = target.into();
        }
        Err(TokenError::Inconsistent("too many redirects"))
    }
}

fn form_call(operation: &'static str, path: &str, form: String) -> Call {
    Call {
        operation,
        method: Method::POST,
        path: path.to_owned(),
        headers: vec![(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        )],
        body: Some(Bytes::from(form)),
        is_read: false,
    }
}

fn get_call(operation: &'static str, path: &str) -> Call {
    Call {
        operation,
        method: Method::GET,
        path: path.to_owned(),
        headers: Vec::new(),
        body: None,
        is_read: true,
    }
}

fn decode<T: DeserializeOwned>(reply: &Reply) -> Result<T, TokenError> {
    match reply.status {
        200 => {
            serde_json::from_slice(&reply.body).map_err(|error| TokenError::Decode(error.into()))
        }
        401 => Err(TokenError::SessionOver),
        // Plain text, with a status that elsewhere means "no permission".
        403 if reply.body.starts_with(b"Bad_OAuth_Token")
            || reply.body.starts_with(b"Missing_OAuth_Token") =>
        {
            Err(TokenError::SessionOver)
        }
        status => Err(refused(status, &reply.body)),
    }
}

fn refused(http_status: u16, body: &[u8]) -> TokenError {
    let (error, mut description) = parse_body(body).unwrap_or_default();
    description.truncate(description.floor_char_boundary(RAW_BYTES_MAX));
    TokenError::Refused {
        http_status,
        error: error.chars().take(64).collect(),
        description,
        failure: classify_token_error(http_status, body),
    }
}
