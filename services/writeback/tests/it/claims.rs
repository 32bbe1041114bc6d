//! Notes too long for their event: fetched where they are kept, or held with the reason.

use crate::world::{WORKSPACE, World, mapping, said, task_destination};
use base64::Engine as _;
use events::crm::v1::{Destination, destination};
use events::matching::v1::{Decision, MatchDecided, Outcome};
use events::meeting::v1::{ClaimCheck, MeetingProcessed, Origin, Text, text::Source};
use events::writeback::v1::ChangeState;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use writeback::Options;

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn notes_too() -> Vec<Destination> {
    vec![
        task_destination(),
        Destination {
            content: destination::Content::Notes.into(),
            kind: destination::Kind::Task.into(),
            ..Destination::default()
        },
    ]
}

/// A meeting whose notes are kept at `url`, and are `text` by its claim.
async fn met(world: &World, id: &str, url: &str, text: &str) {
    let start = said(id, "").started_at;
    let at = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
    world
        .publish(&MatchDecided {
            decision: Some(Decision {
                id: format!("decision-{id}"),
                workspace: WORKSPACE.into(),
                meeting_id: id.into(),
                meeting_revision: 1,
                sequence: 1,
                outcome: Outcome::Matched.into(),
                account_id: world.account.clone(),
                opportunity_outcome: Outcome::Matched.into(),
                opportunity_id: world.opportunity.clone(),
                probability: 0.97,
                opportunity_probability: 0.95,
                ..Decision::default()
            }),
            meeting: Some(MeetingProcessed {
                id: id.into(),
                workspace: WORKSPACE.into(),
                revision: 1,
                origin: Origin::Live.into(),
                title: "Long".into(),
                started_at: at(start),
                ended_at: at(start + 1_800),
                processed_at: at(start + 2_000),
                notes: Some(Text {
                    source: Some(Source::ClaimCheck(ClaimCheck {
                        url: url.into(),
                        sha256: digest(text),
                        size_bytes: text.len() as u64,
                    })),
                }),
                ..MeetingProcessed::default()
            }),
        })
        .await;
}

/// Answers every request with `text`; its address as a host.
async fn host_of(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the test's own servers answer");
    let host = listener
        .local_addr()
        .expect("the test's own servers answer")
        .to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 1_024];
            let _ = client.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                text.len()
            );
            let _ = client.write_all(head.as_bytes()).await;
            let _ = client.write_all(text.as_bytes()).await;
        }
    });
    host
}

/// Keeps an object as clients of the object store do: its parts, then what it is.
async fn keep(world: &World, bucket: &str, key: &str, text: &str) {
    let jetstream = async_nats::jetstream::new(world.nats.client().await);
    let stream = async_nats::jetstream::stream::Config {
        name: format!("OBJ_{bucket}"),
        subjects: vec![format!("$O.{bucket}.C.>"), format!("$O.{bucket}.M.>")],
        ..Default::default()
    };
    jetstream
        .create_stream(stream)
        .await
        .expect("the test's own servers answer");
    let middle = text.len() / 2;
    for part in [&text[..middle], &text[middle..]] {
        let subject = format!("$O.{bucket}.C.nuid1");
        let sent = jetstream.publish(subject, part.to_owned().into()).await;
        sent.expect("the test's own servers answer")
            .await
            .expect("the test's own servers answer");
    }
    let info = format!(
        r#"{{"name":"{key}","bucket":"{bucket}","nuid":"nuid1","size":{},"chunks":2}}"#,
        text.len()
    );
    let name = base64::engine::general_purpose::URL_SAFE.encode(key);
    let sent = jetstream
        .publish(format!("$O.{bucket}.M.{name}"), info.into())
        .await;
    sent.expect("the test's own servers answer")
        .await
        .expect("the test's own servers answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_kept_elsewhere_are_fetched_from_where_they_may_be() {
    let world = World::new().await;
    let host = host_of("what was said at length").await;
    let _service = world
        .start_with(Options {
            claim_hosts: vec![host.clone()],
            ..world.options()
        })
        .await;
    world.set_up(mapping(vec![], notes_too())).await;
    world.live(true).await;
    keep(&world, "meetings", "m-2/notes", "what lies in a bucket").await;
    met(
        &world,
        "m-1",
        &format!("http://{host}/m-1"),
        "what was said at length",
    )
    .await;
    met(
        &world,
        "m-2",
        "nats://meetings/m-2/notes",
        "what lies in a bucket",
    )
    .await;
    for (meeting, text) in [
        ("m-1", "what was said at length"),
        ("m-2", "what lies in a bucket"),
    ] {
        let task = world.until(meeting, "", ChangeState::Applied).await;
        let id = task.record.expect("a record").id;
        let record = world.record(&id).await;
        let description = record["Description"].as_str().unwrap_or_default();
        assert!(description.contains(text), "{description}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_that_cannot_be_had_hold_the_change_and_say_why() {
    let world = World::new().await;
    let host = host_of("something else").await;
    let _service = world
        .start_with(Options {
            claim_hosts: vec![host.clone()],
            ..world.options()
        })
        .await;
    world.set_up(mapping(vec![], notes_too())).await;
    world.live(true).await;
    for (number, (url, why)) in [
        (format!("http://{host}/x"), "instead of"),
        (
            "https://elsewhere.example/x".to_owned(),
            "WRITEBACK_CLAIM_HOSTS",
        ),
        ("nats://meetings/none".to_owned(), "not in the object store"),
    ]
    .into_iter()
    .enumerate()
    {
        let meeting = format!("m-{number}");
        met(&world, &meeting, &url, "what was said").await;
        let held = world.until(&meeting, "", ChangeState::Held).await;
        assert!(
            held.reasons
                .iter()
                .any(|reason| reason.code == "text_elsewhere" && reason.message.contains(why)),
            "{url}: {:?}",
            held.reasons
        );
    }
    assert!(world.writes().await.is_empty());
}
