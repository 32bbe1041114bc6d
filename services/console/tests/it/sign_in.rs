//! Signing in, staying signed in, and forms that come from elsewhere.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::owners::{CONNECT_URL, Script};
use crate::world::{EMAIL, PASSWORD, World, answer};

#[tokio::test]
async fn a_person_signs_in_looks_and_signs_out() {
    let world = World::new(&Script::saying("Send the questionnaire")).await;
    let browser = world.browser();
    let away = browser.get("/w/acme/queue").await;
    assert_eq!(away.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        away.headers()["location"],
        "/sign-in?next=%2Fw%2Facme%2Fqueue"
    );

    let browser = world.admin().await;
    let response = browser.get("/w/acme/connection").await;
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("is text");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'"),
        "{policy}"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let page = response.text().await.expect("arrives");
    assert!(page.contains("integration@acme.example") && page.contains("Connect again"));
    for (path, text) in [
        ("/w/acme/meetings", "Send the questionnaire"),
        ("/w/acme/meetings/m-1%2F%CE%B1", "overwrite policy"),
        ("/w/acme/queue", "Approve"),
        (
            "/w/acme/queue",
            "The rule fires because Send the questionnaire.",
        ),
        ("/w/acme/queue", "could not evaluate"),
        ("/w/acme/queue", "Rehearse this page"),
        (
            "/w/acme/meetings/m-1%2F%CE%B1",
            "Salesforce would have refused it, together with Amount",
        ),
        ("/w/acme/queue?risk=overwrite&text=a", "Show all"),
        ("/w/acme/queue/alike", "Approve 2"),
        ("/w/acme/refusals", "Try 4 again"),
        ("/w/acme/refusals", "mended at the rule"),
        ("/w/acme/backfills", "Draft"),
        (
            "/w/acme/backfills/backfill-1",
            "Approve 5 that carry little risk",
        ),
        ("/w/acme/backfills/backfill-1", "Take 3 back"),
        ("/w/acme/mapping", "Opportunity.NextStep"),
        ("/w/acme/status", "12</span> of 1000"),
        ("/w/acme/quarantine", "Nothing was set aside"),
    ] {
        let page = browser.page(path).await;
        assert!(page.contains(text), "{path}: {page}");
    }
    // The only workspace is entered at once.
    assert_eq!(browser.get("/").await.headers()["location"], "/w/acme");
    let css = browser.page("/assets/console.css").await;
    assert!(css.contains("prefers-color-scheme: dark"));

    assert_eq!(
        browser.post("/sign-out", &[]).await.status(),
        StatusCode::SEE_OTHER
    );
    let after = browser.get("/w/acme/queue").await;
    assert_eq!(after.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_wait() {
    let world = World::new(&Script::default()).await;
    let mut browser = world.browser();
    for email in [EMAIL, "nobody@example.com"] {
        let response = browser.sign_in(email, "not the password").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{email}");
        assert!(!response.headers().contains_key("set-cookie"));
    }
    for _ in 0..4 {
        browser.sign_in(EMAIL, "not the password").await;
    }
    // Even the right one: a guesser must not learn it by speed.
    let mut waited = false;
    for _ in 0..3 {
        let response = browser.sign_in(EMAIL, "not the password").await;
        waited |= response.status() == StatusCode::TOO_MANY_REQUESTS
            && response.headers().contains_key("retry-after");
    }
    assert!(waited);
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let script = Script::default();
    let world = World::new(&script).await;
    let browser = world.admin().await;
    let token = browser.form_token("/w/acme/connection").await;
    let connect = "/w/acme/connection/connect";
    let fields = [
        ("form_token", token.as_str()),
        ("environment", "production"),
    ];
    for (fields, site) in [
        (fields.as_slice(), Some("cross-site")),
        (fields.as_slice(), None),
        (&[("environment", "production")], Some("same-origin")),
        (&[("form_token", "0")], Some("same-origin")),
    ] {
        let response = browser.post_from(connect, fields, site).await;
        assert_eq!(
            response.status(),
            StatusCode::FORBIDDEN,
            "{fields:?} {site:?}"
        );
    }
    // The API with a cookie asks the same of the browser.
    let request = world
        .client
        .put(format!("{}/api/v1/w/acme/live", world.base))
        .header("cookie", &browser.cookie)
        .header("origin", "https://evil.example")
        .json(&json!({"live": true}));
    let (status, problem) = answer(request.send().await.expect("answers")).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("cross_site"))
    );
    assert_eq!(script.changes(), 0);

    let response = browser.post(connect, &fields).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = response.text().await.expect("arrives");
    let escaped = CONNECT_URL.replace('&', "&#38;");
    assert!(
        page.contains(&format!("content=\"0; url={escaped}\"")),
        "{page}"
    );
    assert_eq!(script.changes(), 1);
    let key = [
        ("form_token", token.as_str()),
        ("environment", "sandbox"),
        ("consumer_key", "3MVG9"),
        ("username", "u@acme.example"),
        ("private_key", "-----BEGIN PRIVATE KEY-----"),
    ];
    let by_key = "/w/acme/connection/connect-jwt";
    let response = browser.post(by_key, &key).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let response = browser.post(by_key, &key[..4]).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let page = response.text().await.expect("arrives");
    assert!(page.contains("private_key"), "{page}");
}

#[tokio::test]
async fn whoever_follows_the_first_link_becomes_the_super_admin() {
    let world = World::empty().await;
    let pool = world.database.pool().await;
    let links: i64 =
        sqlx::query_scalar("select count(*) from console.invitation where user_id is null")
            .fetch_one(&pool)
            .await
            .expect("is counted");
    assert_eq!(links, 1);
    // The printed link cannot be read from the database, so the test adds one of its own.
    sqlx::query("insert into console.invitation (secret_sha256, expires_at) values ($1, now() + interval '1 day')")
        .bind(Sha256::digest(b"first").as_slice())
        .execute(&pool)
        .await
        .expect("is added");
    let mut browser = world.browser();
    assert!(
        browser
            .page("/welcome/first")
            .await
            .contains("first super-admin")
    );
    let short = [("email", EMAIL), ("password", "short"), ("again", "short")];
    let refused = browser.welcome("/welcome/first", &short).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [
        ("email", EMAIL),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let accepted = browser.welcome("/welcome/first", &fields).await;
    assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    let (_, me) = browser.api(Method::GET, "/me", json!({})).await;
    assert_eq!(me["super_admin"], true, "{me}");
    assert_eq!(
        browser.get("/welcome/first").await.status(),
        StatusCode::NOT_FOUND
    );
    let left: i64 = sqlx::query_scalar("select count(*) from console.invitation")
        .fetch_one(&pool)
        .await
        .expect("is counted");
    assert_eq!(left, 0, "every first link has ended");
}

#[tokio::test]
async fn a_link_for_the_first_user_ends_when_there_is_one() {
    let world = World::new(&Script::default()).await;
    let pool = world.database.pool().await;
    sqlx::query("insert into console.invitation (secret_sha256, expires_at) values ($1, now() + interval '1 day')")
        .bind(Sha256::digest(b"old").as_slice())
        .execute(&pool)
        .await
        .expect("is added");
    let mut stranger = world.browser();
    let fields = [
        ("email", "eve@example.com"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let refused = stranger.welcome("/welcome/old", &fields).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(stranger.cookie.is_empty());
    let users: i64 = sqlx::query_scalar("select count(*) from console.user_account")
        .fetch_one(&pool)
        .await
        .expect("is counted");
    assert_eq!(users, 1);
}
