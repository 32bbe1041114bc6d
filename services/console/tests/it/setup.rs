//! The pages of the setup and of people: what they show, what they send, how large they are.

use std::time::Instant;

use reqwest::StatusCode;

use crate::owners::Script;
use crate::world::{EMAIL, World};

/// Largest page, in bytes.
const PAGE_BYTES_MAX: usize = 200 * 1024;
/// Changes that wait in the largest queue.
const QUEUED_CHANGES: u64 = 20_000;

#[tokio::test]
async fn the_next_step_is_evident_and_a_later_one_waits_for_its_gate() {
    let world = World::new(&Script::default()).await;
    let browser = world.admin().await;
    let page = browser.page("/w/acme/integrations").await;
    for shown in [
        "Salesforce",
        "connected",
        "integration@acme.example",
        "production",
        "Next: ",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // Steps are on every page of the way, the one looked at is marked.
    let page = browser.page("/w/acme/mapping").await;
    assert!(page.contains("aria-label=\"Setup\"") && page.contains("aria-current=\"step\""));
    let page = browser.page("/w/acme/meetings").await;
    assert!(!page.contains("aria-label=\"Setup\""));
}

#[tokio::test]
async fn every_step_leads_to_a_page() {
    let world = World::new(&Script::default()).await;
    let browser = world.admin().await;
    let page = browser.page("/w/acme/connection").await;
    let (_, steps) = page.split_once("aria-label=\"Setup\"").expect("has steps");
    let (steps, _) = steps.split_once("</nav>").expect("end");
    let mut seen = 0;
    for link in steps.split("href=\"").skip(1) {
        let path = link.split('"').next().expect("a path");
        browser.page(path).await;
        seen += 1;
    }
    assert!(
        seen >= 6,
        "{seen} of eight are open once a mapping is published"
    );
}

#[tokio::test]
async fn differences_stages_and_domains_are_settled_by_their_forms() {
    let script = Script::saying("Closed Won");
    let world = World::new(&script).await;
    let browser = world.admin().await;
    for (page, fields) in [
        (
            "stages",
            vec![
                ("stage", "Prospecting"),
                ("exits", "Qualification, Closed Lost"),
                ("fields", ""),
            ],
        ),
        (
            "stages",
            vec![("stage", "Closed Won"), ("action", "remove")],
        ),
        (
            "matching",
            vec![
                ("domain", "acme.com"),
                ("class", "internal"),
                ("account_id", ""),
            ],
        ),
        (
            "matching",
            vec![
                ("domain", "acme.com"),
                ("action", "remove"),
                ("account_id", ""),
            ],
        ),
    ] {
        let path = format!("/w/acme/{page}");
        let token = browser.form_token(&path).await;
        let before = script.changes();
        let mut form = vec![("form_token", token.as_str())];
        form.extend(fields);
        let answer = browser.post(&path, &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{form:?}");
        assert_eq!(script.changes(), before + 1, "{form:?}");
    }
    // The owner knows no such difference any more, which the page says.
    let token = browser.form_token("/w/acme/properties").await;
    let before = script.changes();
    let form = [
        ("form_token", token.as_str()),
        ("id", "d-1"),
        ("status", "ignored"),
        ("reason", "known"),
    ];
    let answer = browser.post("/w/acme/properties", &form).await;
    assert_eq!(
        (answer.status(), script.changes()),
        (StatusCode::NOT_FOUND, before + 1)
    );
    let form = [
        ("form_token", token.as_str()),
        ("id", "d-1"),
        ("action", "repair"),
    ];
    browser.post("/w/acme/properties", &form).await;
    assert_eq!(script.changes(), before + 2);
    let token = browser.form_token("/w/acme/matching").await;
    let wrong = [
        ("form_token", token.as_str()),
        ("domain", "acme.com"),
        ("class", "nice"),
    ];
    let answer = browser.post("/w/acme/matching", &wrong).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_permission_is_set_by_its_form() {
    let script = Script::default();
    let world = World::new(&script).await;
    let browser = world.admin().await;
    let token = browser.form_token("/w/acme/permissions").await;
    let fields = [
        ("form_token", token.as_str()),
        ("object", "Opportunity"),
        ("update", "review"),
        ("create", ""),
        ("field:NextStep", "automatic"),
        ("field:Amount", ""),
    ];
    let answer = browser.post("/w/acme/permissions", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(script.changes(), 1);
    let wrong = [
        ("form_token", token.as_str()),
        ("object", "Opportunity"),
        ("update", "always"),
    ];
    let answer = browser.post("/w/acme/permissions", &wrong).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_verification_and_going_live_are_asked_for_by_their_pages() {
    let script = Script::default();
    let world = World::new(&script).await;
    let browser = world.admin().await;
    for (path, field) in [("verification", ("records", "")), ("live", ("live", "on"))] {
        let path = format!("/w/acme/{path}");
        let token = browser.form_token(&path).await;
        let before = script.changes();
        let answer = browser.post(&path, &[("form_token", &token), field]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(script.changes(), before + 1, "{path}");
        // Without the form's token nothing happens.
        let answer = browser.post(&path, &[field]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        assert_eq!(script.changes(), before + 1, "{path}");
    }
}

#[tokio::test]
async fn people_are_invited_disabled_and_taken_out() {
    let world = World::new(&Script::default()).await;
    let admin = world.admin().await;
    let token = admin.form_token("/people").await;
    let invite = [
        ("form_token", token.as_str()),
        ("email", "vera@example.com"),
        ("name", "Vera"),
        ("workspace", "acme"),
        ("role", "viewer"),
    ];
    let page = admin.post("/people", &invite).await;
    assert_eq!(page.status(), StatusCode::CREATED);
    let page = page.text().await.expect("arrives");
    let link = page
        .split(&format!("{}/welcome/", world.base))
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("shows the link");
    let mut vera = world.browser();
    let password = [
        ("password", "a long sentence"),
        ("again", "a long sentence"),
    ];
    vera.welcome(&format!("/welcome/{link}"), &password).await;
    vera.page("/w/acme/integrations").await;
    // She is no super-admin.
    assert_eq!(vera.get("/people").await.status(), StatusCode::FORBIDDEN);
    let wrong = [
        ("form_token", token.as_str()),
        ("email", "x"),
        ("workspace", "acme"),
        ("role", "viewer"),
    ];
    let answer = admin.post("/people", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let page = admin.page("/people").await;
    assert!(page.contains("vera@example.com") && page.contains(EMAIL));
    let ids: Vec<String> = page
        .split("name=\"user_id\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    let id = ids.last().expect("is listed").as_str();
    let change = async |action: &str| {
        let fields = [
            ("form_token", token.as_str()),
            ("user_id", id),
            ("workspace", "acme"),
            ("action", action),
        ];
        let answer = admin.post("/people/change", &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{action}");
    };
    change("disable").await;
    assert_eq!(
        vera.get("/w/acme/integrations").await.status(),
        StatusCode::SEE_OTHER
    );
    change("enable").await;
    vera.page("/w/acme/integrations").await;
    change("leave").await;
    assert_eq!(
        vera.get("/w/acme/integrations").await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let world = World::new(&Script::default()).await;
    let admin = world.admin().await;
    let form = admin.form_token("/tokens").await;
    let wish = [
        ("form_token", form.as_str()),
        ("name", "dashboard"),
        ("role", "viewer"),
        ("workspace", "acme"),
        ("days", "7"),
    ];
    let page = admin
        .post("/tokens", &wish)
        .await
        .text()
        .await
        .expect("arrives");
    let token = page
        .split("value=\"ergo_")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("shows the token");
    let token = format!("ergo_{token}");
    let (status, _) = world
        .api(&token, reqwest::Method::GET, "/w/acme/status", None)
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(!admin.page("/tokens").await.contains(&token));
    let id = token.split('_').nth(1).expect("has an id");
    admin
        .post("/tokens/revoke", &[("form_token", &form), ("id", id)])
        .await;
    let (status, _) = world
        .api(&token, reqwest::Method::GET, "/w/acme/status", None)
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_page_of_a_queue_of_twenty_thousand_is_small() {
    let script = Script::saying(&"👩".repeat(1_200)).with_queue(QUEUED_CHANGES);
    let world = World::new(&script).await;
    let browser = world.admin().await;
    browser.page("/w/acme/queue").await;
    let begun = Instant::now();
    let page = browser.page("/w/acme/queue").await;
    println!(
        "20000 queued changes: {} bytes in {} ms",
        page.len(),
        begun.elapsed().as_millis()
    );
    assert!(page.contains("20000"), "says how many wait");
    assert!(page.len() <= PAGE_BYTES_MAX, "{} bytes", page.len());
}
