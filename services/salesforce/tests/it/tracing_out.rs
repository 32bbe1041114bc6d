//! What leaves the process beside the call itself: the trace header, and spans free of content.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use salesforce::soql::{Condition, Literal, Query};
use salesforce::{FieldPath, ObjectName};
use tracing_subscriber::layer::SubscriberExt;

use super::support::{answer, org};

#[tokio::test]
async fn a_call_continues_the_trace_and_its_span_holds_no_content() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let _guard = tracing::subscriber::set_default(subscriber);

    let (server, org, _tokens) = org().await;
    answer(
        &server,
        "GET",
        "/services/data/v67.0/query",
        400,
        r#"[{"errorCode":"MALFORMED_QUERY","message":"pat@example.com"}]"#,
    )
    .await;
    let email = Literal::text("pat@example.com").expect("text");
    let query =
        Query::from(ObjectName::CONTACT).filter(Condition::eq(FieldPath::fixed("Email"), email));
    org.query(query, 1).await.expect_err("refused");

    let spans = exporter.get_finished_spans().expect("spans");
    let span = spans
        .iter()
        .find(|span| span.name == "salesforce query")
        .expect("a span named after the operation");
    let requests = server.received_requests().await.expect("recording is on");
    let traceparent = requests[0]
        .headers
        .get("traceparent")
        .expect("a trace header");
    let expected = format!(
        "00-{}-{}-01",
        span.span_context.trace_id(),
        span.span_context.span_id()
    );
    assert_eq!(traceparent.to_str().ok(), Some(expected.as_str()));

    let shown = format!("{spans:?}");
    assert!(!shown.contains("pat@") && !shown.contains("SELECT") && !shown.contains("token-1"));
    let attribute = |name: &str| {
        let found = span
            .attributes
            .iter()
            .find(|pair| pair.key.as_str() == name);
        found.map(|pair| pair.value.to_string())
    };
    assert_eq!(attribute("http.request.method").as_deref(), Some("GET"));
    assert_eq!(
        attribute("http.response.status_code").as_deref(),
        Some("400")
    );
    assert_eq!(attribute("error.type").as_deref(), Some("400"));
    assert_eq!(attribute("server.address").as_deref(), Some("127.0.0.1"));
}
