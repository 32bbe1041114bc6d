//! What happens to a message: once, in spite of repetition, crashes and failures of every kind.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_nats::jetstream::{AckKind, consumer::PullConsumer};
use chassis::Failure;
use events::header;
use futures::StreamExt;
use testkit::eventually;

use crate::{
    probe::{DURABLE, Script, Step},
    world::{LIMIT, SUBJECT, World, meeting, until_missing, until_ready},
};

#[tokio::test]
async fn a_redelivered_event_emits_nothing_new() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    for message_id in ["first", "second", "third"] {
        let pairs = [(header::CE_ID, "e1"), (header::MESSAGE_ID, message_id)];
        world.publish_raw(SUBJECT, &pairs, meeting("acme")).await;
    }
    world.publish("e2").await;
    assert_eq!(world.until_seen(2).await, ["e1", "e2"]);
    world.until_settled().await;
    world.until_relayed().await;
    assert_eq!(world.seen().await, ["e1", "e2"]);
    assert_eq!(world.messages_in("WRITEBACK").await, 2);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_crash_between_commit_and_ack_repeats_nothing() {
    let world = World::new().await;
    let crashing = world.start(&Script::new(|_| Step::HangAfterCommit)).await;
    world.publish("e1").await;
    world.until_seen(1).await;
    drop(crashing);
    let script = Script::default();
    let running = world.start(&script).await;
    world.until_settled().await;
    world.until_relayed().await;
    assert!(script.calls() >= 1, "the message came again");
    assert_eq!(world.seen().await, ["e1"]);
    assert_eq!(world.messages_in("WRITEBACK").await, 1);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_crash_before_the_commit_loses_nothing() {
    let world = World::new().await;
    let script = Script::new(|_| Step::Hang);
    let crashing = world.start(&script).await;
    world.publish("e1").await;
    eventually(LIMIT, async || (script.calls() > 0).then_some(())).await;
    drop(crashing);
    let running = world.start(&Script::default()).await;
    assert_eq!(world.until_seen(1).await, ["e1"]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_transient_failure_is_tried_again() {
    let world = World::new().await;
    let script = Script::new(|delivery| match delivery.attempt {
        1 => Step::Fail(Failure::transient("row is locked")),
        _ => Step::Done,
    });
    let running = world.start(&script).await;
    world.publish("e1").await;
    world.until_seen(1).await;
    assert_eq!(world.attempt_of("e1").await, 2);
    world.until_settled().await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn one_bad_message_never_holds_up_its_neighbours() {
    let world = World::new().await;
    for number in 0..20 {
        world.publish(&format!("e{number:02}")).await;
    }
    let script = Script::new(|delivery| match delivery.id.as_str() {
        "e07" => Step::Fail(Failure::permanent("no_mapping", "publish a mapping first")),
        "e11" => Step::Panic,
        _ => Step::Done,
    });
    let running = world.start(&script).await;
    let seen = world.until_seen(18).await;
    world.until_settled().await;
    assert!(!seen.contains(&"e07".to_owned()) && !seen.contains(&"e11".to_owned()));
    let items = running
        .bus()
        .quarantine()
        .list(None, 0, 10)
        .await
        .expect("list");
    let mut codes: Vec<_> = items
        .iter()
        .map(|item| (item.event_id.as_deref().unwrap_or(""), item.code.as_str()))
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [("e07", "no_mapping"), ("e11", "attempts_exhausted")]
    );
    assert!(
        items
            .iter()
            .any(|item| item.reason == "the handler panicked: told to")
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn messages_that_wait_together_are_handled_together() {
    let world = World::new().await;
    for number in 0..100 {
        world.publish(&format!("e{number:03}")).await;
    }
    let script = Script::default();
    let running = world.start(&script).await;
    world.until_seen(100).await;
    let largest: i64 = sqlx::query_scalar("select max(batch_messages) from probe.seen")
        .fetch_one(&world.admin)
        .await
        .expect("largest");
    assert!(largest > 1, "{} calls for 100 messages", script.calls());
    world.until_settled().await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_dependency_that_is_away_costs_no_delivery() {
    let world = World::new().await;
    let back = Arc::new(AtomicBool::new(false));
    let is_back = Arc::clone(&back);
    let script = Script::new(move |_| {
        if is_back.load(Ordering::SeqCst) {
            Step::Done
        } else {
            Step::Fail(Failure::unavailable("salesforce", "connection refused"))
        }
    });
    let running = world.start(&script).await;
    world.publish("e1").await;
    until_missing(&running, DURABLE, "waits for salesforce").await;
    // Seven calls are more than five seconds of backoff: longer than the ack wait of four.
    eventually(LIMIT, async || (script.calls() >= 7).then_some(())).await;
    back.store(true, Ordering::SeqCst);
    world.until_seen(1).await;
    assert_eq!(world.attempt_of("e1").await, 1);
    world.until_settled().await;
    until_ready(&running).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_message_that_takes_the_process_down_is_not_tried_for_ever() {
    let world = World::new().await;
    world.publish("e1").await;
    let consumer: PullConsumer = world
        .jetstream
        .get_consumer_from_stream(DURABLE, "MEETINGS")
        .await
        .expect("consumer");
    for _ in 0..3 {
        let mut messages = consumer
            .batch()
            .max_messages(1)
            .messages()
            .await
            .expect("pulls");
        let message = messages.next().await.expect("one").expect("message");
        message.ack_with(AckKind::Nak(None)).await.expect("naks");
    }
    let script = Script::default();
    let running = world.start(&script).await;
    world.until_settled().await;
    let items = running
        .bus()
        .quarantine()
        .list(Some("probe"), 0, 10)
        .await
        .expect("list");
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].code.as_str(), script.calls()), ("crash_loop", 0));
    running.shutdown().await.expect("stops");
}
