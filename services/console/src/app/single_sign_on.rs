//! Signing in through an identity provider: sent there, come back, known here.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use super::random;
use crate::adapters::provider::Provider;
use crate::domain::grants::Rules;
use crate::domain::id_token::{self, Expected, Person};
use crate::domain::{account, secret};
use crate::store::single_sign_on::{self as store, Attempt};

/// A sign-in may take so many minutes at the provider.
pub(crate) const ATTEMPT_MINUTES_MAX: i64 = 10;
/// Our path the provider sends browsers back to.
pub(crate) const CALLBACK: &str = "/sign-in/single/back";

/// What `--help` says of it. Its name is its group's in clap, so it differs from the service's own options.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SingleSignOnOptions {
    /// Issuer of an OpenID Connect provider, as https://id.example.com; people may then sign in through it
    #[arg(long, env = "CONSOLE_OIDC_ISSUER", requires = "console_oidc_client_id")]
    pub console_oidc_issuer: Option<String>,

    /// Our client id at the provider; its redirect address is <CONSOLE_PUBLIC_URL>/sign-in/single/back
    #[arg(long, env = "CONSOLE_OIDC_CLIENT_ID")]
    pub console_oidc_client_id: Option<String>,

    /// File with our client secret at the provider; without it we are a public client, with PKCE only
    #[arg(long, env = "CONSOLE_OIDC_CLIENT_SECRET_FILE")]
    pub console_oidc_client_secret_file: Option<PathBuf>,

    /// Scopes asked for, separated by blanks; `openid email profile` when not set
    #[arg(long, env = "CONSOLE_OIDC_SCOPES")]
    pub console_oidc_scopes: Option<String>,

    /// Claim of the ID token that names groups; `groups` when not set
    #[arg(long, env = "CONSOLE_OIDC_GROUPS_CLAIM")]
    pub console_oidc_groups_claim: Option<String>,

    /// What groups give, as `crm-admins=acme:admin, platform=*:super-admin, *=acme:viewer` (`*` is everybody)
    #[arg(long, env = "CONSOLE_OIDC_ROLES")]
    pub console_oidc_roles: Option<String>,
}

/// A provider people may sign in through.
#[derive(Clone)]
pub(crate) struct SingleSignOn {
    provider: Provider,
    scopes: String,
    groups_claim: String,
    rules: Rules,
    redirect_uri: String,
}

/// Where to send the browser, and what it must bring back.
pub(crate) struct Begun {
    pub(crate) url: Url,
    pub(crate) state: String,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("this sign-in was used, took too long, or began in another browser")]
    Unknown,
    #[error("the provider could not be asked")]
    Provider(#[source] std::sync::Arc<crate::adapters::provider::Error>),
    #[error("the provider's answer is not accepted")]
    Token(#[source] id_token::Refusal),
    #[error(
        "the provider names no e-mail address it has verified, and you have not signed in through it before"
    )]
    NoAddress,
    #[error("this account is disabled")]
    Disabled,
    #[error("the store does not answer")]
    Store(#[from] sqlx::Error),
}

impl SingleSignOn {
    /// `None` when no provider is configured.
    ///
    /// # Errors
    /// When an option cannot be used, naming it.
    pub(crate) fn new(
        options: &SingleSignOnOptions,
        public_url: &str,
    ) -> anyhow::Result<Option<Self>> {
        let Some(issuer) = &options.console_oidc_issuer else {
            return Ok(None);
        };
        let client_id = options
            .console_oidc_client_id
            .as_deref()
            .context("CONSOLE_OIDC_CLIENT_ID is missing; the provider gives it")?;
        let secret = match &options.console_oidc_client_secret_file {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| {
                    format!("read CONSOLE_OIDC_CLIENT_SECRET_FILE {}", path.display())
                })?;
                ensure!(
                    !text.trim().is_empty(),
                    "CONSOLE_OIDC_CLIENT_SECRET_FILE is empty"
                );
                Some(SecretString::from(text.trim().to_owned()))
            }
        };
        let rules = options.console_oidc_roles.as_deref().unwrap_or_default();
        let words =
            |option: &Option<String>, usual: &str| option.as_deref().unwrap_or(usual).to_owned();
        Ok(Some(Self {
            provider: Provider::new(issuer, client_id, secret)?,
            scopes: words(&options.console_oidc_scopes, "openid email profile"),
            groups_claim: words(&options.console_oidc_groups_claim, "groups"),
            rules: Rules::parse(rules).context("CONSOLE_OIDC_ROLES")?,
            redirect_uri: format!("{public_url}{CALLBACK}"),
        }))
    }

    /// Begins a sign-in; `next` is where it leads afterwards.
    pub(crate) async fn begin(
        &self,
        scope: &Scope,
        next: &str,
        now: DateTime<Utc>,
    ) -> Result<Begun, Error> {
        let discovered = self.provider.discovered().await.map_err(Error::Provider)?;
        let (state, nonce, verifier) = (random::secret(), random::secret(), random::secret());
        let attempt = Attempt {
            nonce: nonce.clone(),
            pkce_verifier: verifier.clone(),
            next: next.to_owned(),
        };
        let expires_at = now + TimeDelta::minutes(ATTEMPT_MINUTES_MAX);
        store::begin(scope, &secret::digest(&state), &attempt, expires_at).await?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = discovered.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.provider.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scopes)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Begun { url, state })
    }

    /// Ends it: the user, made when they are new, with what their groups give; and where to go.
    pub(crate) async fn finish(
        &self,
        scope: &Scope,
        state: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(Uuid, String), Error> {
        let attempt = store::take(scope, &secret::digest(state), now)
            .await?
            .ok_or(Error::Unknown)?;
        let discovered = self.provider.discovered().await.map_err(Error::Provider)?;
        let token = self
            .provider
            .redeem(
                &discovered,
                code,
                &attempt.pkce_verifier,
                &self.redirect_uri,
            )
            .await
            .map_err(|error| Error::Provider(error.into()))?;
        let expected = Expected {
            issuer: &self.provider.issuer,
            client_id: &self.provider.client_id,
            nonce: &attempt.nonce,
            groups_claim: &self.groups_claim,
            now,
        };
        let person = id_token::person(&token, &discovered.keys, &expected).map_err(Error::Token)?;
        let id = self.known(scope, &person).await?;
        tracing::info!(user.id = %id, "signed in through the provider");
        Ok((id, attempt.next))
    }

    async fn known(&self, scope: &Scope, person: &Person) -> Result<Uuid, Error> {
        let grants = self.rules.grants(&person.groups);
        let email = person
            .email
            .as_deref()
            .and_then(|text| account::email(text).ok());
        let newcomer = store::Newcomer {
            issuer: &self.provider.issuer,
            subject: &person.subject,
            email: email.as_deref(),
            name: &account::name(&person.name).unwrap_or_default(),
            grants: &grants,
        };
        match store::recognise(scope, &newcomer).await? {
            store::Recognised::User(id) => Ok(id),
            store::Recognised::Disabled => Err(Error::Disabled),
            store::Recognised::NoAddress => Err(Error::NoAddress),
        }
    }
}
