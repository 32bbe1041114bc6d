//! The JWT bearer grant, as strict as the platform.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use reqwest::StatusCode;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use salesforce_sim::config::{
    DEFAULT_CONSUMER_KEY, DEFAULT_PRIVATE_KEY, INTEGRATION_USERNAME, OTHER_PRIVATE_KEY,
};
use serde_json::{Value as Json, json};

use crate::org::Org;

fn sign(pem: &str, header: &Json, claims: &Json) -> String {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("rsa");
    let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .expect("signs");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(org: &Org) -> Json {
    json!({"iss": DEFAULT_CONSUMER_KEY, "sub": INTEGRATION_USERNAME, "aud": org.sim.base_url(),
           "exp": Utc::now().timestamp() + 120})
}

async fn redeem(org: &Org, assertion: &str) -> (StatusCode, Json) {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion),
    ];
    let url = format!("{}/services/oauth2/token", org.sim.base_url());
    org.send(org.http.post(url).form(&form)).await
}

fn rs256() -> Json {
    json!({"alg": "RS256"})
}

#[tokio::test]
async fn an_assertion_of_a_preauthorised_user_buys_an_access_token_and_nothing_else() {
    let org = Org::demo();
    let assertion = sign(DEFAULT_PRIVATE_KEY, &rs256(), &claims(&org));
    let (status, body) = redeem(&org, &assertion).await;
    assert_eq!(
        (status.as_u16(), &body["error_description"]),
        (400, &json!("user hasn't approved this consumer"))
    );
    org.control
        .preauthorize(INTEGRATION_USERNAME, true)
        .await
        .expect("admits");
    let (status, body) = redeem(&org, &assertion).await;
    assert_eq!(status, 200, "{body}");
    for absent in ["refresh_token", "issued_at", "signature"] {
        assert_eq!(body[absent], Json::Null, "{absent}");
    }
    let token = body["access_token"].as_str().expect("a token").to_owned();
    let limits = format!("{}/services/data/v67.0/limits", org.sim.base_url());
    let (status, _) = org.send(org.http.get(&limits).bearer_auth(&token)).await;
    assert_eq!(status, 200);
    org.control
        .preauthorize(INTEGRATION_USERNAME, false)
        .await
        .expect("withdraws");
    let (status, _) = org.send(org.http.get(&limits).bearer_auth(&token)).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn every_flaw_of_an_assertion_is_refused_as_the_platform_does() {
    let org = Org::demo();
    org.control
        .preauthorize(INTEGRATION_USERNAME, true)
        .await
        .expect("admits");
    let now = Utc::now().timestamp();
    for (name, change, error, description) in [
        (
            "other app",
            json!({"iss": "3MVG9.other"}),
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            "other host",
            json!({"aud": "https://login.salesforce.com"}),
            "invalid_grant",
            "Audience validation failed",
        ),
        (
            "unknown user",
            json!({"sub": "nobody@x.example"}),
            "invalid_grant",
            "user hasn't approved this consumer",
        ),
        (
            "over",
            json!({"exp": now - 1}),
            "invalid_grant",
            "invalid assertion",
        ),
        (
            "too far ahead",
            json!({"exp": now + 240}),
            "invalid_grant",
            "invalid assertion",
        ),
    ] {
        let mut claims = claims(&org);
        for (claim, value) in change.as_object().expect("an object") {
            claims[claim] = value.clone();
        }
        let (status, body) = redeem(&org, &sign(DEFAULT_PRIVATE_KEY, &rs256(), &claims)).await;
        assert_eq!(
            (status.as_u16(), &body["error"], &body["error_description"]),
            (400, &json!(error), &json!(description)),
            "{name}"
        );
    }
    let other_key = sign(OTHER_PRIVATE_KEY, &rs256(), &claims(&org));
    let other_algorithm = sign(DEFAULT_PRIVATE_KEY, &json!({"alg": "none"}), &claims(&org));
    for assertion in [
        other_key.as_str(),
        other_algorithm.as_str(),
        "",
        "a.b.c",
        "a.b",
    ] {
        let (_, body) = redeem(&org, assertion).await;
        assert_eq!(
            body["error_description"], "invalid assertion",
            "{assertion}"
        );
    }
    org.control
        .set_user_active(INTEGRATION_USERNAME, false)
        .await
        .expect("freezes");
    let (_, body) = redeem(&org, &sign(DEFAULT_PRIVATE_KEY, &rs256(), &claims(&org))).await;
    assert_eq!(body["error_description"], "inactive user");
}
