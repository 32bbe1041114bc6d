//! Asks an OpenID Connect provider: where its pages are, which keys it signs with, who came back with a code.

use std::time::Duration;

use anyhow::Context as _;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::domain::id_token::KeySet;

/// What was discovered is good for this long, in seconds: keys rotate, rarely and with an overlap.
const DISCOVERED_S: u64 = 300;
/// Longest the provider may take, in seconds.
const ANSWER_S_MAX: u64 = 10;
/// Largest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A provider as configured.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    client_secret: Option<SecretString>,
    http: reqwest::Client,
    discovered: Cache<(), Discovered>,
}

/// What it says of itself, and its keys.
#[derive(Debug, Clone)]
pub(crate) struct Discovered {
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) keys: KeySet,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Why the provider could not be asked. Never holds what it answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the provider does not answer at {0}")]
    Away(String, #[source] reqwest::Error),
    #[error("the provider answers {1} at {0}")]
    Refused(String, u16),
    #[error("the provider's answer at {0} cannot be read")]
    Unreadable(String),
    #[error("the provider calls itself {0:?}, not what CONSOLE_OIDC_ISSUER says")]
    OtherIssuer(String),
    #[error("the provider names {0:?}, which is neither https nor on this machine")]
    Insecure(String),
}

impl Provider {
    /// # Errors
    /// When the issuer is no address that may be trusted.
    pub(crate) fn new(
        issuer: &str,
        client_id: &str,
        client_secret: Option<SecretString>,
    ) -> anyhow::Result<Self> {
        safe(issuer).context("CONSOLE_OIDC_ISSUER")?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(ANSWER_S_MAX))
            .build()?;
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret,
            http,
            discovered: Cache::builder()
                .max_capacity(1)
                .time_to_live(Duration::from_secs(DISCOVERED_S))
                .build(),
        })
    }

    /// As it said a moment ago (OpenID Connect Discovery 1.0, section 4).
    pub(crate) async fn discovered(&self) -> Result<Discovered, std::sync::Arc<Error>> {
        self.discovered.try_get_with((), self.discover()).await
    }

    async fn discover(&self) -> Result<Discovered, Error> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let metadata: Metadata = self.ask(&address, self.http.get(&address)).await?;
        if metadata.issuer != self.issuer {
            return Err(Error::OtherIssuer(metadata.issuer));
        }
        let keys = safe(&metadata.jwks_uri)?;
        Ok(Discovered {
            authorization_endpoint: safe(&metadata.authorization_endpoint)?,
            token_endpoint: safe(&metadata.token_endpoint)?,
            keys: self.ask(keys.as_str(), self.http.get(keys.clone())).await?,
        })
    }

    /// The ID token of a code (RFC 6749 4.1.3, RFC 7636 4.5).
    pub(crate) async fn redeem(
        &self,
        discovered: &Discovered,
        code: &str,
        pkce_verifier: &str,
        redirect_uri: &str,
    ) -> Result<String, Error> {
        let address = discovered.token_endpoint.as_str();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", pkce_verifier),
            ("redirect_uri", redirect_uri),
            ("client_id", &self.client_id),
        ];
        let request = self.http.post(address).form(&fields);
        let request = match &self.client_secret {
            Some(secret) => request.basic_auth(&self.client_id, Some(secret.expose_secret())),
            None => request,
        };
        let tokens: Tokens = self.ask(address, request).await?;
        Ok(tokens.id_token)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        address: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<T, Error> {
        let away = |error: reqwest::Error| Error::Away(address.to_owned(), error.without_url());
        let mut answer = request.send().await.map_err(away)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Error::Refused(address.to_owned(), status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Error::Unreadable(address.to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| Error::Unreadable(address.to_owned()))
    }
}

/// Secrets and codes travel encrypted, except within this machine.
fn safe(text: &str) -> Result<Url, Error> {
    let insecure = || Error::Insecure(text.to_owned());
    let url: Url = text.parse().map_err(|_| insecure())?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && local) {
        Ok(url)
    } else {
        Err(insecure())
    }
}
