//! Metrics of the service, beside those every service has.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    decisions: Counter<u64>,
    waiting: Gauge<i64>,
    waiting_age: Gauge<f64>,
}

impl Telemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            decisions: meter
                .u64_counter("ergo.matching.decisions")
                .with_description("Meetings decided, by outcome")
                .build(),
            waiting: meter
                .i64_gauge("ergo.matching.waiting.meetings")
                .with_description("Meetings that wait for the first load of their workspace")
                .build(),
            waiting_age: meter
                .f64_gauge("ergo.matching.waiting.oldest.age")
                .with_unit("s")
                .with_description("Age of the oldest meeting that waits for a first load")
                .build(),
        }
    }

    /// Counts decisions that were committed, by the words of their outcomes.
    pub fn decided(&self, outcomes: impl IntoIterator<Item = &'static str>) {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for outcome in outcomes {
            *counts.entry(outcome).or_default() += 1;
        }
        for (outcome, count) in counts {
            self.decisions
                .add(count, &[KeyValue::new("outcome", outcome)]);
        }
    }

    /// What waits for a first load.
    pub fn waiting(&self, meetings: i64, oldest_age_s: f64) {
        self.waiting.record(meetings, &[]);
        self.waiting_age.record(oldest_age_s, &[]);
    }
}
