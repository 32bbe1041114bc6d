//! The OAuth endpoints.

use salesforce::host::DomainKind;
use salesforce::oauth::{
    AuthorizeRequest, ClientCredentials, Confirm, ReconnectCause, TokenEndpoint, TokenError,
    TokenFailure, TokenKind,
};
use salesforce::{LoginChoice, Outcome, Salesforce};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{answer, bodies, calls, json as reply, options};

const TOKEN: &str = "/services/oauth2/token";

async fn endpoint() -> (MockServer, Salesforce, TokenEndpoint) {
    let server = MockServer::start().await;
    let salesforce = Salesforce::new(&options(&server.uri())).expect("options are valid");
    let endpoint = salesforce.token_endpoint(ClientCredentials {
        key: "consumer key".to_owned(),
        secret: "secret".into(),
    });
    (server, salesforce, endpoint)
}

fn body(server: &MockServer) -> serde_json::Value {
    json!({
        "access_token": "00D1a000000H3O9!AQ4A",
        "instance_url": server.uri(),
        "id": format!("{}/id/00D1a000000H3O9EAK/0051a000000UGT8AAO", server.uri()),
    })
}

fn secret(text: &str) -> SecretString {
    text.into()
}

#[tokio::test]
async fn the_browser_is_sent_with_every_parameter_encoded() {
    let (_server, salesforce, endpoint) = endpoint().await;
    let choice = LoginChoice::CustomDomain {
        label: "acme--uat".to_owned(),
        kind: DomainKind::Sandbox,
    };
    let login = salesforce.login(&choice).expect("a label");
    let url = endpoint.authorize_url(
        &login,
        &AuthorizeRequest {
            redirect_uri: "https://ergo.example/callback?x=1",
            scope: "api refresh_token id",
            state: "st&te",
            code_challenge: "challenge",
            prompt: Some("login consent"),
            login_hint: None,
        },
    );
    insta::assert_snapshot!(url, @"https://acme--uat.sandbox.my.salesforce.com/services/oauth2/authorize?response_type=code&client_id=consumer+key&redirect_uri=https%3A%2F%2Fergo.example%2Fcallback%3Fx%3D1&scope=api+refresh_token+id&state=st%26te&code_challenge=challenge&code_challenge_method=S256&prompt=login+consent");
}

#[tokio::test]
async fn a_code_is_exchanged_with_its_verifier() {
    let (server, salesforce, endpoint) = endpoint().await;
    let mut sent = body(&server);
    sent["refresh_token"] = json!("5Aep");
    sent["scope"] = json!("refresh_token id api");
    sent["issued_at"] = json!("1435269208465");
    sent["something_new"] = json!({"a": 1});
    answer(&server, "POST", TOKEN, 200, &sent.to_string()).await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let tokens = endpoint
        .exchange_code(
            &login,
            "aPrx==",
            "https://ergo.example/callback",
            &secret("verifier"),
        )
        .await
        .expect("tokens");
    assert_eq!(tokens.access_token.expose_secret(), "00D1a000000H3O9!AQ4A");
    assert_eq!(
        tokens.refresh_token.as_ref().map(|t| t.expose_secret()),
        Some("5Aep")
    );
    assert_eq!(tokens.org_id.as_str(), "00D1a000000H3O9EAK");
    assert_eq!(tokens.user_id.as_str(), "0051a000000UGT8AAO");
    assert_eq!(tokens.scopes, ["refresh_token", "id", "api"]);
    // Milliseconds, whatever some documentation says.
    assert_eq!(
        tokens.issued_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2015-06-25T21:53:28.465+00:00")
    );
    assert!(!tokens.signed);
    assert!(!format!("{tokens:?}").contains("AQ4A") && !format!("{tokens:?}").contains("5Aep"));
    insta::assert_snapshot!(bodies(&server).await[0], @"grant_type=authorization_code&code=aPrx%3D%3D&redirect_uri=https%3A%2F%2Fergo.example%2Fcallback&code_verifier=verifier&client_id=consumer+key&client_secret=secret");
}

#[tokio::test]
async fn only_three_fields_of_a_token_response_are_required() {
    let (server, salesforce, endpoint) = endpoint().await;
    answer(&server, "POST", TOKEN, 200, &body(&server).to_string()).await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let tokens = endpoint
        .refresh(&login, &secret("5Aep"))
        .await
        .expect("tokens");
    assert!(tokens.refresh_token.is_none() && tokens.scopes.is_empty());
    for missing in ["access_token", "instance_url", "id"] {
        let (server, salesforce, endpoint) = self::endpoint().await;
        let mut sent = body(&server);
        sent.as_object_mut().expect("an object").remove(missing);
        answer(&server, "POST", TOKEN, 200, &sent.to_string()).await;
        let login = salesforce
            .login(&LoginChoice::Production)
            .expect("the login host");
        let error = endpoint
            .refresh(&login, &secret("5Aep"))
            .await
            .expect_err(missing);
        assert!(matches!(error, TokenError::Decode(_)), "{error:?}");
        // The status said success: with rotation, the old token may be gone.
        assert_eq!(error.outcome(), Outcome::Ambiguous);
    }
}

#[tokio::test]
async fn an_altered_response_is_refused() {
    let (server, salesforce, endpoint) = endpoint().await;
    let mut sent = body(&server);
    sent["issued_at"] = json!("1435269208465");
    sent["signature"] = json!("a5IUPj5NCTMwf4j6g1+DXVC0CN4O5aVH99Vac05KFnU=");
    answer(&server, "POST", TOKEN, 200, &sent.to_string()).await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let error = endpoint
        .refresh(&login, &secret("5Aep"))
        .await
        .expect_err("not ours");
    assert!(matches!(error, TokenError::Signature), "{error:?}");
}

#[tokio::test]
async fn a_response_naming_a_foreign_host_is_refused() {
    for (field, value) in [
        (
            "instance_url",
            "https://acme.my.salesforce.com.evil.example",
        ),
        ("instance_url", "https://acme.force.com"),
        (
            "id",
            "https://evil.example/id/00D1a000000H3O9EAK/0051a000000UGT8AAO",
        ),
    ] {
        let (server, salesforce, endpoint) = endpoint().await;
        let mut sent = body(&server);
        sent[field] = json!(value);
        answer(&server, "POST", TOKEN, 200, &sent.to_string()).await;
        let login = salesforce
            .login(&LoginChoice::Production)
            .expect("the login host");
        let error = endpoint
            .refresh(&login, &secret("5Aep"))
            .await
            .expect_err(value);
        assert!(matches!(error, TokenError::Host(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_carries_salesforces_words_and_our_verdict() {
    let (server, salesforce, endpoint) = endpoint().await;
    answer(
        &server,
        "POST",
        TOKEN,
        400,
        r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
    )
    .await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let error = endpoint
        .refresh(&login, &secret("5Aep"))
        .await
        .expect_err("expired");
    let expected = TokenFailure::Reconnect {
        cause: ReconnectCause::Expired,
        confirm: Confirm::StoredToken,
    };
    assert_eq!(
        (error.failure(), error.outcome()),
        (Some(expected), Outcome::Answered)
    );
    insta::assert_snapshot!(error, @"token endpoint refused (400 invalid_grant): expired access/refresh token");
    // A token call is never repeated here.
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn a_breakdown_during_refresh_is_ambiguous_and_transient() {
    let (server, salesforce, endpoint) = endpoint().await;
    answer(&server, "POST", TOKEN, 503, "<html>").await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let error = endpoint
        .refresh(&login, &secret("5Aep"))
        .await
        .expect_err("down");
    assert_eq!(error.outcome(), Outcome::Ambiguous);
    assert_eq!(error.failure(), Some(TokenFailure::Retry { after_s: 5 }));
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn revoking_an_unknown_token_succeeds_and_a_redirect_is_followed_inside_the_list() {
    let (server, salesforce, endpoint) = endpoint().await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let at = "/services/oauth2/revoke";
    answer(
        &server,
        "POST",
        at,
        400,
        r#"{"error":"invalid_token","error_description":"x"}"#,
    )
    .await;
    endpoint
        .revoke(&login, &secret("5Aep"))
        .await
        .expect("as good as revoked");
    server.reset().await;
    Mock::given(method("POST"))
        .and(path(at))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/moved"))
        .mount(&server)
        .await;
    Mock::given(path("/moved"))
        .and(body_string_contains("token=5Aep"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    endpoint
        .revoke(&login, &secret("5Aep"))
        .await
        .expect("revoked");
    server.reset().await;
    Mock::given(path(at))
        .respond_with(
            ResponseTemplate::new(302).insert_header("location", "https://evil.example/x"),
        )
        .mount(&server)
        .await;
    let error = endpoint
        .revoke(&login, &secret("5Aep"))
        .await
        .expect_err("foreign host");
    assert!(matches!(error, TokenError::Host(_)), "{error:?}");
    server.reset().await;
    answer(
        &server,
        "POST",
        at,
        400,
        r#"{"error":"unsupported_token_type"}"#,
    )
    .await;
    endpoint
        .revoke(&login, &secret("5Aep"))
        .await
        .expect_err("refused");
}

#[tokio::test]
async fn a_dead_token_is_introspected_as_inactive() {
    let (server, salesforce, endpoint) = endpoint().await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    answer(
        &server,
        "POST",
        "/services/oauth2/introspect",
        200,
        r#"{"active":false}"#,
    )
    .await;
    let answer = endpoint
        .introspect(&login, &secret("x"), TokenKind::Refresh)
        .await
        .expect("an answer");
    assert!(!answer.active);
    assert!(bodies(&server).await[0].contains("token_type_hint=refresh_token"));
}

#[tokio::test]
async fn who_a_token_belongs_to_is_read_from_both_endpoints() {
    let (server, salesforce, endpoint) = endpoint().await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    let who = r#"{"user_id":"0051a000000UGT8AAO","organization_id":"00D1a000000H3O9EAK","username":"pat@example.com","preferred_username":"pat@example.com","active":true,"user_type":"STANDARD","urls":{"custom_domain":"https://acme.my.salesforce.com"},"is_app_installed":true}"#;
    Mock::given(header("authorization", "Bearer alive"))
        .respond_with(reply(200, who))
        .mount(&server)
        .await;
    Mock::given(header("authorization", "Bearer dead"))
        .respond_with(ResponseTemplate::new(403).set_body_string("Bad_OAuth_Token"))
        .mount(&server)
        .await;
    let identity_url = format!("{}/id/00D1a000000H3O9EAK/0051a000000UGT8AAO", server.uri());
    let identity = endpoint
        .identity(&identity_url, &secret("alive"))
        .await
        .expect("identity");
    let info = endpoint
        .userinfo(&login, &secret("alive"))
        .await
        .expect("userinfo");
    assert_eq!(identity.user_id, info.user_id);
    assert_eq!(
        identity.urls["custom_domain"],
        "https://acme.my.salesforce.com"
    );
    assert!(!format!("{identity:?}{info:?}").contains("pat@"));
    for error in [
        endpoint
            .identity(&identity_url, &secret("dead"))
            .await
            .map(|_| ()),
        endpoint.userinfo(&login, &secret("dead")).await.map(|_| ()),
    ] {
        assert!(matches!(error, Err(TokenError::SessionOver)), "{error:?}");
    }
}

#[tokio::test]
async fn an_assertion_buys_a_token_without_a_refresh_token() {
    let (server, salesforce, endpoint) = endpoint().await;
    let login = salesforce
        .login(&LoginChoice::Production)
        .expect("the login host");
    Mock::given(path(TOKEN))
        .and(body_string_contains(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(body(&server)))
        .mount(&server)
        .await;
    let tokens = endpoint
        .jwt_bearer(&login, &secret("a.b.c"))
        .await
        .expect("a token");
    assert!(tokens.refresh_token.is_none());
}
