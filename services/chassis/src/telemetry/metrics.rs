//! The numbers every service reports, and the registry `/metrics` prints.
//!
//! One registry per started service, not per process: tests run several services side by side. Names follow the
//! messaging and RPC semantic conventions where there is one; ours start with `ergo`.

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter, MeterProvider as _, UpDownCounter},
};
use opentelemetry_sdk::{
    Resource,
    metrics::{Instrument, SdkMeterProvider, Stream},
};
use prometheus::{Registry, TextEncoder};

/// Bucket bounds in seconds: 5 ms to 5 s (platform guide 4), and 1 ms below because the bus is fast.
const SECONDS: [f64; 11] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// Series one instrument may have in one process; what comes later is added up under `otel_metric_overflow`. Ten for each
/// workspace that is told apart: the most any instrument needs (predictions by source and result).
const SERIES_MAX: usize = (super::bounded::WORKSPACES_MAX + 1) * 10;

/// HTTP methods told apart; a client may send any word (as in the HTTP semantic conventions).
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
];

/// Instruments shared by the parts of chassis. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
    consumed: Counter<u64>,
    process: Histogram<f64>,
    batch: Histogram<u64>,
    inflight: UpDownCounter<i64>,
    held: Gauge<u64>,
    unfinished: Gauge<u64>,
    unfinished_age: Gauge<f64>,
    quarantined: Counter<u64>,
    sent: Counter<u64>,
    outbox_depth: Gauge<i64>,
    outbox_age: Gauge<f64>,
    rpc_server: Histogram<f64>,
    rpc_client: Histogram<f64>,
    http_server: Histogram<f64>,
}

impl Metrics {
    /// A fresh registry for one service.
    ///
    /// # Errors
    /// When the exporter cannot be built, which would be a programming error.
    pub fn new(service: &'static str) -> anyhow::Result<Self> {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .build()
            .context("the prometheus exporter cannot be built")?;
        let provider = SdkMeterProvider::builder()
            .with_resource(
                Resource::builder()
                    .with_service_name(format!("ergo-{service}"))
                    .build(),
            )
            .with_reader(reader)
            .with_view(|_: &Instrument| {
                Stream::builder()
                    .with_cardinality_limit(SERIES_MAX)
                    .build()
                    .ok()
            })
            .build();
        let meter = provider.meter("ergo");
        let seconds = |name: &'static str, description: &'static str| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(description)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        Ok(Self {
            consumed: meter
                .u64_counter("messaging.client.consumed.messages")
                .with_description("messages settled, by consumer and outcome")
                .build(),
            process: seconds(
                "messaging.process.duration",
                "time a batch spent in its handler",
            ),
            batch: meter
                .u64_histogram("ergo.batch.messages")
                .with_description("messages per batch handed to a handler")
                .with_boundaries(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
                .build(),
            inflight: meter
                .i64_up_down_counter("ergo.consumer.inflight")
                .with_description("messages pulled and not yet settled")
                .build(),
            held: meter
                .u64_gauge("ergo.consumer.held")
                .with_description("1 while a consumer waits for a dependency")
                .build(),
            unfinished: meter
                .u64_gauge("ergo.consumer.unfinished")
                .with_description(
                    "messages the broker keeps for a consumer and has no confirmation for",
                )
                .build(),
            unfinished_age: meter
                .f64_gauge("ergo.consumer.oldest.age")
                .with_unit("s")
                .with_description("age of the oldest message a consumer has not finished")
                .build(),
            quarantined: meter
                .u64_counter("ergo.quarantined.messages")
                .with_description("messages set aside, by consumer and code")
                .build(),
            sent: meter
                .u64_counter("messaging.client.sent.messages")
                .with_description("events the relay published, by outcome")
                .build(),
            outbox_depth: meter
                .i64_gauge("ergo.outbox.depth")
                .with_description("events waiting for the relay")
                .build(),
            outbox_age: meter
                .f64_gauge("ergo.outbox.oldest.age")
                .with_unit("s")
                .with_description("age of the oldest event waiting for the relay")
                .build(),
            rpc_server: seconds("rpc.server.call.duration", "time to answer a request"),
            rpc_client: seconds("rpc.client.call.duration", "time until an answer arrived"),
            http_server: seconds(
                "http.server.request.duration",
                "time until an answer to a public request began",
            ),
            registry,
            provider,
        })
    }

    /// The meter for a service's own instruments; they appear on the same `/metrics`.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.provider.meter("ergo")
    }

    /// Makes this the process' own meter, which libraries use that know nothing of services (calls to Salesforce).
    pub(crate) fn make_global(&self) {
        opentelemetry::global::set_meter_provider(self.provider.clone());
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// When an instrument's name or labels cannot be written.
    pub fn render(&self) -> anyhow::Result<String> {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .context("metrics cannot be encoded")
    }

    pub(crate) fn settled(&self, consumer: &'static str, outcome: &'static str, messages: u64) {
        self.consumed.add(
            messages,
            &[consumer_label(consumer), KeyValue::new("outcome", outcome)],
        );
    }

    pub(crate) fn processed(
        &self,
        consumer: &'static str,
        outcome: &'static str,
        messages: usize,
        took: Duration,
    ) {
        self.process.record(
            took.as_secs_f64(),
            &[consumer_label(consumer), KeyValue::new("outcome", outcome)],
        );
        self.batch.record(
            u64::try_from(messages).unwrap_or(u64::MAX),
            &[consumer_label(consumer)],
        );
    }

    pub(crate) fn inflight(&self, consumer: &'static str, change: i64) {
        self.inflight.add(change, &[consumer_label(consumer)]);
    }

    pub(crate) fn held(&self, consumer: &'static str, held: bool) {
        self.held
            .record(u64::from(held), &[consumer_label(consumer)]);
    }

    pub(crate) fn unfinished(&self, consumer: &'static str, messages: u64, oldest: Duration) {
        self.unfinished
            .record(messages, &[consumer_label(consumer)]);
        self.unfinished_age
            .record(oldest.as_secs_f64(), &[consumer_label(consumer)]);
    }

    pub(crate) fn quarantined(&self, consumer: &'static str, code: &str) {
        self.quarantined.add(
            1,
            &[
                consumer_label(consumer),
                KeyValue::new("code", code.to_owned()),
            ],
        );
    }

    pub(crate) fn relayed(&self, outcome: &'static str, events: u64) {
        self.sent.add(events, &[KeyValue::new("outcome", outcome)]);
    }

    pub(crate) fn backlog(&self, depth: i64, age_s: f64) {
        self.outbox_depth.record(depth, &[]);
        self.outbox_age.record(age_s, &[]);
    }

    pub(crate) fn served(&self, method: &'static str, outcome: &'static str, took: Duration) {
        self.rpc_server
            .record(took.as_secs_f64(), &rpc_labels(method, outcome));
    }

    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = METHODS
            .into_iter()
            .find(|known| *known == method)
            .unwrap_or("_OTHER");
        self.http_server.record(
            took.as_secs_f64(),
            &[
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route.to_owned()),
                KeyValue::new("http.response.status_code", i64::from(status)),
            ],
        );
    }

    pub(crate) fn called(&self, subject: &'static str, outcome: &'static str, took: Duration) {
        self.rpc_client
            .record(took.as_secs_f64(), &rpc_labels(subject, outcome));
    }
}

fn consumer_label(consumer: &'static str) -> KeyValue {
    KeyValue::new("messaging.consumer.group.name", consumer)
}

fn rpc_labels(method: &'static str, outcome: &'static str) -> [KeyValue; 2] {
    [
        KeyValue::new("rpc.method", method),
        KeyValue::new("outcome", outcome),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_printed() {
        let metrics = Metrics::new("test").expect("metrics");
        metrics.settled("test__meeting_processed", "done", 3);
        metrics.backlog(7, 1.5);
        let text = metrics.render().expect("text");
        assert!(
            text.contains("messaging_client_consumed_messages_total{"),
            "{text}"
        );
        assert!(text.contains("ergo_outbox_depth"), "{text}");
    }

    #[test]
    fn a_method_nobody_knows_makes_no_series_of_its_own() {
        let metrics = Metrics::new("test").expect("metrics");
        metrics.answered("BREW", "/api/v1/status", 405, Duration::from_millis(1));
        metrics.answered("GET", "/api/v1/status", 200, Duration::from_millis(1));
        let text = metrics.render().expect("text");
        assert!(!text.contains("BREW"), "{text}");
        assert!(text.contains(r#"http_request_method="_OTHER""#), "{text}");
    }
}
