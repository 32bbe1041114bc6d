//! Answers no honest org gives, and refusals the stand-in org does not have: each ends on its own page, with nothing stored.

use events::crm::v1::ConnectionState;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::browser::Seen;
use crate::world::{Replica, World};

/// A well-formed answer of the token endpoint, unsigned and without a refresh token.
fn answer(instance_url: &str, host: &str, more: &str) -> String {
    format!(
        r#"{{"access_token":"00D000000000001!AQ.x","instance_url":"{instance_url}","id":"{host}/id/00D000000000001EAA/005000000000001AAA","issued_at":"1"{more}}}"#
    )
}

/// Opens a link and comes back with `query` and the right state.
async fn come_back(auth: &Replica, query: &str) -> Seen {
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let state = authorize_url
        .split("state=")
        .nth(1)
        .and_then(|rest| rest.split('&').next())
        .expect("a state");
    browser
        .get(&format!("http://x/oauth/callback?{query}&state={state}"))
        .await
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_has_its_own_page() {
    let server = MockServer::start().await;
    let host = server.uri();
    let world = World::new().await;
    let mut config = world.config();
    config.service.salesforce.salesforce_login_url = host.clone();
    let auth = world.start_with(config).await;
    for (name, body, title) in [
        (
            "no refresh token",
            answer(&host, &host, ""),
            "Salesforce gave no lasting access",
        ),
        (
            "foreign host",
            answer("https://evil.example", &host, r#","refresh_token":"r""#),
            "The answer cannot be trusted",
        ),
        (
            "altered",
            answer(&host, &host, r#","refresh_token":"r","signature":"AAAA""#),
            "The answer cannot be trusted",
        ),
        (
            "no api scope",
            answer(
                &host,
                &host,
                r#","refresh_token":"r","scope":"id refresh_token""#,
            ),
            "Salesforce gave no access to its API",
        ),
        ("not json", "<html>".to_owned(), "Salesforce did not answer"),
    ] {
        server.reset().await;
        Mock::given(method("POST"))
            .and(path("/services/oauth2/token"))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        let seen = come_back(&auth, "code=aPrx").await;
        assert!(seen.body.contains(title), "{name}: {}", seen.body);
        assert_eq!(
            auth.connection().await.state(),
            ConnectionState::NotConnected,
            "{name}"
        );
        let kept = world
            .scalar("select count(*) from auth.sealed where kind <> 'revocation'")
            .await;
        assert_eq!(kept, 0, "{name}");
    }
    auth.stop().await;
}

#[tokio::test]
async fn a_refusal_on_salesforces_page_says_what_an_admin_has_to_do() {
    let world = World::new().await;
    let auth = world.start().await;
    for (query, title, advice) in [
        (
            "error=invalid_client&error_description=app+must+be+installed+into+org",
            "The app is not installed in this org",
            "install Ergo",
        ),
        (
            "error=OAUTH_APP_BLOCKED",
            "The app is blocked in this org",
            "unblock",
        ),
        (
            "error=OAUTH_APP_ACCESS_DENIED",
            "This user is not admitted to the app",
            "permission set",
        ),
        (
            "error=redirect_uri_mismatch",
            "Ergo is not set up correctly",
            "AUTH_PUBLIC_URL",
        ),
        (
            "error=rate_limit_exceeded",
            "Too many logins",
            "quarter of an hour",
        ),
        (
            "error=%3Cscript%3E&error_description=%3Cscript%3E",
            "Salesforce did not finish",
            "start connecting again",
        ),
        (
            "nothing=1",
            "Salesforce did not finish",
            "start connecting again",
        ),
    ] {
        let seen = come_back(&auth, query).await;
        assert!(
            seen.body.contains(title) && seen.body.contains(advice),
            "{query}: {}",
            seen.body
        );
        assert!(!seen.body.contains("<script>"), "{query}");
        assert_eq!(
            auth.connection().await.state(),
            ConnectionState::NotConnected
        );
    }
    let mut browser = auth.browser();
    for nonsense in [
        "http://x/oauth/callback",
        "http://x/oauth/callback?code=a&code=b",
        "http://x/oauth/callback?state=x&code=y",
    ] {
        let seen = browser.get(nonsense).await;
        assert!(
            seen.body.contains("This link is not known"),
            "{nonsense}: {}",
            seen.body
        );
    }
    auth.stop().await;
}

#[tokio::test]
async fn without_a_console_our_own_page_says_that_it_worked() {
    let world = World::new().await;
    let mut config = world.config();
    config.service.console_public_url = None;
    let auth = world.start_with(config).await;
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let username = salesforce_sim::config::INTEGRATION_USERNAME;
    let seen = world.allow(&mut browser, &authorize_url, username).await;
    assert_eq!(seen.location.as_deref(), Some("/oauth/connected"));
    let seen = browser.get("http://x/oauth/connected").await;
    assert!(
        seen.body.contains("Salesforce is connected"),
        "{}",
        seen.body
    );
    let seen = browser.get("http://x/oauth/page.css").await;
    assert_eq!(seen.headers["content-type"], "text/css; charset=utf-8");
    auth.stop().await;
}
