//! Messages that were set aside are listed, shown, replayed and forgotten, each in its own workspace.

use async_nats::HeaderMap;
use events::header;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::owners::Script;
use crate::world::{TOKEN, World};

async fn set_aside(world: &World, id: &str, workspace: &str) {
    let mut headers = HeaderMap::new();
    let subject = format!("ergo.meeting.processed.v1.{workspace}");
    for (name, value) in [
        (header::CE_ID, id),
        (
            header::QUARANTINE_REASON,
            "revision is missing; set it to 1 or more",
        ),
        (header::QUARANTINE_SUBJECT, &subject),
        (header::QUARANTINE_STREAM, "MEETINGS"),
        (header::QUARANTINE_CONSUMER, "matching__meeting_processed"),
        (header::QUARANTINE_ATTEMPTS, "1"),
    ] {
        headers.insert(name, value);
    }
    let jetstream = async_nats::jetstream::new(world.nats.client().await);
    jetstream
        .publish_with_headers(
            "ergo.quarantine.matching.invalid",
            headers,
            "payload".into(),
        )
        .await
        .expect("is sent")
        .await
        .expect("is stored");
}

#[tokio::test]
async fn a_message_is_replayed_by_an_admin_of_its_workspace() {
    let world = World::new(&Script::default()).await;
    for (id, workspace) in [("e-1", "acme"), ("e-2", "other"), ("e-3", "acme")] {
        set_aside(&world, id, workspace).await;
    }
    let (_, list) = world
        .api(TOKEN, Method::GET, "/w/acme/quarantine", None)
        .await;
    let ids: Vec<_> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| &item["event_id"])
        .collect();
    assert_eq!(ids, [&json!("e-1"), &json!("e-3")], "{list}");
    let (_, first) = world
        .api(TOKEN, Method::GET, "/w/acme/quarantine?page_size=1", None)
        .await;
    assert_eq!(first["next_page_token"], "1");

    let (status, _) = world
        .api(TOKEN, Method::GET, "/w/acme/quarantine/2", None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "another workspace's");
    let (_, shown) = world
        .api(TOKEN, Method::GET, "/w/acme/quarantine/1", None)
        .await;
    assert_eq!(
        (&shown["payload_base64"], &shown["reason"]),
        (
            &json!("cGF5bG9hZA=="),
            &json!("revision is missing; set it to 1 or more")
        )
    );

    let (status, replayed) = world
        .api(TOKEN, Method::POST, "/w/acme/quarantine/1/replay", None)
        .await;
    assert_eq!(
        (status, &replayed["event_id"]),
        (StatusCode::OK, &json!("e-1"))
    );
    let jetstream = async_nats::jetstream::new(world.nats.client().await);
    let mut meetings = jetstream.get_stream("MEETINGS").await.expect("a stream");
    assert_eq!(meetings.info().await.expect("info").state.messages, 1);
    let again = meetings.get_raw_message(1).await.expect("the message");
    assert_eq!(
        again.headers.get(header::REPLAYED_BY).map(|by| by.as_str()),
        Some("token:demo")
    );

    let browser = world.admin().await;
    let token = browser.form_token("/w/acme/quarantine").await;
    let fields = [
        ("form_token", token.as_str()),
        ("sequence", "3"),
        ("action", "forget"),
    ];
    assert_eq!(
        browser
            .post("/w/acme/quarantine/act", &fields)
            .await
            .status(),
        StatusCode::SEE_OTHER
    );
    assert!(
        browser
            .page("/w/acme/quarantine")
            .await
            .contains("Nothing was set aside")
    );
}
