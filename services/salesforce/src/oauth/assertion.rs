//! The signed assertion of the JWT bearer flow (RFC 7523), made of a key the customer supplied.
//!
//! A JWS with one fixed header is two base64 texts and a signature, so it is written here on ring, which TLS uses already
//! and which signs in constant time; the general JWT crates would bring a second RSA implementation for it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroize as _;

/// How long an assertion is valid, in seconds. Salesforce takes at most three minutes; one is left for clocks that differ.
pub const ASSERTION_VALID_S: i64 = 120;

/// Longest key text accepted, in bytes: a 4,096-bit key has about 3,300.
pub const PRIVATE_KEY_BYTES_MAX: usize = 12 * 1024;

/// `{"alg":"RS256"}`, the only header Salesforce takes.
const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";

/// An RSA key that signs assertions. Its certificate is uploaded to the customer's app.
pub struct SigningKey(RsaKeyPair);

/// Why a text is not a usable key. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Longer than any key.
    #[error("is longer than {PRIVATE_KEY_BYTES_MAX} bytes")]
    TooLong,
    /// Protected by a passphrase we do not have.
    #[error("is encrypted; store it without a passphrase, it is sealed here")]
    Encrypted,
    /// No PEM block with a private key.
    #[error("is not a private key in PEM; it begins with -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// A key of another kind, or of a size nobody accepts.
    #[error("is not an RSA key of 2048 to 4096 bits; salesforce accepts RS256 only")]
    NotRsa,
}

/// What an assertion claims.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// Consumer key of the customer's app.
    pub consumer_key: &'a str,
    /// Login name of the user we act as.
    pub username: &'a str,
    /// The login host the assertion is meant for, such as `https://login.salesforce.com`.
    pub audience: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

impl SigningKey {
    /// Reads a PEM text (PKCS#8 or PKCS#1).
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn parse(pem: &SecretString) -> Result<Self, KeyError> {
        let text = pem.expose_secret();
        if text.len() > PRIVATE_KEY_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let mut der =
            PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotPem)?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok(),
            _ => None,
        };
        der.zeroize();
        pair.map(Self).ok_or(KeyError::NotRsa)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("bits", &(self.0.public().modulus_len() * 8))
            .finish_non_exhaustive()
    }
}

impl Assertion<'_> {
    /// Signs it, valid for [`ASSERTION_VALID_S`].
    ///
    /// # Errors
    /// [`KeyError::NotRsa`] when the key does not sign, which a parsed key does.
    pub fn sign(&self, key: &SigningKey) -> Result<SecretString, KeyError> {
        let claims = Claims {
            iss: self.consumer_key,
            sub: self.username,
            aud: self.audience,
            exp: self.now.timestamp() + ASSERTION_VALID_S,
        };
        let claims = serde_json::to_vec(&claims).expect("texts and a number are always JSON");
        let mut text = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0_u8; key.0.public().modulus_len()];
        key.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .map_err(|_| KeyError::NotRsa)?;
        text.push('.');
        text.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const KEY: &str = include_str!("../../tests/keys/rsa-2048.pem");

    fn key(pem: &str) -> Result<SigningKey, KeyError> {
        SigningKey::parse(&SecretString::from(pem))
    }

    #[test]
    fn an_assertion_says_who_for_whom_and_until_when_under_a_signature_that_holds() {
        let key = key(KEY).expect("parses");
        let assertion = Assertion {
            consumer_key: "3MVG9.key",
            username: "integration@acme.example",
            audience: "https://login.salesforce.com",
            now: DateTime::from_timestamp(1_700_000_000, 999_000_000).expect("in range"),
        };
        let signed = assertion.sign(&key).expect("signs");
        let parts: Vec<&str> = signed.expose_secret().split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("three parts");
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
        assert_eq!(decode(header), br#"{"alg":"RS256"}"#);
        assert_eq!(
            String::from_utf8(decode(claims)).expect("text"),
            r#"{"iss":"3MVG9.key","sub":"integration@acme.example","aud":"https://login.salesforce.com","exp":1700000120}"#
        );
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.0.public());
        public
            .verify(format!("{header}.{claims}").as_bytes(), &decode(signature))
            .expect("the signature holds");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        for (text, expected) in [
            ("", KeyError::NotPem),
            ("hunter2", KeyError::NotPem),
            (
                "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n",
                KeyError::NotPem,
            ),
            (
                "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n",
                KeyError::NotRsa,
            ),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----\n",
                KeyError::Encrypted,
            ),
            (
                "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n",
                KeyError::NotRsa,
            ),
        ] {
            let error = key(text).expect_err("is refused");
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert_eq!(
            key(&"x".repeat(PRIVATE_KEY_BYTES_MAX + 1)).err(),
            Some(KeyError::TooLong)
        );
        let shown = format!("{:?}", key(KEY).expect("parses"));
        assert_eq!(shown, "SigningKey { bits: 2048, .. }");
    }

    #[test]
    fn both_forms_of_an_rsa_key_are_read() {
        let old = include_str!("../../tests/keys/rsa-2048-pkcs1.pem");
        assert!(key(old).is_ok());
    }
}
