//! State and events commit together, and what was committed is published, once, whatever happens meanwhile.

use chassis::{Cause, Db, Failure};
use events::{header, writeback::v1::ChangesApproved};
use prost::Message;
use testkit::chaos::Proxy;
use tracing_subscriber::layer::SubscriberExt;

use crate::{
    probe::Script,
    world::{SUBJECT, World, acme, event_id, meeting, until_missing, until_ready},
};

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn emit(db: &Db, count: u32) {
    let mut unit = db.begin(&acme()).await.expect("begins");
    let event = ChangesApproved {
        workspace: "acme".into(),
        count,
    };
    unit.emit(&acme(), &event, &Cause::default());
    unit.commit().await.expect("commits");
}

#[tokio::test]
async fn events_committed_while_nats_is_away_are_published_once_and_in_order() {
    let world = World::new().await;
    let proxy = Proxy::to("127.0.0.1", world.nats.port()).await;
    let mut options = world.options();
    options.nats_url = format!("nats://127.0.0.1:{}", proxy.port());
    let running = world.start_with(options, &Script::default()).await;
    let db = running.db().expect("database");
    for count in 0..20 {
        emit(db, count).await;
    }
    proxy.cut();
    until_missing(&running, "nats", "").await;
    for count in 20..40 {
        emit(db, count).await;
    }
    proxy.restore();
    world.until_relayed().await;
    assert_eq!(world.messages_in("WRITEBACK").await, 40);
    for sequence in 1..=40_u32 {
        let message = world.message("WRITEBACK", sequence.into()).await;
        let event = ChangesApproved::decode(message.payload).expect("decodes");
        assert_eq!(event.count, sequence - 1);
    }
    until_ready(&running).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_event_carries_the_headers_of_cloudevents_and_of_its_cause() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let pairs = [(header::CE_ID, "e1"), (header::TRACEPARENT, TRACEPARENT)];
    world.publish_raw(SUBJECT, &pairs, meeting("acme")).await;
    world.until_seen(1).await;
    world.until_relayed().await;
    let message = world.message("WRITEBACK", 1).await;
    let text = |name: &str| {
        message
            .headers
            .get(name)
            .map(|value| value.as_str().to_owned())
    };
    assert_eq!(message.subject.as_str(), "ergo.writeback.approved.v1.acme");
    assert_eq!(text(header::CE_ID), text(header::MESSAGE_ID));
    assert_eq!(
        text(header::CE_TYPE).as_deref(),
        Some("ergo.writeback.approved.v1")
    );
    assert_eq!(text(header::CE_SOURCE).as_deref(), Some("/ergo/probe"));
    assert_eq!(text(header::CE_SPECVERSION).as_deref(), Some("1.0"));
    assert_eq!(
        text(header::CONTENT_TYPE).as_deref(),
        Some("application/protobuf")
    );
    assert_eq!(text("ce-causationid").as_deref(), Some("e1"));
    assert_eq!(text(header::TRACEPARENT).as_deref(), Some(TRACEPARENT));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn one_trace_runs_through_receive_outbox_and_publish() {
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let subscriber = tracing_subscriber::registry().with(chassis::telemetry::layer(&provider));
    let _installed = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let pairs = [(header::CE_ID, "e1"), (header::TRACEPARENT, TRACEPARENT)];
    world.publish_raw(SUBJECT, &pairs, meeting("acme")).await;
    world.until_seen(1).await;
    world.until_relayed().await;
    let traced: Option<String> = sqlx::query_scalar("select trace_id from probe.seen")
        .fetch_one(&world.admin)
        .await
        .expect("seen");
    assert_eq!(traced.as_deref(), Some(TRACE_ID));
    let message = world.message("WRITEBACK", 1).await;
    let sent = message
        .headers
        .get(header::TRACEPARENT)
        .expect("traceparent");
    assert_eq!(sent.as_str().split('-').nth(1), Some(TRACE_ID));
    assert_ne!(sent.as_str(), TRACEPARENT, "spans of ours lie between");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_standby_replica_takes_over_the_relay() {
    let world = World::new().await;
    let first = world.start(&Script::default()).await;
    emit(first.db().expect("database"), 1).await;
    world.until_relayed().await;
    let second = world.start(&Script::default()).await;
    let db = second.db().expect("database");
    emit(db, 2).await;
    world.until_relayed().await;
    drop(first);
    emit(db, 3).await;
    world.until_relayed().await;
    assert_eq!(world.messages_in("WRITEBACK").await, 3);
    second.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_unit_that_is_dropped_leaves_nothing_behind() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let db = running.db().expect("database");
    let (acme_id, id) = (acme(), event_id("e1"));
    let claim = (&acme_id, &id);
    let event = ChangesApproved {
        workspace: "acme".into(),
        count: 1,
    };
    let (mut unit, fresh) = db
        .begin_batch("probe", [claim, claim])
        .await
        .expect("begins");
    assert_eq!(fresh.indexes().collect::<Vec<_>>(), [0]);
    unit.emit(&acme(), &event, &Cause::default());
    drop(unit);
    let (unit, fresh) = db.begin_batch("probe", [claim]).await.expect("begins");
    assert!(fresh.contains(0), "the claim went with the unit");
    unit.commit().await.expect("commits");
    let (_, fresh) = db.begin_batch("probe", [claim]).await.expect("begins");
    assert!(fresh.is_empty(), "the claim stayed with the commit");
    let (_, fresh) = db.begin_batch("other", [claim]).await.expect("begins");
    assert!(fresh.contains(0), "claims are per consumer");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_event_of_another_workspace_cannot_be_committed() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let mut unit = running
        .db()
        .expect("database")
        .begin(&acme())
        .await
        .expect("begins");
    let event = ChangesApproved {
        workspace: "umbrella".into(),
        count: 1,
    };
    unit.emit(&acme(), &event, &Cause::default());
    let refused = unit.commit().await.expect_err("is refused");
    assert!(
        matches!(
            refused,
            Failure::Permanent {
                code: "event_refused",
                ..
            }
        ),
        "{refused}"
    );
    running.shutdown().await.expect("stops");
}
