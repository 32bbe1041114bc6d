//! Random texts given to browsers, and what we keep of them: their SHA-256.

use oauth2::CsrfToken;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::store::attempt::Hash;

/// Bytes of randomness in tickets, states and cookies.
const RANDOM_BYTES: u32 = 32;

/// A new random text, safe in URLs and cookies.
#[must_use]
pub(crate) fn random() -> SecretString {
    SecretString::from(CsrfToken::new_random_len(RANDOM_BYTES).into_secret())
}

/// What is stored of a text.
#[must_use]
pub(crate) fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether `text` is the one `stored` was made of, in constant time.
#[must_use]
pub(crate) fn matches(stored: Option<&[u8]>, text: Option<&str>) -> bool {
    match (stored, text) {
        (Some(stored), Some(text)) => bool::from(hash(text).as_slice().ct_eq(stored)),
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_random_text_has_256_bits_and_needs_no_escaping() {
        let text = random();
        assert_eq!(text.expose_secret().len(), 43);
        assert!(
            text.expose_secret()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_ne!(text.expose_secret(), random().expose_secret());
    }

    #[test]
    fn only_the_same_text_matches() {
        let stored = hash("a");
        assert!(matches(Some(&stored), Some("a")));
        assert!(!matches(Some(&stored), Some("b")));
        assert!(!matches(Some(&stored), None));
        assert!(!matches(None, Some("a")));
    }
}
