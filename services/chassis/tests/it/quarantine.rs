//! Messages nobody can handle: set aside with a reason, brought back by a person.

use chassis::Failure;
use events::header;
use testkit::eventually;

use crate::{
    probe::{Script, Step},
    world::{LIMIT, SUBJECT, World, meeting},
};

#[tokio::test]
async fn unusable_messages_are_set_aside_with_a_reason_and_neighbours_are_fine() {
    let world = World::new().await;
    let id = (header::CE_ID, "bad");
    world.publish("good1").await;
    world
        .publish_raw(SUBJECT, &[id], vec![0x0a, 0x05, b'a'])
        .await;
    world.publish_raw(SUBJECT, &[id], vec![0; 600 * 1024]).await;
    world.publish_raw(SUBJECT, &[], meeting("acme")).await;
    world.publish_raw(SUBJECT, &[id], meeting("umbrella")).await;
    let json = [id, (header::CONTENT_TYPE, "application/json")];
    world.publish_raw(SUBJECT, &json, meeting("acme")).await;
    world.publish("good2").await;
    let running = world.start(&Script::default()).await;
    assert_eq!(world.until_seen(2).await, ["good1", "good2"]);
    world.until_settled().await;
    let items = running
        .bus()
        .quarantine()
        .list(Some("probe"), 0, 10)
        .await
        .expect("list");
    let mut lines: Vec<String> = items
        .iter()
        .map(|item| {
            format!(
                "{} @{} {}: {}",
                item.subject, item.stream_sequence, item.code, item.reason
            )
        })
        .collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ergo.meeting.processed.v1.acme @2 undecodable: payload is not a protobuf message of type ergo.meeting.processed.v1: failed to decode Protobuf message: MeetingProcessed.id: buffer underflow
    ergo.meeting.processed.v1.acme @3 oversize: payload has 614400 bytes and the limit is 524288: send a claim check instead
    ergo.meeting.processed.v1.acme @4 missing_id: neither header ce-id nor Nats-Msg-Id is set: send the event's id in both
    ergo.meeting.processed.v1.acme @5 workspace_mismatch: subject names workspace acme and the payload "umbrella": they must be equal
    ergo.meeting.processed.v1.acme @6 content_type: header content-type is "application/json": send application/protobuf or leave it out
    "#);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_replayed_message_is_handled_as_the_same_event() {
    let world = World::new().await;
    let script = Script::new(|_| Step::Fail(Failure::transient("no such stage")));
    let running = world.start(&script).await;
    // Without ce-id the event's identity is its message id, which a replay has to keep.
    world
        .publish_raw(SUBJECT, &[(header::MESSAGE_ID, "e1")], meeting("acme"))
        .await;
    let quarantine = running.bus().quarantine();
    let item = eventually(LIMIT, async || {
        quarantine.list(None, 0, 10).await.ok()?.pop()
    })
    .await;
    assert_eq!(
        (item.code.as_str(), item.attempts, item.reason.as_str()),
        ("attempts_exhausted", 3, "no such stage")
    );
    let entry = quarantine
        .show(item.sequence)
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(entry.payload, meeting("acme"));

    script.change(|_| Step::Done);
    quarantine
        .replay(item.sequence, "user:ann@acme.com")
        .await
        .expect("replays");
    assert_eq!(world.until_seen(1).await, ["e1"]);
    world.until_settled().await;
    assert_eq!(quarantine.list(None, 0, 10).await.expect("list"), []);
    let replayed = world.message("MEETINGS", 2).await;
    let by = replayed
        .headers
        .get(header::REPLAYED_BY)
        .map(|by| by.as_str());
    assert_eq!(by, Some("user:ann@acme.com"));
    assert!(
        quarantine
            .replay(item.sequence, "user:ann@acme.com")
            .await
            .is_err()
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_forgotten_item_is_gone_and_a_list_goes_on_where_it_ended() {
    let world = World::new().await;
    for number in 0..3 {
        let id = format!("e{number}");
        world
            .publish_raw(SUBJECT, &[(header::CE_ID, &id)], b"{".to_vec())
            .await;
    }
    let running = world.start(&Script::default()).await;
    world.until_settled().await;
    let quarantine = running.bus().quarantine();
    let first = quarantine.list(None, 0, 2).await.expect("list");
    assert_eq!(first.len(), 2);
    let rest = quarantine
        .list(None, first[1].sequence, 2)
        .await
        .expect("list");
    assert_eq!(rest.len(), 1);
    assert!(quarantine.forget(rest[0].sequence).await.expect("forgets"));
    assert!(!quarantine.forget(rest[0].sequence).await.expect("asks"));
    assert_eq!(
        quarantine.show(rest[0].sequence).await.expect("reads"),
        None
    );
    running.shutdown().await.expect("stops");
}
