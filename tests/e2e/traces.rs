//! Traces: one from the publication to Salesforce's answer and the outcome event, and never in the way of work.

use crate::world::World;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::eventually;
use testkit::otlp::Span;
use testkit::publish::Trace;
use testkit::stack::{ServiceName, StackOptions};
use tokio::net::TcpListener;

/// Exporters send what they have every few seconds.
const EXPORTED_MAX: Duration = Duration::from_secs(30);
/// The last step of a meeting's trace.
const OUTCOME: (&str, &str, &str) = (
    "ergo-writeback",
    "producer",
    "publish ergo.writeback.outcome.v1",
);
/// Every step of a meeting that changes a field and creates a task: service, kind, name.
const STEPS: [(&str, &str, &str); 14] = [
    (
        "ergo-matching",
        "consumer",
        "process ergo.meeting.processed.v1.*",
    ),
    ("ergo-matching", "producer", "publish ergo.match.decided.v1"),
    (
        "ergo-writeback",
        "consumer",
        "process ergo.match.decided.v1.*",
    ),
    (
        "ergo-writeback",
        "consumer",
        "process ergo.writeback.approved.v1.*",
    ),
    (
        "ergo-writeback",
        "producer",
        "publish ergo.writeback.approved.v1",
    ),
    OUTCOME,
    ("ergo-writeback", "internal", "execute"),
    ("ergo-writeback", "internal", "settle_change"),
    ("ergo-writeback", "client", "salesforce retrieve_many"),
    ("ergo-writeback", "client", "salesforce update_many"),
    ("ergo-writeback", "client", "salesforce create_many"),
    // Before it writes, it asks whether the org moved.
    (
        "ergo-writeback",
        "client",
        "ergo.rpc.metadata-sync.confirm_schema",
    ),
    (
        "ergo-metadata-sync",
        "server",
        "ergo.rpc.metadata-sync.confirm_schema",
    ),
    ("ergo-metadata-sync", "client", "salesforce describe_global"),
];

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_publication_to_salesforces_answer_and_the_outcome() {
    let world = World::live().await;
    let unsampled = Trace::unsampled();
    let (first, second) = (world.meeting(0), world.meeting(1));
    for (meeting, trace) in [(&first, &unsampled), (&second, &Trace::begin())] {
        let stored = world.publisher.publish(meeting, trace).await;
        stored.expect("JetStream stores the meeting");
    }
    world.settled(&first).await;
    let third = world.meeting(2);
    let trace = world.publish(&third).await;
    world.settled(&third).await;

    let wanted: BTreeSet<(&str, &str, &str)> = STEPS.into();
    let spans = eventually(EXPORTED_MAX, || async {
        let spans = world.sink.of_trace(&trace.trace_id);
        (steps(&spans).is_superset(&wanted) && closed(&spans, &trace)).then_some(spans)
    })
    .await;
    assert_eq!(steps(&spans), wanted);
    let roots = spans
        .iter()
        .filter(|span| span.parent_id == trace.span_id());
    assert_eq!(roots.count(), 1, "the publisher's span has one child");
    for span in &spans {
        assert_eq!(span.trace_id, trace.trace_id, "{span:?}");
        assert!(!span.failed, "{span:?}");
        for (key, value) in &span.attributes {
            let told = value.contains("Step 2") || value.contains("Notes.");
            assert!(!told, "{} tells what was said in {key}", span.name);
        }
        conventions(span);
    }
    let recorded = world.sink.all();
    let recorded = recorded
        .iter()
        // The span of a batch may link to it; none may belong to it.
        .filter(|span| span.trace_id == unsampled.trace_id);
    assert_eq!(
        recorded.count(),
        0,
        "the publisher's decision not to record is honoured"
    );
}

/// Names and attributes of the semantic conventions for messaging and HTTP.
fn conventions(span: &Span) {
    let has = |key: &str| {
        let value = span.attributes.get(key).map(String::as_str);
        value.unwrap_or_else(|| panic!("{} has no {key}: {:?}", span.name, span.attributes))
    };
    match span.kind {
        "consumer" => {
            assert_eq!(has("messaging.system"), "nats");
            assert_eq!(has("messaging.operation.type"), "process");
            has("messaging.destination.name");
            has("messaging.destination.template");
            has("messaging.consumer.group.name");
            has("messaging.message.id");
        }
        "producer" => {
            assert_eq!(has("messaging.system"), "nats");
            assert_eq!(has("messaging.operation.type"), "send");
            has("messaging.destination.template");
            has("messaging.message.id");
        }
        "client" if span.name.starts_with("ergo.rpc.") => {
            assert_eq!(has("rpc.system"), "nats");
            assert_eq!(has("rpc.method"), span.name);
        }
        "client" => {
            has("http.request.method");
            has("server.address");
            // The question whether the org moved is conditional: nothing did.
            let asked = span.name == "salesforce describe_global";
            let status = if asked { "304" } else { "200" };
            assert_eq!(has("http.response.status_code"), status);
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_links_to_each_meetings_trace_and_joins_none() {
    let mut world = World::live().await;
    world.stack.kill(ServiceName::Matching);
    let mut traces = Vec::new();
    for number in 0..8 {
        traces.push(world.publish(&world.meeting(number)).await);
    }
    let again = world.stack.start_again(ServiceName::Matching).await;
    again.expect("matching starts again");
    for number in 0..8 {
        world.settled(&world.meeting(number)).await;
    }
    let ids: BTreeSet<&str> = traces.iter().map(|trace| trace.trace_id.as_str()).collect();
    // How many of the eight arrive together is the server's choice; more than one is certain enough.
    let batch = eventually(EXPORTED_MAX, || async {
        let all = world.sink.all();
        all.into_iter().find(|span| {
            let ours = |link: &String| ids.contains(link.as_str());
            span.service == "ergo-matching" && span.links.len() > 1 && span.links.iter().all(ours)
        })
    })
    .await;
    assert_eq!(
        batch.attributes["messaging.batch.message_count"],
        batch.links.len().to_string()
    );
    assert!(!ids.contains(batch.trace_id.as_str()));
    let wanted: BTreeSet<(&str, &str, &str)> = STEPS.into();
    for trace in &traces {
        let found = eventually(EXPORTED_MAX, || async {
            let mut spans = world.sink.of_trace(&trace.trace_id);
            spans.retain(|span| span.trace_id == trace.trace_id);
            let found = steps(&spans);
            let whole = found.contains(&STEPS[0]) && found.contains(&OUTCOME);
            (whole && closed(&spans, trace)).then(|| found.is_subset(&wanted))
        });
        assert!(found.await, "a batch adds no step of its own to a trace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_slows_and_stops_nothing() {
    // It accepts connections and reads nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let world = World::live_with(StackOptions {
        otlp_endpoint: Some(format!("http://{address}")),
        ..StackOptions::default()
    })
    .await;
    for number in 0..16 {
        world.publish(&world.meeting(number)).await;
    }
    for number in 0..16 {
        world.settled(&world.meeting(number)).await;
    }
    world.assert_applied_once(0..16).await;
    drop(silent);
    for number in 16..32 {
        world.publish(&world.meeting(number)).await;
    }
    for number in 16..32 {
        world.settled(&world.meeting(number)).await;
    }
    world.assert_applied_once(16..32).await;
}

fn steps(spans: &[Span]) -> BTreeSet<(&str, &str, &str)> {
    let steps = spans
        .iter()
        .map(|span| (span.service.as_str(), span.kind, span.name.as_str()));
    steps.collect()
}

/// Whether each span's parent is there, the publisher's own aside.
fn closed(spans: &[Span], trace: &Trace) -> bool {
    let known: BTreeSet<&str> = spans.iter().map(|span| span.span_id.as_str()).collect();
    let has_parent =
        |span: &Span| span.parent_id == trace.span_id() || known.contains(span.parent_id.as_str());
    !spans.is_empty() && spans.iter().all(has_parent)
}
