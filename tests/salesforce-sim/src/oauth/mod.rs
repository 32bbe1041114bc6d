//! OAuth: authorisation codes, grants (refresh tokens) and sessions (access tokens).
//!
//! Kept apart from the org's lock: every API call checks a session, few touch anything else here.

mod assertion;
pub mod authorize;
pub mod identity;
pub mod page;
pub mod token;

use std::collections::{HashMap, HashSet, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};

use crate::config::AppConfig;
use crate::id::Id;

/// Lifetime of an authorisation code.
const CODE_TTL_MS: i64 = 15 * 60_000;
/// Lifetime of an open consent page.
const TICKET_TTL_MS: i64 = 10 * 60_000;
/// Approvals per user and app; one more revokes the oldest (salesforce-api.md 1.4).
const APPROVALS_MAX: usize = 5;
/// Sessions kept; the oldest end first.
const SESSIONS_MAX: usize = 50_000;

/// An access token's session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user.
    pub user: Id,
    /// Consumer key of the app.
    pub app: String,
    /// Granted scopes.
    pub scope: String,
    /// When it began, in ms.
    pub issued_ms: i64,
    /// Last use, in ms.
    pub used_ms: i64,
    grant: Option<u64>,
}

/// A refresh token's grant.
#[derive(Debug, Clone)]
struct Grant {
    number: u64,
    user: Id,
    app: String,
    scope: String,
    refresh_token: String,
}

/// An authorisation code waiting to be exchanged.
#[derive(Debug, Clone)]
struct Code {
    user: Id,
    app: String,
    scope: String,
    redirect_uri: String,
    challenge: Option<String>,
    issued_ms: i64,
}

/// An open consent page.
#[derive(Debug, Clone)]
struct Ticket {
    app: String,
    scope: String,
    redirect_uri: String,
    state: Option<String>,
    challenge: Option<String>,
    issued_ms: i64,
}

/// All tokens of the org.
#[derive(Debug, Default)]
pub struct OAuth {
    sessions: HashMap<String, Session>,
    session_order: VecDeque<String>,
    grants: HashMap<u64, Grant>,
    by_refresh: HashMap<String, u64>,
    /// Refresh tokens that were rotated out or revoked, with the grant they belonged to.
    retired: HashMap<String, u64>,
    codes: HashMap<String, Code>,
    tickets: HashMap<String, Ticket>,
    next_grant: u64,
    /// Refreshes that were granted.
    pub refreshes: u64,
    /// Refresh tokens shown after they had been rotated out or revoked.
    pub replays: u64,
    /// Users an admin admitted to an app beforehand, by app.
    preauthorized: HashSet<(String, Id)>,
    /// Certificates uploaded since the start, by app.
    certificates: HashMap<String, String>,
    /// Each refresh returns a new refresh token.
    pub rotate: bool,
    /// Idle lifetime of sessions, in ms.
    pub session_ttl_ms: i64,
}

/// A random text of letters and digits.
pub fn random_text(length: usize) -> String {
    rand::rng()
        .sample_iter(&Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

/// `base64url(SHA-256(verifier))` without padding.
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The signature of a token response: HMAC of `id` and `issued_at` under the consumer secret.
pub fn signature(secret: &str, id_url: &str, issued_at: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(id_url.as_bytes());
    mac.update(issued_at.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Why a refresh token was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum RefreshRefused {
    /// Unknown, revoked or rotated out.
    Expired,
    /// Issued to another app.
    WrongApp,
}

impl OAuth {
    /// No tokens yet; sessions will live `session_ttl_s` unused.
    pub fn new(session_ttl_s: u64, rotate: bool) -> OAuth {
        let session_ttl_ms = i64::try_from(session_ttl_s).unwrap_or(i64::MAX / 1000) * 1000;
        OAuth {
            rotate,
            session_ttl_ms,
            ..OAuth::default()
        }
    }

    /// The live session of an access token; its use extends it.
    pub fn session(&mut self, token: &str, now_ms: i64) -> Option<Session> {
        let ttl_ms = self.session_ttl_ms;
        let session = self.sessions.get_mut(token)?;
        if now_ms - session.used_ms >= ttl_ms {
            self.sessions.remove(token);
            return None;
        }
        session.used_ms = now_ms;
        Some(session.clone())
    }

    /// When a session ends if it is not used again, in ms.
    pub fn session_end_ms(&self, session: &Session) -> i64 {
        session.used_ms + self.session_ttl_ms
    }

    /// Starts a session and returns its access token.
    pub fn start_session(
        &mut self,
        org: Id,
        user: Id,
        app: &str,
        scope: &str,
        grant: Option<u64>,
        now_ms: i64,
    ) -> String {
        let token = format!("{}!AQ{}", org.short(), random_text(94));
        let session = Session {
            user,
            app: app.into(),
            scope: scope.into(),
            issued_ms: now_ms,
            used_ms: now_ms,
            grant,
        };
        self.sessions.insert(token.clone(), session);
        self.session_order.push_back(token.clone());
        if self.session_order.len() > SESSIONS_MAX
            && let Some(oldest) = self.session_order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        token
    }

    /// Opens a grant and returns its number and refresh token.
    fn grant(&mut self, user: Id, app: &str, scope: &str) -> (u64, String) {
        let mut mine: Vec<u64> = self
            .grants
            .values()
            .filter(|grant| grant.user == user && grant.app == app)
            .map(|grant| grant.number)
            .collect();
        mine.sort_unstable();
        while mine.len() >= APPROVALS_MAX {
            let oldest = mine.remove(0);
            self.kill_grant(oldest);
        }
        self.next_grant += 1;
        let number = self.next_grant;
        let refresh_token = format!("5Aep861{}", random_text(80));
        self.by_refresh.insert(refresh_token.clone(), number);
        let grant = Grant {
            number,
            user,
            app: app.into(),
            scope: scope.into(),
            refresh_token: refresh_token.clone(),
        };
        self.grants.insert(number, grant);
        (number, refresh_token)
    }

    /// Ends a grant with every session it started.
    fn kill_grant(&mut self, number: u64) {
        if let Some(grant) = self.grants.remove(&number) {
            self.by_refresh.remove(&grant.refresh_token);
            self.retired.insert(grant.refresh_token, number);
        }
        self.sessions
            .retain(|_, session| session.grant != Some(number));
    }

    /// The grant of a refresh token. A token that was rotated out kills the grant it came from.
    fn redeem(&mut self, refresh_token: &str, app: &str) -> Result<Grant, RefreshRefused> {
        let Some(number) = self.by_refresh.get(refresh_token).copied() else {
            if let Some(number) = self.retired.get(refresh_token).copied() {
                self.replays += 1;
                self.kill_grant(number);
            }
            return Err(RefreshRefused::Expired);
        };
        let grant = self
            .grants
            .get(&number)
            .cloned()
            .ok_or(RefreshRefused::Expired)?;
        if grant.app == app {
            Ok(grant)
        } else {
            Err(RefreshRefused::WrongApp)
        }
    }

    /// Replaces a grant's refresh token.
    fn rotate(&mut self, number: u64) -> Option<String> {
        let grant = self.grants.get_mut(&number)?;
        let fresh = format!("5Aep861{}", random_text(80));
        let old = std::mem::replace(&mut grant.refresh_token, fresh.clone());
        self.by_refresh.remove(&old);
        self.retired.insert(old, number);
        self.by_refresh.insert(fresh.clone(), number);
        Some(fresh)
    }

    /// Revokes an access or refresh token; false when it is neither.
    pub fn revoke(&mut self, token: &str) -> bool {
        if let Some(number) = self.by_refresh.get(token).copied() {
            self.kill_grant(number);
            return true;
        }
        self.sessions.remove(token).is_some()
    }

    /// Admits a user to an app beforehand, or takes that back; the sessions of somebody not admitted any more end.
    pub fn preauthorize(&mut self, user: Id, app: &str, on: bool) {
        if on {
            self.preauthorized.insert((app.to_owned(), user));
        } else {
            self.preauthorized.remove(&(app.to_owned(), user));
            self.sessions.retain(|_, session| {
                session.user != user || session.app != app || session.grant.is_some()
            });
        }
    }

    /// Whether an app may act as a user without asking: pre-authorised, or approved before and not revoked since.
    fn is_approved(&self, user: Id, app: &str) -> bool {
        self.preauthorized.contains(&(app.to_owned(), user))
            || self
                .grants
                .values()
                .any(|grant| grant.user == user && grant.app == app)
    }

    /// Replaces the certificate of an app.
    pub fn upload_certificate(&mut self, app: &str, pem: String) {
        self.certificates.insert(app.to_owned(), pem);
    }

    /// The certificate an app's assertions are checked with.
    fn certificate<'a>(&'a self, app: &'a AppConfig) -> Option<&'a str> {
        self.certificates
            .get(&app.consumer_key)
            .or(app.certificate.as_ref())
            .map(String::as_str)
    }

    /// Ends sessions: of one user, or of everyone.
    pub fn expire_sessions(&mut self, user: Option<Id>) -> usize {
        let before = self.sessions.len();
        self.sessions
            .retain(|_, session| user.is_some_and(|user| session.user != user));
        before - self.sessions.len()
    }

    /// Ends grants and their sessions: of one user, or of everyone.
    pub fn revoke_grants(&mut self, user: Option<Id>) -> usize {
        let numbers: Vec<u64> = self
            .grants
            .values()
            .filter(|grant| user.is_none_or(|user| grant.user == user))
            .map(|grant| grant.number)
            .collect();
        for number in &numbers {
            self.kill_grant(*number);
        }
        numbers.len()
    }

    /// Rotates every refresh token without telling its holder, as losing the answer of a refresh does.
    pub fn rotate_silently(&mut self) -> usize {
        let numbers: Vec<u64> = self.grants.keys().copied().collect();
        numbers
            .into_iter()
            .filter_map(|number| self.rotate(number))
            .count()
    }

    /// The user of a refresh token, for introspection.
    fn refresh_owner(&self, token: &str) -> Option<(Id, String, String)> {
        let grant = self.grants.get(self.by_refresh.get(token)?)?;
        Some((grant.user, grant.app.clone(), grant.scope.clone()))
    }

    fn prune(&mut self, now_ms: i64) {
        self.codes
            .retain(|_, code| now_ms - code.issued_ms < CODE_TTL_MS);
        self.tickets
            .retain(|_, ticket| now_ms - ticket.issued_ms < TICKET_TTL_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::{OAuth, RefreshRefused, challenge_of};
    use crate::id::Id;

    #[test]
    fn the_challenge_of_the_rfc_example_is_reproduced() {
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_rotated_out_token_kills_its_grant() {
        let mut oauth = OAuth {
            session_ttl_ms: 1_000,
            ..OAuth::default()
        };
        let (number, first) = oauth.grant(Id::numbered("005", 1), "app", "api");
        let second = oauth.rotate(number).expect("the grant lives");
        assert!(oauth.redeem(&second, "app").is_ok());
        assert_eq!(
            oauth.redeem(&first, "app").err(),
            Some(RefreshRefused::Expired)
        );
        assert_eq!(
            oauth.redeem(&second, "app").err(),
            Some(RefreshRefused::Expired)
        );
    }

    #[test]
    fn a_sixth_approval_revokes_the_oldest() {
        let mut oauth = OAuth {
            session_ttl_ms: 1_000,
            ..OAuth::default()
        };
        let tokens: Vec<String> = (0..6)
            .map(|_| oauth.grant(Id::numbered("005", 1), "app", "api").1)
            .collect();
        assert!(oauth.redeem(&tokens[0], "app").is_err());
        assert!(oauth.redeem(&tokens[1], "app").is_ok());
    }

    #[test]
    fn a_session_lives_while_it_is_used() {
        let mut oauth = OAuth {
            session_ttl_ms: 1_000,
            ..OAuth::default()
        };
        let token = oauth.start_session(
            Id::numbered("00D", 1),
            Id::numbered("005", 1),
            "app",
            "api",
            None,
            0,
        );
        assert!(oauth.session(&token, 900).is_some());
        assert!(oauth.session(&token, 1_800).is_some());
        assert!(oauth.session(&token, 2_800).is_none());
        assert!(oauth.session(&token, 2_800).is_none());
    }
}
