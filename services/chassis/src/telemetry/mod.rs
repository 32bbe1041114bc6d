//! Logs, traces and metrics of one process.
//!
//! Spans always have ids, so that log lines can be joined and `traceparent` travels, also when no OTLP endpoint
//! is set. Export runs on its own thread with a bounded queue that drops when it is full: trouble with the
//! collector never slows work.

mod bounded;
mod cause;
mod json;
mod metrics;

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use bounded::BoundedLabel;
pub use cause::Cause;
pub(crate) use cause::current;
pub use metrics::Metrics;

use crate::config::{LogFormat, Options};

/// Longest time one export to the collector may take, in seconds; then the batch is dropped.
const EXPORT_TIMEOUT_S: u64 = 5;

/// Keeps the exporter alive; flush and end it with [`Telemetry::shutdown`].
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
}

impl Telemetry {
    /// Installs logging and tracing for the process. Call once, inside the runtime.
    ///
    /// # Errors
    /// When the endpoint or the filter cannot be parsed, or a subscriber is already installed.
    pub fn install(options: &Options, service: &'static str) -> anyhow::Result<Self> {
        let tracer = provider(options, service)?;
        let filter = EnvFilter::try_new(&options.log_filter)
            .context("RUST_LOG is not a list of tracing directives")?;
        let lines = match options.log_format {
            LogFormat::Json => json::JsonLines::new(std::io::stdout).boxed(),
            LogFormat::Pretty => tracing_subscriber::fmt::layer().compact().boxed(),
        };
        tracing_subscriber::registry()
            .with(lines.with_filter(filter.and(without_wire())))
            .with(layer(&tracer))
            .try_init()
            .context("telemetry is already installed")?;
        Ok(Self { tracer })
    }

    /// Sends what is buffered, for at most five seconds.
    pub async fn shutdown(self) {
        let tracer = self.tracer;
        let flush = tokio::task::spawn_blocking(move || {
            tracer.shutdown_with_timeout(Duration::from_secs(EXPORT_TIMEOUT_S))
        });
        match flush.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "spans were lost at shutdown"),
            Err(error) => tracing::warn!(%error, "the span flush did not finish"),
        }
    }
}

/// Libraries that print at the level `trace` what they send and receive, tokens and personal data included. They never may,
/// whatever `RUST_LOG` says: an operator who raises it looks for something else.
fn without_wire() -> Targets {
    let wire = [
        "async_nats",
        "h2",
        "hyper",
        "hyper_util",
        "reqwest",
        "rustls",
        "sqlx",
        "tonic",
        "tower",
    ];
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_targets(wire.map(|target| (target, LevelFilter::DEBUG)))
}

/// The layer that turns our spans into OpenTelemetry spans; libraries' own spans are left out.
pub fn layer<S>(tracer: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer.tracer("ergo"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(
            tracing_subscriber::filter::Targets::new()
                .with_default(tracing::Level::INFO)
                .with_target("async_nats", tracing::level_filters::LevelFilter::OFF)
                .with_target("sqlx", tracing::level_filters::LevelFilter::OFF)
                .with_target("h2", tracing::level_filters::LevelFilter::OFF)
                .with_target("hyper", tracing::level_filters::LevelFilter::OFF)
                .with_target("tonic", tracing::level_filters::LevelFilter::OFF)
                .with_target("tower", tracing::level_filters::LevelFilter::OFF)
                .with_target("reqwest", tracing::level_filters::LevelFilter::OFF),
        )
}

fn provider(options: &Options, service: &'static str) -> anyhow::Result<SdkTracerProvider> {
    anyhow::ensure!(
        (0.0..=1.0).contains(&options.trace_sample_ratio),
        "TRACE_SAMPLE_RATIO must lie between 0 and 1"
    );
    let resource = Resource::builder()
        .with_service_name(format!("ergo-{service}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let mut builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            options.trace_sample_ratio,
        ))));
    if let Some(endpoint) = &options.otlp_endpoint {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(Duration::from_secs(EXPORT_TIMEOUT_S))
            .build()
            .context("OTEL_EXPORTER_OTLP_ENDPOINT is not usable")?;
        builder = builder.with_batch_exporter(exporter);
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// Whether a span with this parent, in a service that samples this share, is recorded.
    fn recorded(parent: Option<&str>, share: f64) -> bool {
        let mut options = Options::new(None, "nats://n:1");
        options.trace_sample_ratio = share;
        let provider = provider(&options, "test").expect("a provider");
        let subscriber = tracing_subscriber::registry().with(layer(&provider));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("process");
            Cause::restored(parent.map(str::to_owned), None).adopt(&span);
            let own = current(&span, None)
                .traceparent
                .expect("every span has ids");
            own.ends_with("-01")
        })
    }

    #[test]
    fn a_callers_decision_to_sample_always_wins() {
        const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
        let (sampled, unsampled) = (format!("{TRACE}-01"), format!("{TRACE}-00"));
        for (parent, share, expected) in [
            (Some(sampled.as_str()), 0.0, true),
            (Some(&unsampled), 1.0, false),
            (None, 1.0, true),
            (None, 0.0, false),
        ] {
            assert_eq!(recorded(parent, share), expected, "{parent:?} {share}");
        }
    }
}
