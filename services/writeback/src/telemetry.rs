//! Metrics of the service, beside those every service has. Names, numbers and words of ours only: no customer content.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

use crate::domain::prediction::score::{Score, Source};

/// Workspaces told apart by one process; later ones are counted together as `other`.
const WORKSPACES_MAX: usize = 1_000;

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    predictions: Counter<u64>,
    workspaces: Arc<Mutex<BTreeSet<String>>>,
}

impl Telemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            predictions: meter
                .u64_counter("ergo.predictions")
                .with_description(
                    "Predictions of validation rules held against salesforce's answers, by workspace, source (write, \
                     rehearsal) and result: agreed, false_alarm, missed, unknown_refused, unknown_accepted",
                )
                .build(),
            workspaces: Arc::default(),
        }
    }

    /// Counts how a batch of predictions fared.
    pub fn predicted(&self, workspace: &str, source: Source, score: &Score) {
        for (fared, count) in score.totals() {
            if count == 0 {
                continue;
            }
            self.predictions.add(
                count,
                &[
                    KeyValue::new("workspace", self.label(workspace)),
                    KeyValue::new("source", source.as_str()),
                    KeyValue::new("result", fared.as_str()),
                ],
            );
        }
    }

    /// The workspace, or `other` once there are too many.
    fn label(&self, workspace: &str) -> String {
        let mut known = self
            .workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !known.contains(workspace) {
            if known.len() >= WORKSPACES_MAX {
                return "other".to_owned();
            }
            known.insert(workspace.to_owned());
        }
        workspace.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_label_values_is_bounded() {
        let telemetry = Telemetry::new(&opentelemetry::global::meter("test"));
        let labels: BTreeSet<String> = (0..WORKSPACES_MAX + 50)
            .map(|number| telemetry.label(&format!("w{number}")))
            .collect();
        assert_eq!(labels.len(), WORKSPACES_MAX + 1);
        assert_eq!(telemetry.label("w0"), "w0");
    }
}
