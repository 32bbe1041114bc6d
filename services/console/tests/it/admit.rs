//! Requests sent again, requests sent too often.

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::owners::Script;
use crate::world::{TOKEN, World, answer};

async fn post(world: &World, path: &str, key: &str, body: &Value) -> Response {
    let request = world
        .client
        .post(format!("{}/api/v1{path}", world.base))
        .bearer_auth(TOKEN)
        .header("idempotency-key", key)
        .json(body);
    request.send().await.expect("answers")
}

#[tokio::test]
async fn a_post_sent_again_is_told_what_became_of_it_and_does_nothing() {
    let script = Script::default();
    let world = World::new(&script).await;
    let wish = json!({"kind": "schema"});
    let first = post(&world, "/w/acme/sync", "k-1", &wish).await;
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first = answer(first).await;
    let changes = script.changes();
    let again = post(&world, "/w/acme/sync", "k-1", &wish).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(answer(again).await, first);
    assert_eq!(script.changes(), changes, "asked the owner twice");

    // The same key for another wish is a mistake; another key is another wish.
    let other = json!({"kind": "records"});
    let (status, problem) = answer(post(&world, "/w/acme/sync", "k-1", &other).await).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("key_reused"))
    );
    let (status, _) = answer(post(&world, "/w/acme/sync", "k-2", &other).await).await;
    assert_eq!(status, StatusCode::ACCEPTED);

    // What was refused did nothing and may be asked again.
    let wrong = json!({"kind": "everything"});
    for _ in 0..2 {
        let (status, _) = answer(post(&world, "/w/acme/sync", "k-3", &wrong).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        post(&world, "/w/acme/sync", "k-3", &wish).await.status(),
        StatusCode::ACCEPTED
    );
    let (status, problem) =
        answer(post(&world, "/w/acme/sync", &"x".repeat(129), &wish).await).await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::BAD_REQUEST, &json!("idempotency-key"))
    );
}

#[tokio::test]
async fn a_secret_is_answered_once_and_kept_nowhere() {
    let world = World::new(&Script::default()).await;
    let wish = json!({"email": "vera@example.com", "workspace": "acme", "role": "viewer"});
    let (status, made) = answer(post(&world, "/users", "k", &wish).await).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(made["link"].is_string());
    let (status, problem) = answer(post(&world, "/users", "k", &wish).await).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("done_before"))
    );
    let kept: Option<Vec<u8>> = sqlx::query_scalar("select body from console.kept_answer")
        .fetch_one(&world.database.pool().await)
        .await
        .expect("is read");
    assert_eq!(kept, None);
}

#[tokio::test]
async fn who_asks_too_often_waits() {
    let world = World::with(&Script::default(), |options| {
        options.console_caller_requests_per_minute = "3".parse().ok();
    })
    .await;
    let me = async || {
        let request = world.client.get(format!("{}/api/v1/me", world.base));
        request.bearer_auth(TOKEN).send().await.expect("answers")
    };
    for _ in 0..3 {
        assert_eq!(me().await.status(), StatusCode::OK);
    }
    let refused = me().await;
    let wait = refused.headers()[RETRY_AFTER].to_str().expect("is text");
    assert!((1..=21).contains(&wait.parse().unwrap_or(0)), "{wait}");
    let (status, problem) = answer(refused).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_requests"))
    );
    // A stranger from the same address is not held up by it, only told that they are one.
    let (status, _) = world.api("x", Method::GET, "/me", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_open_page_is_told_how_the_workspace_is() {
    let world = World::new(&Script::default()).await;
    let browser = world.admin().await;
    let mut stream = browser.get("/w/acme/events").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.chunk().await.expect("arrives").expect("an event");
    let text = String::from_utf8(first.to_vec()).expect("is text");
    let data = text
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .expect("has data");
    let pulse: Value = serde_json::from_str(data).expect("is JSON");
    assert_eq!(pulse["connection"], "connected", "{pulse}");
    assert!(pulse["counts"].is_object(), "{pulse}");
    let stranger = world.browser().get("/w/acme/events").await;
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
}
