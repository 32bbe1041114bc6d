//! What an admin's repair of a mapping leads to for changes that were planned before it.

use super::change::{Gated, State, Verdict};
use super::gate;

/// Lets a change wait that only lacks the permission of the field a newer mapping sends it to. An admin repairs the mapping
/// first and permits the new field then; a block in between would be for good. It waits for the setup, not for a person: what
/// is not permitted is nothing a reviewer could approve. `planned_by` and `judged_by` are versions of the mapping.
#[must_use]
pub fn awaiting_permission(gated: &Gated, planned_by: u64, judged_by: u64) -> Option<Gated> {
    let mut blocks = gated
        .reasons
        .iter()
        .filter(|reason| reason.verdict == Verdict::Block);
    let waits = gated.state == State::Blocked
        && planned_by < judged_by
        && blocks.all(|reason| reason.code == gate::PERMISSION_OFF);
    waits.then(|| Gated {
        state: State::Proposed,
        regate: true,
        ..gated.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Reason;
    use crate::domain::risk::Risk;
    use crate::domain::verdict;

    fn gated(reasons: Vec<Reason>) -> Gated {
        let sum = verdict::sum(reasons);
        Gated {
            state: sum.state,
            reasons: sum.reasons,
            regate: sum.regate,
            baseline: None,
            piece: None,
            proposed: None,
            risk: Risk::default(),
            owner_id: String::new(),
        }
    }

    #[test]
    fn only_a_missing_permission_of_a_newer_mapping_is_waited_for() {
        let off = || {
            Reason::new(
                "property_permission",
                Verdict::Block,
                gate::PERMISSION_OFF,
                "",
            )
        };
        let other = || Reason::new("value", Verdict::Block, "too_long", "");
        let unverified = || Reason::new("verification", Verdict::Wait, "not_verified", "");
        for (reasons, planned_by, judged_by, waits) in [
            (vec![off()], 2, 3, true),
            (vec![off(), unverified()], 2, 3, true),
            // The mapping that planned it stands: the admin means it.
            (vec![off()], 3, 3, false),
            (vec![off(), other()], 2, 3, false),
            (vec![other()], 2, 3, false),
            (vec![unverified()], 2, 3, false),
        ] {
            let before = gated(reasons);
            let after = awaiting_permission(&before, planned_by, judged_by);
            assert_eq!(
                after.is_some(),
                waits,
                "{before:?} {planned_by} {judged_by}"
            );
            if let Some(after) = after {
                assert_eq!((after.state, after.regate), (State::Proposed, true));
                assert_eq!(after.reasons, before.reasons);
            }
        }
    }
}
