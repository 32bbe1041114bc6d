use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use salesforce_sim::SimConfig;
use salesforce_sim::config::{
    DEFAULT_CALLBACK_URL, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, INTEGRATION_USERNAME,
    PASSWORD,
};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::org::Org;

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-long";

fn authorize_url(org: &Org, changes: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut parameters = HashMap::from([
        ("response_type", "code"),
        ("client_id", DEFAULT_CONSUMER_KEY),
        ("redirect_uri", DEFAULT_CALLBACK_URL),
        ("scope", "api refresh_token id"),
        ("state", "st&te=1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]);
    parameters.extend(changes.iter().copied());
    let url = format!("{}/services/oauth2/authorize", org.sim.base_url());
    url::Url::parse_with_params(&url, parameters)
        .expect("a url")
        .into()
}

fn query_of(location: &str) -> HashMap<String, String> {
    url::Url::parse(location)
        .expect("an absolute redirect")
        .query_pairs()
        .into_owned()
        .collect()
}

async fn token(org: &Org, changes: &[(&str, &str)]) -> (StatusCode, Json) {
    let mut form = HashMap::from([
        ("client_id", DEFAULT_CONSUMER_KEY),
        ("client_secret", DEFAULT_CONSUMER_SECRET),
    ]);
    form.extend(changes.iter().copied());
    org.send(
        org.http
            .post(format!("{}/services/oauth2/token", org.sim.base_url()))
            .form(&form),
    )
    .await
}

async fn code(org: &Org) -> String {
    let location = org
        .control
        .approve(&authorize_url(org, &[]), INTEGRATION_USERNAME, true)
        .await
        .expect("approved");
    query_of(&location)["code"].clone()
}

async fn connect(org: &Org) -> Json {
    let code = code(org).await;
    let (status, body) = token(
        org,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", DEFAULT_CALLBACK_URL),
            ("code_verifier", VERIFIER),
        ],
    )
    .await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn refresh(org: &Org, refresh_token: &Json) -> (StatusCode, Json) {
    let refresh_token = refresh_token.as_str().expect("a refresh token");
    token(
        org,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ],
    )
    .await
}

#[tokio::test]
async fn a_person_allows_access_on_a_page_and_the_code_is_exchanged_once() {
    let org = Org::demo();
    let page = org
        .http
        .get(authorize_url(&org, &[]))
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("html");
    assert!(
        page.contains("value=\"allow\"")
            && page.contains("value=\"deny\"")
            && page.contains("Ergo for Salesforce")
    );
    let ticket = page
        .split("name=\"ticket\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a ticket");
    let action = format!("{}/services/oauth2/authorize", org.sim.base_url());
    let form = [
        ("ticket", ticket),
        ("username", INTEGRATION_USERNAME),
        ("password", PASSWORD),
        ("decision", "allow"),
    ];
    let response = org
        .http
        .post(&action)
        .form(&form)
        .send()
        .await
        .expect("a redirect");
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"]
        .to_str()
        .expect("ascii")
        .to_owned();
    assert!(location.starts_with(DEFAULT_CALLBACK_URL));
    let parameters = query_of(&location);
    assert_eq!(parameters["state"], "st&te=1");

    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", parameters["code"].as_str()),
        ("redirect_uri", DEFAULT_CALLBACK_URL),
        ("code_verifier", VERIFIER),
    ];
    let (status, body) = token(&org, &exchange).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["instance_url"], org.sim.base_url());
    let mut mac =
        Hmac::<Sha256>::new_from_slice(DEFAULT_CONSUMER_SECRET.as_bytes()).expect("any key length");
    mac.update(body["id"].as_str().expect("id").as_bytes());
    mac.update(
        body["issued_at"]
            .as_str()
            .expect("a string of milliseconds")
            .as_bytes(),
    );
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(body["signature"], signature);

    let (status, body) = token(&org, &exchange).await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &Json::from("invalid_grant"))
    );
}

#[tokio::test]
async fn denying_and_wrong_requests_end_as_they_should() {
    let org = Org::demo();
    let location = org
        .control
        .approve(&authorize_url(&org, &[]), INTEGRATION_USERNAME, false)
        .await
        .expect("denied");
    assert_eq!(query_of(&location)["error"], "access_denied");
    let location = org
        .control
        .approve(
            &authorize_url(&org, &[("scope", "nonsense")]),
            INTEGRATION_USERNAME,
            true,
        )
        .await;
    assert_eq!(
        query_of(&location.expect("a redirect"))["error"],
        "invalid_scope"
    );

    for changes in [
        [("client_id", "unknown")],
        [("redirect_uri", "http://127.0.0.1:8081/oauth/callback/")],
        [("code_challenge", "")],
    ] {
        let response = org
            .http
            .get(authorize_url(&org, &changes))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 400, "{changes:?}");
        assert!(!response.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn a_code_needs_its_verifier_and_its_redirect() {
    let org = Org::demo();
    for (redirect, verifier, error) in [
        (
            DEFAULT_CALLBACK_URL,
            "another-verifier-of-at-least-forty-three-chars",
            "invalid_grant",
        ),
        (DEFAULT_CALLBACK_URL, "", "invalid_grant"),
        (
            "http://127.0.0.1:9/other",
            VERIFIER,
            "redirect_uri_mismatch",
        ),
    ] {
        let code = code(&org).await;
        let (status, body) = token(
            &org,
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ],
        )
        .await;
        assert_eq!((status.as_u16(), &body["error"]), (400, &Json::from(error)));
    }
    let (_, body) = token(
        &org,
        &[
            ("grant_type", "refresh_token"),
            ("client_secret", "wrong"),
            ("refresh_token", "x"),
        ],
    )
    .await;
    assert_eq!(body["error"], "invalid_client");
}

#[tokio::test]
async fn refreshing_keeps_or_rotates_the_refresh_token() {
    let org = Org::demo();
    let first = connect(&org).await;
    let (status, body) = refresh(&org, &first["refresh_token"]).await;
    assert_eq!(status, 200);
    assert!(body.get("refresh_token").is_none());
    assert!(body["access_token"] != first["access_token"]);

    org.control.set_rotation(true).await.expect("set");
    let (_, rotated) = refresh(&org, &first["refresh_token"]).await;
    assert!(rotated["refresh_token"].is_string());
    let (status, body) = refresh(&org, &first["refresh_token"]).await;
    assert_eq!(
        (status.as_u16(), &body["error_description"]),
        (400, &Json::from("expired access/refresh token"))
    );
    // The replay killed the whole grant.
    let (status, _) = refresh(&org, &rotated["refresh_token"]).await;
    assert_eq!(status, 400);
    let url = format!("{}/services/data/v67.0/limits", org.sim.base_url());
    let (status, _) = org
        .send(
            org.http
                .get(url)
                .bearer_auth(rotated["access_token"].as_str().expect("token")),
        )
        .await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn tokens_are_introspected_used_and_revoked() {
    let org = Org::demo();
    let tokens = connect(&org).await;
    let access = tokens["access_token"].as_str().expect("token");
    let base = org.sim.base_url();
    let form = [
        ("token", access),
        ("client_id", DEFAULT_CONSUMER_KEY),
        ("client_secret", DEFAULT_CONSUMER_SECRET),
    ];
    let introspect = || {
        org.send(
            org.http
                .post(format!("{base}/services/oauth2/introspect"))
                .form(&form),
        )
    };
    let (_, body) = introspect().await;
    assert_eq!(
        (&body["active"], &body["username"]),
        (&Json::from(true), &Json::from(INTEGRATION_USERNAME))
    );

    let identity = tokens["id"].as_str().expect("id");
    let (_, body) = org.send(org.http.get(identity).bearer_auth(access)).await;
    assert_eq!(body["urls"]["custom_domain"], base);
    let (status, body) = org
        .send(org.http.get(identity).bearer_auth("00D!nothing"))
        .await;
    assert_eq!(
        (status.as_u16(), body),
        (403, Json::from("Bad_OAuth_Token"))
    );
    let (_, body) = org
        .send(
            org.http
                .get(format!("{base}/services/oauth2/userinfo"))
                .bearer_auth(access),
        )
        .await;
    assert_eq!(body["preferred_username"], INTEGRATION_USERNAME);

    let refresh_token = tokens["refresh_token"].as_str().expect("token");
    let (status, _) = org
        .send(
            org.http
                .post(format!("{base}/services/oauth2/revoke"))
                .form(&[("token", refresh_token)]),
        )
        .await;
    assert_eq!(status, 200);
    let (_, body) = introspect().await;
    assert_eq!(body["active"], false);
    let (_, body) = refresh(&org, &tokens["refresh_token"]).await;
    assert_eq!(body["error"], "invalid_grant");
}

#[tokio::test]
async fn sessions_expire_and_inactive_users_cannot_refresh() {
    let org = Org::start(SimConfig {
        session_ttl_s: 60,
        ..SimConfig::default()
    });
    let tokens = connect(&org).await;
    org.control.advance_clock(61_000).await.expect("moved");
    let (status, body) = org.get("/limits").await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (401, &Json::from("INVALID_SESSION_ID"))
    );
    org.control
        .set_user_active(INTEGRATION_USERNAME, false)
        .await
        .expect("deactivated");
    let (status, body) = refresh(&org, &tokens["refresh_token"]).await;
    assert_eq!(
        (status.as_u16(), &body["error_description"]),
        (400, &Json::from("inactive user"))
    );
}

#[tokio::test]
async fn scripts_get_a_token_with_a_password() {
    let org = Org::demo();
    let (status, _) = token(
        &org,
        &[
            ("grant_type", "password"),
            ("username", INTEGRATION_USERNAME),
            ("password", PASSWORD),
        ],
    )
    .await;
    assert_eq!(status, 200);
    let (status, body) = token(
        &org,
        &[
            ("grant_type", "password"),
            ("username", INTEGRATION_USERNAME),
            ("password", "no"),
        ],
    )
    .await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &Json::from("invalid_grant"))
    );
}
