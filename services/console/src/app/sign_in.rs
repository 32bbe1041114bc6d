//! Signing in and out of a local account.

use chassis::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::password::Passwords;
use super::random;
use crate::domain::{account, secret, throttle};
use crate::store::{session, sign_in_failure, user};

/// A session ends this many hours after it began.
pub(crate) const SESSION_HOURS_MAX: i64 = 7 * 24;
/// A session ends when nothing was asked for this many hours.
pub(crate) const SESSION_IDLE_HOURS_MAX: i64 = 12;

/// What became of a try.
pub(crate) enum SignedIn {
    /// The secret for the cookie.
    Yes(SecretString),
    /// No such user, no such password: not told apart.
    No,
    /// Too many failures: try again after these many seconds.
    Wait(i64),
}

/// Checks a password and opens a session.
pub(crate) async fn sign_in(
    scope: &Scope,
    passwords: &Passwords,
    email: &str,
    password: SecretString,
    address: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<SignedIn> {
    let email = account::email(email).unwrap_or_default();
    // The address of a stranger is personal data all the same: only its hash is kept.
    let account_key = format!("account:{}", hex(&secret::digest(&email)));
    let address_key = format!("from:{address}");
    let since = now - TimeDelta::minutes(throttle::WINDOW_MINUTES);
    let by_account = sign_in_failure::since(scope, &account_key, since).await?;
    let by_address = sign_in_failure::since(scope, &address_key, since).await?;
    if let Some(wait_s) = throttle::wait_s(by_account, by_address, now) {
        return Ok(SignedIn::Wait(wait_s));
    }
    if password.expose_secret().len() > account::PASSWORD_BYTES_MAX {
        return Ok(SignedIn::No);
    }
    let login = user::login(scope, &email).await?;
    let (id, hash) = login.map_or((None, None), |login| (Some(login.id), login.password_hash));
    let right = passwords.verify(password, hash).await;
    let Some(id) = id.filter(|_| right) else {
        sign_in_failure::insert(scope, &[account_key, address_key], now).await?;
        tracing::warn!("a sign-in failed");
        return Ok(SignedIn::No);
    };
    sign_in_failure::forget(scope, &account_key).await?;
    let secret = open(scope, id, now).await?;
    tracing::info!(user.id = %id, "signed in");
    Ok(SignedIn::Yes(secret))
}

/// Opens a session for a user who has proved who they are.
pub(crate) async fn open(
    scope: &Scope,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<SecretString> {
    let secret = random::secret();
    let expires_at = now + TimeDelta::hours(SESSION_HOURS_MAX);
    session::insert(scope, &secret::digest(&secret), user_id, expires_at).await?;
    Ok(secret.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
