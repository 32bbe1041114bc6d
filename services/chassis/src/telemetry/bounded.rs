//! Labels whose values come from outside, bounded: a metric's cost is its number of series, and nobody else limits it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;

/// Workspaces told apart by one process; later ones are counted together.
pub(super) const WORKSPACES_MAX: usize = 1_000;
/// The value of everything past the bound.
const OTHER: &str = "other";

/// A label of which the first values are told apart and later ones are `other`. Cheap to clone; clones share the bound.
#[derive(Debug, Clone)]
pub struct BoundedLabel {
    key: &'static str,
    values_max: usize,
    known: Arc<Mutex<BTreeSet<String>>>,
}

impl BoundedLabel {
    /// The label `key` with at most `values_max` values beside `other`.
    #[must_use]
    pub fn new(key: &'static str, values_max: usize) -> Self {
        Self {
            key,
            values_max,
            known: Arc::default(),
        }
    }

    /// The label `workspace`, for a thousand of them.
    #[must_use]
    pub fn workspaces() -> Self {
        Self::new("workspace", WORKSPACES_MAX)
    }

    /// The label with this value, or with `other` once there are too many.
    #[must_use]
    pub fn of(&self, value: &str) -> KeyValue {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(value) {
            return KeyValue::new(self.key, value.to_owned());
        }
        if known.len() >= self.values_max {
            return KeyValue::new(self.key, OTHER);
        }
        known.insert(value.to_owned());
        KeyValue::new(self.key, value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_label_values_is_bounded() {
        let label = BoundedLabel::workspaces();
        let values: BTreeSet<String> = (0..WORKSPACES_MAX + 50)
            .map(|number| label.of(&format!("w{number}")).value.to_string())
            .collect();
        assert_eq!(values.len(), WORKSPACES_MAX + 1);
        assert_eq!(label.of("w0"), KeyValue::new("workspace", "w0"));
        assert_eq!(
            label.clone().of("late"),
            KeyValue::new("workspace", "other")
        );
    }
}
