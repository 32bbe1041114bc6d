//! Collects the spans services export, so that a test can ask for the whole trace of one meeting.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Status as SpanStatus;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Spans kept; the oldest go first. A test that needs more asks the wrong question.
const SPANS_MAX: usize = 200_000;

/// One exported span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of the process.
    pub service: String,
    /// Its name.
    pub name: String,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits; empty at a root.
    pub parent_id: String,
    /// Attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Trace ids it links to.
    pub links: Vec<String>,
    /// Whether it ended in an error.
    pub failed: bool,
    /// What was said of the error, and the events inside: each one's name and attributes.
    pub said: Vec<String>,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: &'static str,
    /// When it began, in nanoseconds since 1970.
    pub began_at_ns: u64,
    /// How long it took.
    pub took: Duration,
}

/// A collector; ends with its value.
#[derive(Debug)]
pub struct Sink {
    endpoint: String,
    spans: Spans,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Debug, Clone, Default)]
struct Spans(Arc<Mutex<Vec<Span>>>);

impl Sink {
    /// A collector on a port the system chooses.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let spans = Spans::default();
        let serving = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(spans.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        let serving = tokio::spawn(async move {
            // It only ends with the sink.
            let _ = serving.await;
        });
        Self {
            endpoint: format!("http://{address}"),
            spans,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Every span so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let spans = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.clone()
    }

    /// Every span that belongs to a trace or links to it.
    #[must_use]
    pub fn of_trace(&self, trace_id: &str) -> Vec<Span> {
        let spans = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
        let belongs = |span: &&Span| {
            span.trace_id == trace_id || span.links.iter().any(|link| link == trace_id)
        };
        spans.iter().filter(belongs).cloned().collect()
    }

    /// Every span kept.
    #[must_use]
    pub fn all(&self) -> Vec<Span> {
        let spans = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.clone()
    }
}

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes);
            let service = texts(attributes.unwrap_or_default())
                .remove("service.name")
                .unwrap_or_default();
            for span in resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans)
            {
                let kind = kind(span.kind());
                kept.push(Span {
                    kind,
                    began_at_ns: span.start_time_unix_nano,
                    took: Duration::from_nanos(
                        span.end_time_unix_nano
                            .saturating_sub(span.start_time_unix_nano),
                    ),
                    service: service.clone(),
                    name: span.name,
                    trace_id: hex(&span.trace_id),
                    span_id: hex(&span.span_id),
                    parent_id: hex(&span.parent_span_id),
                    attributes: texts(span.attributes),
                    links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
                    said: said(span.status.as_ref(), span.events),
                    failed: span
                        .status
                        .is_some_and(|status| status.code() == StatusCode::Error),
                });
            }
        }
        let surplus = kept.len().saturating_sub(SPANS_MAX);
        kept.drain(..surplus);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified | SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

fn said(status: Option<&SpanStatus>, events: Vec<Event>) -> Vec<String> {
    let message = status.map(|status| status.message.clone());
    let events = events
        .into_iter()
        .map(|event| format!("{} {:?}", event.name, texts(event.attributes)));
    message
        .into_iter()
        .filter(|message| !message.is_empty())
        .chain(events)
        .collect()
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let pairs = attributes
        .into_iter()
        .map(|pair| (pair.key, text(pair.value)));
    pairs.collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => other.map(|value| format!("{value:?}")).unwrap_or_default(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
