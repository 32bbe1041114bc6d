//! Metrics of the service, beside those every service has.

use chassis::BoundedLabel;
use chrono::{DateTime, Utc};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use crate::domain::run::Kind;

/// Bucket bounds of a run in seconds: an unchanged org takes one, a first load of a million rows an hour.
const RUN_SECONDS: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0];

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    duration: Histogram<f64>,
    api_calls: Counter<u64>,
    last_success: Gauge<i64>,
    runs: Gauge<i64>,
    runs_age: Gauge<f64>,
    api_usage: Gauge<f64>,
    workspaces: BoundedLabel,
}

impl Telemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram("ergo.sync.run.duration")
                .with_unit("s")
                .with_description("Time of a run, by kind and outcome: done, failed")
                .with_boundaries(RUN_SECONDS.to_vec())
                .build(),
            api_calls: meter
                .u64_counter("ergo.sync.api_calls")
                .with_description("Salesforce calls made by ended runs, by kind")
                .build(),
            last_success: meter
                .i64_gauge("ergo.sync.last_success")
                .with_unit("s")
                .with_description(
                    "When a run last ended well, in seconds since 1970, by workspace and kind",
                )
                .build(),
            runs: meter
                .i64_gauge("ergo.sync.unfinished.runs")
                .with_description("Runs asked for and not ended")
                .build(),
            runs_age: meter
                .f64_gauge("ergo.sync.oldest.age")
                .with_unit("s")
                .with_description("Age of the oldest run asked for and not ended")
                .build(),
            api_usage: meter
                .f64_gauge("ergo.salesforce.api_usage")
                .with_unit("1")
                .with_description("Share of its daily API calls an org has used, by workspace")
                .build(),
            workspaces: BoundedLabel::workspaces(),
        }
    }

    /// A run ended.
    pub fn ended(
        &self,
        workspace: &str,
        kind: Kind,
        good: bool,
        seconds: f64,
        api_calls: u64,
        at: DateTime<Utc>,
    ) {
        let label = KeyValue::new("kind", kind.as_str());
        let outcome = KeyValue::new("outcome", if good { "done" } else { "failed" });
        self.duration.record(seconds, &[label.clone(), outcome]);
        self.api_calls.add(api_calls, &[label]);
        if good {
            self.succeeded(workspace, kind, at);
        }
    }

    /// A run of this kind last ended well at this time, here or in another process.
    pub fn succeeded(&self, workspace: &str, kind: Kind, at: DateTime<Utc>) {
        let kind = KeyValue::new("kind", kind.as_str());
        self.last_success
            .record(at.timestamp(), &[self.workspaces.of(workspace), kind]);
    }

    /// What is asked for and not ended.
    pub fn unfinished(&self, runs: i64, oldest_age_s: f64) {
        self.runs.record(runs, &[]);
        self.runs_age.record(oldest_age_s, &[]);
    }

    /// What an org last said about its allowance.
    pub fn api_usage(&self, workspace: &str, share: f64) {
        self.api_usage
            .record(share, &[self.workspaces.of(workspace)]);
    }
}
