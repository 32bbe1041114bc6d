//! Who saved a record that moved, and when: kept with both values, so that the reviewer knows whom to ask.

use std::collections::{BTreeMap, BTreeSet};

use salesforce::Org;

use super::settle::Round;
use crate::adapters::records;
use crate::domain::change::{Queued, Reason};
use crate::domain::looking;
use crate::domain::value::FieldValue;

/// What tells it; a record's last save, which need not be the one that changed the field.
const TOLD: [&str; 2] = ["LastModifiedBy.Name", "LastModifiedDate"];

/// Adds it to the reasons of changes that go back to review: one call per object, only when something moved. An org that
/// does not tell keeps the reasons as they are.
pub(super) async fn tell(org: &Org, went: &mut [(Queued, Reason, FieldValue)], round: &mut Round) {
    let mut by_object: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (change, ..) in went.iter() {
        let ids = by_object.entry(change.object.clone()).or_default();
        ids.insert(change.record_id.clone());
    }
    for (object, ids) in by_object {
        round.spent.calls += 1;
        let read = records::read(org, &object, ids.iter().map(String::as_str), TOLD).await;
        let Ok((read, _)) = read else {
            tracing::debug!(object, "who saved a moved record could not be read");
            continue;
        };
        for (change, reason, _) in went.iter_mut().filter(|went| went.0.object == object) {
            if let Some(Some(fields)) = read.get(&change.record_id) {
                looking::saved_by(reason, fields);
            }
        }
    }
}
