//! Log lines as JSON, one object per line, with the ids of the trace they belong to.
//!
//! `timestamp`, `level`, `target`, `message`, the event's own fields, `trace_id` and `span_id`, and under `span` the
//! fields of the spans around it. The stock formatter knows nothing of OpenTelemetry ids, and without them nobody gets
//! from a log line to the trace.

use std::{fmt, io::Write, sync::OnceLock};

use chrono::{SecondsFormat, Utc};
use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use tracing::{
    Dispatch, Event, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context, registry::LookupSpan};

/// Longest text of one field, in characters: a log line is not a place for payloads.
const FIELD_CHARACTERS_MAX: usize = 4_000;

/// The layer that writes the lines.
pub(super) struct JsonLines<W> {
    writer: W,
    /// Where spans' ids are looked up; known once the layer is installed.
    dispatch: OnceLock<WeakDispatch>,
}

impl<W> JsonLines<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            dispatch: OnceLock::new(),
        }
    }
}

/// A span's fields, kept with the span.
struct SpanFields(Map<String, Value>);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Set once: the first dispatch is the one this layer is part of.
        self.dispatch.set(dispatch.downgrade()).ok();
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut Fields(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut::<SpanFields>()
        {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        line.insert("timestamp".into(), now.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        event.record(&mut Fields(&mut line));
        let mut around = Map::new();
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                around.insert("name".into(), span.name().into());
                if let Some(SpanFields(fields)) = span.extensions().get::<SpanFields>() {
                    around.extend(fields.clone());
                }
            }
        }
        if let Some(span) = context.event_span(event)
            && let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade)
            && let Some(found) = get_otel_context(&span.id(), &dispatch)
            && found.span().span_context().is_valid()
        {
            let ids = found.span().span_context().clone();
            line.insert("trace_id".into(), ids.trace_id().to_string().into());
            line.insert("span_id".into(), ids.span_id().to_string().into());
        }
        if !around.is_empty() {
            line.insert("span".into(), around.into());
        }
        let mut text = Value::from(line).to_string();
        text.push('\n');
        // A closed stdout must not end the process.
        self.writer.make_writer().write_all(text.as_bytes()).ok();
    }
}

/// Collects fields into a map; `otel.*` fields are for the trace, not for the line.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        if !field.name().starts_with("otel.") {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let clipped: String = value.chars().take(FIELD_CHARACTERS_MAX).collect();
        self.put(field, clipped.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("lines").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry()
            .with(JsonLines::new(move || writer.clone()))
            .with(crate::telemetry::layer(&provider));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().expect("lines").clone();
        String::from_utf8(bytes)
            .expect("text")
            .lines()
            .map(|line| serde_json::from_str(line).expect("json"))
            .collect()
    }

    #[test]
    fn a_line_names_its_trace_and_the_fields_around_it() {
        const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let lines = logged(|| {
            let span = tracing::info_span!(
                "process",
                otel.name = "process x",
                nats.sequence = 7_u64,
                error.type = tracing::field::Empty,
            );
            crate::Cause::restored(Some(PARENT.into()), None).adopt(&span);
            span.record("error.type", "transient");
            tracing::warn!(parent: &span, event.id = %"e1", attempt = 2, "message will be tried again");
        });
        let line = &lines[0];
        assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "message will be tried again");
        assert_eq!(
            (&line["event.id"], &line["attempt"]),
            (&"e1".into(), &2.into())
        );
        assert_eq!(
            line["span"],
            serde_json::json!({"name": "process", "nats.sequence": 7, "error.type": "transient"})
        );
    }

    #[test]
    fn a_line_outside_any_span_has_no_trace_and_no_line_breaks() {
        let lines = logged(|| tracing::info!(text = "a\nb", "started"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["text"], "a\nb");
        assert!(lines[0].get("trace_id").is_none() && lines[0].get("span").is_none());
    }
}
