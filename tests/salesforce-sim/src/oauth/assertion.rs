//! The JWT bearer grant: an assertion signed with the key whose certificate was uploaded to the app.
//!
//! As strict as the platform: RS256 only, the app by its consumer key, the audience this org's login host, an expiry at most
//! three minutes ahead, and a user whom an admin pre-authorised or who approved the app before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

use super::OAuth;
use super::authorize::find_app;
use crate::config::AppConfig;
use crate::id::Id;
use crate::org::Org;

/// Farthest expiry, in ms (salesforce-api.md 1.8).
const EXPIRY_MS_MAX: i64 = 3 * 60_000;

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
}

/// An error of the token endpoint and its description.
pub(super) type Refusal = (&'static str, &'static str);

const INVALID: Refusal = ("invalid_grant", "invalid assertion");
const NOT_APPROVED: Refusal = ("invalid_grant", "user hasn't approved this consumer");

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| INVALID)?;
    serde_json::from_slice(&bytes).map_err(|_| INVALID)
}

/// Whether `text` is signed with the key of the certificate in `pem`.
fn is_signed(pem: &str, text: &str, signature: &str) -> bool {
    let (Ok(der), Ok(signature)) = (
        CertificateDer::from_pem_slice(pem.as_bytes()),
        URL_SAFE_NO_PAD.decode(signature),
    ) else {
        return false;
    };
    EndEntityCert::try_from(&der).is_ok_and(|certificate| {
        certificate
            .verify_signature(RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature)
            .is_ok()
    })
}

/// The login hosts that are this org's: its own address, and the generic one of its kind.
fn is_audience(org: &Org, audience: &str) -> bool {
    let generic = if org.config.is_sandbox {
        "https://test.salesforce.com"
    } else {
        "https://login.salesforce.com"
    };
    audience == generic || audience == org.base_url
}

/// The app and the user an assertion speaks for.
pub(super) fn redeem<'a>(
    org: &'a Org,
    oauth: &OAuth,
    assertion: &str,
) -> Result<(&'a AppConfig, Id), Refusal> {
    let mut parts = assertion.rsplitn(2, '.');
    let (Some(signature), Some(signed)) = (parts.next(), parts.next()) else {
        return Err(INVALID);
    };
    let (header, claims) = signed.split_once('.').ok_or(INVALID)?;
    let header: Header = decode(header)?;
    let claims: Claims = decode(claims)?;
    if header.alg != "RS256" {
        return Err(INVALID);
    }
    let app =
        find_app(org, &claims.iss).ok_or(("invalid_client_id", "client identifier invalid"))?;
    let certificate = oauth
        .certificate(app)
        .ok_or(("invalid_client", "invalid client credentials"))?;
    if !is_signed(certificate, signed, signature) {
        return Err(INVALID);
    }
    if !is_audience(org, &claims.aud) {
        return Err(("invalid_grant", "Audience validation failed"));
    }
    let rest_ms = claims.exp.saturating_mul(1_000) - org.now_ms();
    if rest_ms <= 0 || rest_ms > EXPIRY_MS_MAX {
        return Err(INVALID);
    }
    let user = org.user_by_name(&claims.sub).ok_or(NOT_APPROVED)?;
    if !org.is_active(user.id) {
        return Err(("invalid_grant", "inactive user"));
    }
    if !oauth.is_approved(user.id, &app.consumer_key) {
        return Err(NOT_APPROVED);
    }
    Ok((app, user.id))
}
