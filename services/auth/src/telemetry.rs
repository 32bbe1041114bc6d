//! Auth's own metrics, beside those every service has.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use crate::domain::state::State;

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    refreshes: Counter<u64>,
    connects: Counter<u64>,
    connections: Gauge<i64>,
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
            connections: meter
                .i64_gauge("ergo.auth.connections")
                .with_description("Connections by state, as this replica last counted them")
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

    /// Sets how many connections are in each state; states that are not in `counts` have none.
    pub fn connections(&self, counts: &[(State, i64)]) {
        for state in State::ALL {
            let found = counts.iter().find(|(counted, _)| *counted == state);
            let attributes = [KeyValue::new("state", state.as_str())];
            self.connections
                .record(found.map_or(0, |(_, count)| *count), &attributes);
        }
    }
}
