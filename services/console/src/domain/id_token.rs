//! Whether an ID token was made by our provider, for us, for this sign-in, and is still good (OpenID Connect Core 3.1.3.7).
//!
//! The signature is checked with the provider's published keys; only the two algorithms every provider offers are
//! accepted, so that nothing can choose `none` or a shared secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// How far the provider's clock may be from ours, in seconds.
const CLOCK_S_MAX: i64 = 120;
/// Longest token read, in bytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Most groups read.
const GROUPS_MAX: usize = 1_000;

/// What a provider publishes at its `jwks_uri`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

/// One key (RFC 7517). Of kinds we do not use, only the kind is read.
#[derive(Debug, Clone, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// What the token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    /// Claim that names groups; empty for none.
    pub(crate) groups_claim: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Who signed in, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) subject: String,
    /// `None` unless the provider has verified that it is theirs.
    pub(crate) email: Option<String>,
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the token cannot be read")]
    Unreadable,
    #[error("the token is signed by an algorithm other than RS256 and ES256")]
    Algorithm,
    #[error("the token is signed by none of the provider's keys")]
    Signature,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another client")]
    Audience,
    #[error("the token is not of this sign-in")]
    Nonce,
    #[error("the token has expired, or is not good yet; check the clocks")]
    Time,
}

/// Reads a token and says who it is about.
pub(crate) fn person(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Person, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::Unreadable);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Unreadable)?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::Unreadable)?;
    let header: Header = part(header)?;
    let signature = bytes(signature).ok_or(Refusal::Unreadable)?;
    let kind = match header.alg.as_str() {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => return Err(Refusal::Algorithm),
    };
    // A key without an id is tried too: some providers publish one key and name it nowhere.
    let fits = |key: &&Key| {
        key.kty == kind && (key.kid.is_none() || header.kid.is_none() || key.kid == header.kid)
    };
    let good = keys
        .keys
        .iter()
        .filter(fits)
        .any(|key| verifies(key, signed.as_bytes(), &signature));
    if !good {
        return Err(Refusal::Signature);
    }
    let claims: Value = part(payload)?;
    check(&claims, expected)?;
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let subject = text("sub");
    if subject.is_empty() || subject.len() > 255 {
        return Err(Refusal::Unreadable);
    }
    Ok(Person {
        subject,
        email: Some(text("email")).filter(|_| claims["email_verified"] == true),
        name: text("name"),
        groups: groups(&claims, expected.groups_claim),
    })
}

fn check(claims: &Value, expected: &Expected<'_>) -> Result<(), Refusal> {
    if claims["iss"] != expected.issuer {
        return Err(Refusal::Issuer);
    }
    let audiences = match &claims["aud"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    let ours = audiences.iter().any(|one| one == expected.client_id);
    let party = &claims["azp"];
    // A token for several parties must name us as the one it was given to.
    let given_to_us = if party.is_null() {
        audiences.len() == 1
    } else {
        party == expected.client_id
    };
    if !ours || !given_to_us {
        return Err(Refusal::Audience);
    }
    if claims["nonce"] != expected.nonce {
        return Err(Refusal::Nonce);
    }
    let at = |name: &str| {
        let seconds = claims[name].as_f64()?;
        DateTime::from_timestamp(seconds as i64, 0)
    };
    let slack = TimeDelta::seconds(CLOCK_S_MAX);
    let good_until = at("exp").ok_or(Refusal::Time)?;
    let begun = at("iat").ok_or(Refusal::Time)?;
    if good_until + slack < expected.now || begun - slack > expected.now {
        return Err(Refusal::Time);
    }
    Ok(())
}

/// A list of names, or one name.
fn groups(claims: &Value, claim: &str) -> Vec<String> {
    let found = if claim.is_empty() {
        &Value::Null
    } else {
        &claims[claim]
    };
    match found {
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .take(GROUPS_MAX)
            .map(str::to_owned)
            .collect(),
        Value::String(one) => vec![one.clone()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn verifies(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    if key.kty == "RSA" {
        let (Some(n), Some(e)) = (bytes(&key.n), bytes(&key.e)) else {
            return false;
        };
        let key = RsaPublicKeyComponents { n, e };
        return key
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok();
    }
    let (Some(x), Some(y), "P-256") = (bytes(&key.x), bytes(&key.y), key.crv.as_str()) else {
        return false;
    };
    // Uncompressed form (SEC 1, 2.3.3).
    let point = [&[4_u8][..], &x, &y].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(message, signature)
        .is_ok()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let bytes = bytes(text).ok_or(Refusal::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Unreadable)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    struct Provider {
        key: EcdsaKeyPair,
        random: SystemRandom,
    }

    impl Provider {
        fn new() -> Self {
            let random = SystemRandom::new();
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
            let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
            Self { key, random }
        }

        fn keys(&self) -> KeySet {
            let point = self.key.public_key().as_ref();
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": text(&point[1..33]), "y": text(&point[33..])});
            serde_json::from_value(json!({"keys": [{"kty": "oct"}, key]})).expect("is a set")
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", text(header), text(claims));
            let signature = self
                .key
                .sign(&self.random, signed.as_bytes())
                .expect("signs");
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://id.example.com",
            client_id: "console",
            nonce: "n1",
            groups_claim: "groups",
            now: DateTime::from_timestamp(1_800_000_000, 0).expect("is a time"),
        }
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example.com", "aud": "console", "sub": "u1", "nonce": "n1", "exp": 1_800_000_060,
            "iat": 1_800_000_000, "email": "ann@example.com", "email_verified": true, "name": "Ann", "groups": ["crm", 7]})
    }

    #[test]
    fn only_a_token_of_this_sign_in_is_accepted() {
        let provider = Provider::new();
        let header = json!({"alg": "ES256", "kid": "k1"});
        let read = |claims: &Value| {
            person(
                &provider.token(&header, claims),
                &provider.keys(),
                &expected(),
            )
        };
        let ann = read(&claims()).expect("is accepted");
        assert_eq!(ann.email.as_deref(), Some("ann@example.com"));
        assert_eq!(
            (ann.subject.as_str(), ann.groups),
            ("u1", vec!["crm".to_owned()])
        );
        for (name, value, refusal) in [
            ("iss", json!("https://evil.example"), Refusal::Issuer),
            ("aud", json!("other"), Refusal::Audience),
            ("aud", json!(["console", "other"]), Refusal::Audience),
            ("azp", json!("other"), Refusal::Audience),
            ("nonce", json!("n2"), Refusal::Nonce),
            ("nonce", Value::Null, Refusal::Nonce),
            ("exp", json!(1_799_999_000), Refusal::Time),
            ("iat", json!(1_800_001_000), Refusal::Time),
            ("exp", Value::Null, Refusal::Time),
            ("sub", json!(""), Refusal::Unreadable),
        ] {
            let mut changed = claims();
            changed[name] = value;
            assert_eq!(read(&changed), Err(refusal), "{name}");
        }
        let mut unverified = claims();
        unverified["email_verified"] = json!("true");
        assert_eq!(read(&unverified).map(|person| person.email), Ok(None));
    }

    #[test]
    fn nobody_else_signs_for_the_provider() {
        let (provider, other) = (Provider::new(), Provider::new());
        let header = json!({"alg": "ES256", "kid": "k1"});
        let read =
            |token: &str| person(token, &provider.keys(), &expected()).map(|person| person.subject);
        assert_eq!(
            read(&other.token(&header, &claims())),
            Err(Refusal::Signature)
        );
        for (alg, refusal) in [
            ("none", Refusal::Algorithm),
            ("HS256", Refusal::Algorithm),
            ("RS256", Refusal::Signature),
        ] {
            let token = provider.token(&json!({"alg": alg}), &claims());
            assert_eq!(read(&token), Err(refusal), "{alg}");
        }
        let good = provider.token(&header, &claims());
        let (signed, _) = good.rsplit_once('.').expect("has a signature");
        assert_eq!(read(&format!("{signed}.")), Err(Refusal::Signature));
        for bad in ["", ".", "..", "a.b.c"] {
            assert_eq!(read(bad), Err(Refusal::Unreadable), "{bad}");
        }
    }

    /// RFC 7515, appendix A.2: the key and the signature; its claims are not ours, so it gets as far as the issuer.
    #[test]
    fn the_signature_of_the_standard_is_good() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let keys: KeySet =
            serde_json::from_value(json!({"keys": [{"kty": "RSA", "n": n, "e": "AQAB"}]}))
                .expect("is a set");
        assert_eq!(person(token, &keys, &expected()), Err(Refusal::Issuer));
    }
}
