//! Right before writing: the records as they are now, against what was judged. A record that moved goes back to review.

use std::collections::HashMap;

use salesforce::Org;
use sqlx::PgPool;

use super::Trouble;
use super::settle::Round;
use crate::adapters::records;
use crate::domain::batching;
use crate::domain::change::{Queued, Reason, Verdict, Write};
use crate::domain::looking::{self, Before};
use crate::domain::value::{FieldValue, Fields};
use crate::store::{provenance, queue};

/// When another change with the same key is on its way, this one looks again after so long.
const OTHER_CREATION_MS: i64 = 2_000;

/// The changes that go out, each with the baseline and value as judged just now.
pub(super) async fn prepare(
    pool: &PgPool,
    org: &Org,
    changes: Vec<Queued>,
    round: &mut Round,
) -> Result<Vec<Queued>, Trouble> {
    let updates: Vec<&Queued> = changes
        .iter()
        .filter(|change| !change.action.creates())
        .collect();
    let present = read(org, &updates, round).await?;
    let moved: Vec<String> = updates
        .iter()
        .filter(|change| has_moved(change, &present))
        .map(|change| change.record_id.clone())
        .collect();
    // Whose the present value is matters only where it is not the one that was judged.
    let ours = match changes.first() {
        Some(first) if !moved.is_empty() => {
            provenance::of_records(pool, &first.workspace, &moved).await?
        }
        Some(_) | None => provenance::Known::new(),
    };
    let creating = creating(pool, &changes).await?;
    let mut ready = Vec::with_capacity(changes.len());
    for mut change in changes {
        if change.action.creates() {
            match creating.get(&change.creation_key) {
                None => ready.push(change),
                Some((record_id, true)) => round.already_created(&change, record_id),
                Some((_, false)) => round.wait(&change, OTHER_CREATION_MS),
            }
            continue;
        }
        let Some(fields) = present.get(&change.record_id).and_then(Option::as_ref) else {
            round.back_to_review(
                &change,
                Reason::new(
                    "connection",
                    Verdict::Hold,
                    "record_out_of_reach",
                    "the record is deleted, merged or not shared with the connected user",
                ),
                None,
            );
            continue;
        };
        let value = fields.get(&change.field).unwrap_or(&FieldValue::Null);
        let provenance = ours.get(&(change.record_id.clone(), change.field.clone()));
        match looking::before_write(&change, value, provenance) {
            Before::Write { baseline, proposed } => {
                change.baseline = baseline;
                change.proposed = Write::Value(proposed);
                ready.push(change);
            }
            Before::AlreadyThere => round.already_there(&change, value.clone()),
            Before::Moved(reason) => round.back_to_review(&change, reason, Some(value.clone())),
        }
    }
    Ok(ready)
}

fn has_moved(change: &Queued, present: &HashMap<String, Option<Fields>>) -> bool {
    present
        .get(&change.record_id)
        .and_then(Option::as_ref)
        .is_some_and(|fields| {
            let value = fields.get(&change.field).unwrap_or(&FieldValue::Null);
            !crate::domain::compare::same(value, &change.baseline)
        })
}

/// The written fields of all records, one call per object.
pub(super) async fn read(
    org: &Org,
    changes: &[&Queued],
    round: &mut Round,
) -> Result<HashMap<String, Option<Fields>>, Trouble> {
    let mut present = HashMap::new();
    for (object, ids) in batching::records(changes.iter().copied()) {
        let fields = changes
            .iter()
            .filter(|change| change.object == object && !change.field.is_empty())
            .map(|change| change.field.as_str());
        let (read, calls) = records::read(org, object, ids, fields).await?;
        round.spent.calls += calls;
        present.extend(read);
    }
    Ok(present)
}

async fn creating(
    pool: &PgPool,
    changes: &[Queued],
) -> Result<HashMap<String, (String, bool)>, Trouble> {
    let creations: Vec<&Queued> = changes
        .iter()
        .filter(|change| change.action.creates())
        .collect();
    let Some(first) = creations.first() else {
        return Ok(HashMap::new());
    };
    let keys: Vec<String> = creations
        .iter()
        .map(|change| change.creation_key.clone())
        .collect();
    let own: Vec<uuid::Uuid> = creations.iter().map(|change| change.id).collect();
    Ok(queue::others_creating(pool, &first.workspace, &keys, &own).await?)
}
