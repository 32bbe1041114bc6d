//! Spans leave the process and say what the platform guide promises.

use chassis::telemetry::Telemetry;
use events::header;
use testkit::{eventually, otlp::Sink};

use crate::{
    probe::{DURABLE, Script},
    world::{LIMIT, SUBJECT, World, meeting},
};

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_what_it_caused_arrive_at_the_collector_as_one_trace() {
    let sink = Sink::start().await;
    let world = World::new().await;
    let mut options = world.options();
    options.otlp_endpoint = Some(sink.endpoint().to_owned());
    let telemetry = Telemetry::install(&options, "probe").expect("installs");
    // Two messages that wait together are handled in one batch, which links to both traces.
    for (id, traceparent) in [("e1", TRACEPARENT), ("e2", OTHER)] {
        let pairs = [(header::CE_ID, id), (header::TRACEPARENT, traceparent)];
        world.publish_raw(SUBJECT, &pairs, meeting("acme")).await;
    }
    let running = world.start_with(options, &Script::default()).await;
    world.until_seen(2).await;
    world.until_relayed().await;
    running.shutdown().await.expect("stops");
    telemetry.shutdown().await;
    let spans = eventually(LIMIT, async || {
        let spans = sink.of_trace(TRACE_ID);
        (spans.len() >= 3).then_some(spans)
    })
    .await;
    let named = |name: &'static str| spans.iter().filter(move |span| span.name == name);
    let process =
        named("process ergo.meeting.processed.v1.*").find(|span| span.trace_id == TRACE_ID);
    let process = process.expect("a process span in the trace");
    assert_eq!(process.parent_id, "b7ad6b7169203331");
    let attribute = |name: &str| process.attributes.get(name).map(String::as_str);
    assert_eq!(attribute("messaging.message.id"), Some("e1"));
    assert_eq!(attribute("messaging.consumer.group.name"), Some(DURABLE));
    assert_eq!(attribute("tenant.id"), Some("acme"));
    let publish = named("publish ergo.writeback.approved.v1").next();
    assert_eq!(publish.expect("a publish span").parent_id, process.span_id);
    let batch = named("process ergo.meeting.processed.v1.*").find(|span| span.links.len() == 2);
    assert!(
        batch.is_some(),
        "no batch span with two links in {spans:#?}"
    );
}
