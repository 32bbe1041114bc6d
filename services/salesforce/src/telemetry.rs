//! Spans and metrics of Salesforce calls, after the HTTP semantic conventions.
//!
//! Nothing of a record goes in: no query text, no path, no body. The operation's name is enough to
//! find the place in the code, and it has low cardinality.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use opentelemetry::metrics::Histogram;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{KeyValue, global};
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use url::Url;

use crate::wire::Call;

/// Bucket bounds in seconds of the HTTP conventions, extended to Salesforce's two minutes of SOQL.
const BUCKETS_S: [f64; 16] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
];

/// Instruments shared by all calls of one client.
pub(crate) struct Metrics {
    duration: Histogram<f64>,
}

impl Metrics {
    /// Takes the instruments from the global meter, which the process sets before it builds clients.
    pub(crate) fn new() -> Self {
        let duration = global::meter("salesforce")
            .f64_histogram("http.client.request.duration")
            .with_unit("s")
            .with_description("Duration of Salesforce calls, answer body included")
            .with_boundaries(BUCKETS_S.to_vec())
            .build();
        Self { duration }
    }

    pub(crate) fn record(
        &self,
        call: &Call,
        status: Option<u16>,
        failure: Option<&'static str>,
        elapsed: Duration,
    ) {
        let mut attributes = vec![
            KeyValue::new("http.request.method", call.method.to_string()),
            KeyValue::new("salesforce.operation", call.operation),
        ];
        if let Some(status) = status {
            attributes.push(KeyValue::new(
                "http.response.status_code",
                i64::from(status),
            ));
        }
        if let Some(failure) = failure {
            attributes.push(KeyValue::new("error.type", failure));
        }
        self.duration.record(elapsed.as_secs_f64(), &attributes);
    }
}

/// The span of one exchange.
pub(crate) fn span(call: &Call, url: &str, resend_count: u32) -> Span {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("");
    let span = tracing::info_span!(
        "salesforce",
        otel.name = format!("salesforce {}", call.operation),
        otel.kind = "client",
        otel.status_code = field::Empty,
        http.request.method = %call.method,
        http.request.resend_count = field::Empty,
        http.response.status_code = field::Empty,
        server.address = host,
        salesforce.operation = call.operation,
        error.r#type = field::Empty,
    );
    if resend_count > 0 {
        span.record("http.request.resend_count", resend_count);
    }
    span
}

/// Records how the exchange ended.
pub(crate) fn finish(span: &Span, status: Option<u16>, failure: Option<&'static str>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status);
        if status >= 400 {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", status);
        }
    }
    if let Some(failure) = failure {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", failure);
    }
}

/// Adds `traceparent` of the current span. Written here rather than through the global propagator,
/// so that the header does not depend on somebody having installed one.
pub(crate) fn inject(headers: &mut HeaderMap) {
    let context = Span::current().context();
    let span = context.span();
    let span_context = span.span_context();
    if !span_context.is_valid() {
        return;
    }
    let text = format!(
        "00-{}-{}-{:02x}",
        span_context.trace_id(),
        span_context.span_id(),
        span_context.trace_flags().to_u8()
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert("traceparent", value);
    }
}
