//! Why something happened: the trace it belongs to and the event that led to it.
//!
//! A [`Cause`] is plain text, so it can lie in an outbox row or a work-queue row for days and still tie the
//! next step to the same trace. W3C Trace Context in, W3C Trace Context out; baggage is never carried.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use events::EventId;

/// What ties an event to its origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// W3C `traceparent` of the span that works on it.
    pub traceparent: Option<String>,
    /// W3C `tracestate`, as received.
    pub tracestate: Option<String>,
    /// The event that is being handled.
    pub event_id: Option<EventId>,
}

impl Cause {
    /// The current span, for work that no message triggered.
    #[must_use]
    pub fn current() -> Self {
        current(&Span::current(), None)
    }

    /// A cause kept in a row (a work queue), restored.
    #[must_use]
    pub fn restored(traceparent: Option<String>, event_id: Option<EventId>) -> Self {
        Self {
            traceparent,
            tracestate: None,
            event_id,
        }
    }

    /// Makes `span` a child of this cause; without a usable `traceparent` the span keeps its own parent.
    /// Must run before the span is entered.
    pub fn adopt(&self, span: &Span) {
        adopt(
            span,
            self.traceparent.as_deref(),
            self.tracestate.as_deref(),
        );
    }

    /// The trace id, 32 hexadecimal digits, when there is one.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.split('-').nth(1)
    }
}

struct Pair<'a>(&'a str, Option<&'a str>);

impl Extractor for Pair<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.0),
            "tracestate" => self.1,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Makes `span` a child of a remote span. Invalid text is ignored: tracing never fails work.
fn adopt(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    let Some(traceparent) = traceparent else {
        return;
    };
    let remote = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &Pair(traceparent, tracestate));
    if remote.span().span_context().is_valid() {
        // Fails only without an OpenTelemetry layer, where there is nothing to parent.
        span.set_parent(remote).ok();
    }
}

/// The cause a span stands for; `fallback` is used where spans have no ids (no layer installed).
pub(crate) fn current(span: &Span, fallback: Option<&Cause>) -> Cause {
    let context = span.context();
    let span_context = context.span().span_context().clone();
    if !span_context.is_valid() {
        return fallback.cloned().unwrap_or_default();
    }
    let state = span_context.trace_state().header();
    Cause {
        traceparent: Some(format!(
            "00-{}-{}-{:02x}",
            span_context.trace_id(),
            span_context.span_id(),
            span_context.trace_flags().to_u8()
        )),
        tracestate: (!state.is_empty()).then_some(state),
        event_id: fallback.and_then(|cause| cause.event_id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_span_continues_the_trace_it_adopts() {
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(crate::telemetry::layer(&provider));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("process");
            adopt(&span, Some(PARENT), None);
            let cause = current(&span, None);
            assert_eq!(cause.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
            assert_ne!(cause.traceparent.as_deref(), Some(PARENT));
        });
    }

    #[test]
    fn without_a_layer_the_received_context_is_passed_on() {
        let received = Cause {
            traceparent: Some(PARENT.into()),
            ..Cause::default()
        };
        assert_eq!(current(&Span::none(), Some(&received)), received);
    }

    #[test]
    fn nonsense_is_ignored() {
        adopt(&Span::none(), Some("not a traceparent"), None);
        assert_eq!(Cause::default().trace_id(), None);
    }
}
