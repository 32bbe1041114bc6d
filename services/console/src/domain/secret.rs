//! Secrets that are looked up by their hash: sessions, invitations and API tokens.
//!
//! They are random and at least 128 bits long, so one round of SHA-256 keeps them safe where a password needs argon2.

use sha2::{Digest, Sha256};

/// What every API token begins with, so that scanners of repositories can find a leaked one.
const TOKEN_PREFIX: &str = "ergo_";
/// Shortest secret of a token, in characters: 128 bits in base64.
const TOKEN_SECRET_CHARACTERS_MIN: usize = 22;
/// Longest secret of a token, in characters.
const TOKEN_SECRET_CHARACTERS_MAX: usize = 128;
/// Longest id of a token, in characters.
const TOKEN_ID_CHARACTERS_MAX: usize = 32;

/// SHA-256 of a secret, as stored.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The token every form of a session carries: derived from the session's secret, which no page contains.
pub(crate) fn form_token(session_secret: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"ergo form token\0")
        .chain_update(session_secret.as_bytes())
        .finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An API token taken apart: `ergo_<id>_<secret>`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ApiToken {
    /// `[a-z0-9]{1,32}`: names it in lists and audits.
    pub(crate) id: String,
    /// SHA-256 of the secret part.
    pub(crate) secret_sha256: [u8; 32],
}

/// Not `ergo_<id>_<secret>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not ergo_<id>_<secret>: an id of 1 to {TOKEN_ID_CHARACTERS_MAX} characters of a-z and 0-9, a secret of \
     {TOKEN_SECRET_CHARACTERS_MIN} to {TOKEN_SECRET_CHARACTERS_MAX} characters of A-Z, a-z, 0-9, '-' and '_'"
)]
pub(crate) struct NotAToken;

impl ApiToken {
    /// Takes a token apart.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAToken> {
        let (id, secret) = text
            .strip_prefix(TOKEN_PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(NotAToken)?;
        let id_fits = (1..=TOKEN_ID_CHARACTERS_MAX).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let secret_fits = (TOKEN_SECRET_CHARACTERS_MIN..=TOKEN_SECRET_CHARACTERS_MAX)
            .contains(&secret.len())
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !id_fits || !secret_fits {
            return Err(NotAToken);
        }
        Ok(Self {
            id: id.to_owned(),
            secret_sha256: digest(secret),
        })
    }

    /// A new token's text.
    pub(crate) fn text(id: &str, secret: &str) -> String {
        format!("{TOKEN_PREFIX}{id}_{secret}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_apart_or_refused() {
        let secret = "Ab_-5678901234567890123456";
        let token = ApiToken::parse(&ApiToken::text("demo1", secret)).expect("is a token");
        assert_eq!(token.id, "demo1");
        assert_eq!(token.secret_sha256, digest(secret));
        for bad in [
            "",
            "ergo_",
            "ergo_demo",
            "ergo_demo_short",
            "ergo_DEMO_0123456789012345678901",
            "demo_0123456789012345678901",
            "ergo_demo_012345678901234567890 ",
            &format!("ergo_demo_{}", "x".repeat(129)),
        ] {
            assert!(ApiToken::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_form_token_tells_nothing_of_the_session() {
        assert_eq!(form_token("a"), form_token("a"));
        assert_ne!(form_token("a"), form_token("b"));
        assert_eq!(form_token("a").len(), 32);
    }
}
