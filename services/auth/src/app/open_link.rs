//! A browser opens the link: it is bound by a cookie and sent to Salesforce with a fresh state and PKCE challenge.

use std::sync::Arc;

use chassis::{Db, Failure};
use chrono::Utc;
use oauth2::PkceCodeChallenge;
use salesforce::Salesforce;
use salesforce::oauth::{AuthorizeRequest, TokenEndpoint};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::domain::attempt::{Refusal, Standing, may_open};
use crate::seal::Ring;
use crate::secret_text;
use crate::store::{self, attempt::Attempt, secret};

/// What we ask for: the data API, a refresh token, and who the user is. Never `full` or `web`.
pub const SCOPE: &str = "api refresh_token id";

/// Where to send the browser, and the cookie that binds it.
pub struct Departure {
    /// The attempt, which names the cookie.
    pub attempt: Uuid,
    /// The cookie's value.
    pub browser: SecretString,
    /// Salesforce's authorise page.
    pub authorize_url: String,
}

/// Opens links.
#[derive(Clone)]
pub struct OpenLink {
    /// The store.
    pub db: Db,
    /// The hosts.
    pub salesforce: Salesforce,
    /// The app.
    pub endpoint: TokenEndpoint,
    /// Seals the verifier.
    pub ring: Arc<Ring>,
    /// Exactly as registered with the app.
    pub redirect_uri: String,
}

impl OpenLink {
    /// Binds the browser to the attempt of `ticket`; `cookie` finds the cookie of an attempt.
    ///
    /// # Errors
    /// The outer one when the store is away; the inner one when the link does not open.
    pub async fn open(
        &self,
        ticket: &str,
        cookie: impl Fn(Uuid) -> Option<String>,
    ) -> Result<Result<Departure, Refusal>, Failure> {
        // The browser brings a ticket and no workspace: the attempt tells which it is, under the lock it is bound with.
        let mut unit = self.db.all_workspaces().begin().await?;
        let ticket_hash = secret_text::hash(ticket);
        let Some(attempt) = store::attempt::lock_by_ticket(unit.connection(), &ticket_hash).await?
        else {
            return Ok(Err(Refusal::Unknown));
        };
        let standing = standing(&attempt, cookie(attempt.id).as_deref());
        if let Err(refusal) = may_open(standing, Utc::now()) {
            return Ok(Err(refusal));
        }
        let Ok(login) = self.salesforce.hosts().login(&attempt.login_url) else {
            return Ok(Err(Refusal::Unknown));
        };
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, browser) = (secret_text::random(), secret_text::random());
        let state_hash = secret_text::hash(state.expose_secret());
        let browser_hash = secret_text::hash(browser.expose_secret());
        store::attempt::bind(unit.connection(), attempt.id, &state_hash, &browser_hash).await?;
        let owner = attempt.id.to_string();
        let place = secret::Place {
            workspace: &attempt.workspace,
            kind: secret::Kind::CodeVerifier,
            owner: &owner,
        };
        let verifier = SecretString::from(verifier.into_secret());
        secret::put(unit.connection(), &self.ring, place, 0, &verifier).await?;
        unit.commit().await?;
        let username =
            store::connection::get(&self.db.workspace(&attempt.workspace), &attempt.workspace)
                .await?
                .map(|connection| connection.username)
                .filter(|username| !username.is_empty() && !attempt.different_user);
        let authorize_url = self.endpoint.authorize_url(
            &login,
            &AuthorizeRequest {
                redirect_uri: &self.redirect_uri,
                scope: SCOPE,
                state: state.expose_secret(),
                code_challenge: challenge.as_str(),
                prompt: attempt.different_user.then_some("login consent"),
                login_hint: username.as_deref(),
            },
        );
        Ok(Ok(Departure {
            attempt: attempt.id,
            browser,
            authorize_url,
        }))
    }
}

/// How an attempt stands for the browser that holds `cookie`.
pub(super) fn standing(attempt: &Attempt, cookie: Option<&str>) -> Standing {
    Standing {
        expires_at: attempt.expires_at,
        used: attempt.used,
        bound: attempt.browser_hash.is_some(),
        same_browser: secret_text::matches(attempt.browser_hash.as_deref(), cookie),
    }
}
