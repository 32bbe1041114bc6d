//! What cannot be taken is refused or quarantined with a reason, and its neighbours never notice.

use crate::world::{WORKSPACE, World};
use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer};
use events::header;
use futures::StreamExt;
use prost::Message;
use std::time::Duration;
use testkit::fixtures::Publication;
use testkit::publish::{Trace, headers};

/// Longest a refusal may take to show.
const QUARANTINED_MAX: Duration = Duration::from_secs(30);

/// A quarantined message, as an operator sees it.
struct Quarantined {
    subject: String,
    headers: HeaderMap,
}

impl Quarantined {
    fn reason(&self) -> String {
        self.headers
            .get(header::QUARANTINE_REASON)
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

async fn publish_raw(world: &World, subject: &str, headers: HeaderMap, payload: Vec<u8>) {
    let jetstream = jetstream::new(world.stack.nats().client().await);
    let sent = jetstream
        .publish_with_headers(subject.to_owned(), headers, payload.into())
        .await;
    sent.expect("is sent")
        .await
        .expect("JetStream stores it: it is matching that judges");
}

/// The first `count` messages in quarantine.
async fn quarantined(world: &World, count: usize) -> Vec<Quarantined> {
    let jetstream = jetstream::new(world.stack.nats().client().await);
    let stream = jetstream
        .get_stream("QUARANTINE")
        .await
        .expect("the stream is there");
    let config = consumer::pull::OrderedConfig::default();
    let messages = stream
        .create_consumer(config)
        .await
        .expect("can be read")
        .messages()
        .await
        .expect("can be read");
    let taken = messages.take(count).map(|message| {
        let message = message.expect("is read");
        Quarantined {
            subject: message.subject.to_string(),
            headers: message.headers.clone().unwrap_or_default(),
        }
    });
    let all = tokio::time::timeout(QUARANTINED_MAX, taken.collect::<Vec<_>>()).await;
    all.unwrap_or_else(|_| panic!("fewer than {count} messages were quarantined"))
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_quarantined_with_a_reason_and_their_neighbours_are_applied() {
    let world = World::live().await;
    let subject = format!("ergo.meeting.processed.v1.{WORKSPACE}");
    let before = world.meeting(0);
    world.publish(&before).await;

    publish_raw(
        &world,
        &subject,
        headers("undecodable", &Trace::begin()),
        vec![0xff; 40],
    )
    .await;
    let nameless = world.meeting(7);
    publish_raw(
        &world,
        &subject,
        HeaderMap::new(),
        nameless.event.encode_to_vec(),
    )
    .await;
    let elsewhere = world.meeting(8);
    let other = "ergo.meeting.processed.v1.another";
    publish_raw(
        &world,
        other,
        headers("elsewhere", &Trace::begin()),
        elsewhere.event.encode_to_vec(),
    )
    .await;

    let after = world.meeting(1);
    world.publish(&after).await;
    world.settled(&before).await;
    world.settled(&after).await;
    world.assert_applied_once(0..2).await;

    let quarantined = quarantined(&world, 3).await;
    for message in &quarantined {
        assert!(
            message.subject.starts_with("ergo.quarantine.matching."),
            "{}",
            message.subject
        );
        assert!(
            message.reason().contains(' '),
            "a sentence a person can read, not {:?}",
            message.reason()
        );
    }
    let reasons: Vec<String> = quarantined.iter().map(Quarantined::reason).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("ce-id")),
        "the missing id is named: {reasons:?}"
    );
    assert!(
        reasons.iter().any(|reason| reason.contains("workspace")),
        "the wrong workspace is named: {reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_of_two_mebibytes_is_refused_to_its_publisher_and_its_neighbours_are_applied() {
    let world = World::live().await;
    let before = world.meeting(0);
    world.publish(&before).await;
    let mut large = world.meeting(7);
    large.event.title = "x".repeat(2 << 20);
    let refused = world.publisher.publish(&large, &Trace::begin()).await;
    let error = format!("{:#}", refused.expect_err("is refused"));
    assert!(
        error.contains("payload") || error.contains("size"),
        "{error}"
    );
    let after = world.meeting(1);
    world.publish(&after).await;
    world.settled(&before).await;
    world.settled(&after).await;
    world.assert_applied_once(0..2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_of_an_unknown_workspace_is_quarantined_and_writes_nothing() {
    let world = World::live().await;
    let stranger = world.meeting(7);
    let stranger = Publication {
        event_id: "stranger-r1".to_owned(),
        event: events::meeting::v1::MeetingProcessed {
            workspace: "stranger".to_owned(),
            id: "stranger".to_owned(),
            ..stranger.event
        },
    };
    world
        .publisher
        .publish(&stranger, &Trace::begin())
        .await
        .expect("is stored");
    let known = world.meeting(0);
    world.publish(&known).await;
    world.settled(&known).await;
    world.assert_applied_once(0..1).await;
    let steps = world.writes().await;
    let leaked = steps.iter().any(|write| {
        write
            .after
            .values()
            .any(|value| value.as_str() == Some("Step 7"))
    });
    assert!(!leaked, "a workspace without a connection must not write");
    let quarantined = quarantined(&world, 1).await;
    let reason = quarantined[0].reason();
    assert!(reason.contains("stranger is not known"), "{reason}");
}
