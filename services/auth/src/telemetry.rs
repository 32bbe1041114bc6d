//! Auth's own metrics, beside those every service has.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    refreshes: Counter<u64>,
    connects: Counter<u64>,
}

impl Telemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            refreshes: meter
                .u64_counter("ergo.auth.refreshes")
                .with_description(
                    "Refreshes by outcome: refreshed, retry, doubt, suspended, lost, our_fault",
                )
                .build(),
            connects: meter
                .u64_counter("ergo.auth.connects")
                .with_description("Ended attempts to connect by outcome")
                .build(),
        }
    }

    /// Counts a refresh.
    pub fn refreshed(&self, outcome: &'static str) {
        self.refreshes.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    /// Counts an attempt to connect.
    pub fn connect_ended(&self, outcome: &'static str) {
        self.connects.add(1, &[KeyValue::new("outcome", outcome)]);
    }
}
