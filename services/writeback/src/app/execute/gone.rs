//! Changes whose record is gone right before or at the write: merged ones go on with the record that survived, on its
//! lane; the others go to a person.

use std::collections::BTreeSet;

use salesforce::{Class, Org};

use super::Trouble;
use super::settle::Round;
use crate::adapters::masters;
use crate::domain::change::Queued;
use crate::domain::merged::{self, Turn};
use crate::domain::outcome::Row;

/// Turns each change to where its records went. `steps` as in [`Round::next`]: whether an intent was recorded. Answers
/// those whose records are all there, so that something else is the matter.
pub(super) async fn turn(
    org: &Org,
    changes: Vec<Queued>,
    steps: i64,
    round: &mut Round,
) -> Result<Vec<Queued>, Trouble> {
    let ids: BTreeSet<String> = changes.iter().flat_map(merged::named).collect();
    if ids.is_empty() {
        return Ok(changes);
    }
    let (fates, calls) = masters::fates(org, ids).await?;
    round.spent.calls += calls;
    let mut unmoved = Vec::new();
    for change in changes {
        match merged::turn(&change, &fates) {
            Turn::Unmoved => unmoved.push(change),
            Turn::On(to) => round.retarget(&change, *to, steps),
            Turn::Held(reason) => round.back_to_review_after(&change, reason, steps),
        }
    }
    Ok(unmoved)
}

/// Whether a refused row may mean that a record it names is gone.
pub(super) fn may_be_gone(answer: &Row) -> bool {
    match answer {
        Row::Saved { .. } => false,
        Row::Refused(problems) => problems.iter().any(|problem| problem.class == Class::Stale),
    }
}
