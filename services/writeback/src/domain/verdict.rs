//! Sums up what all gates said: the worst verdict wins, every reason is kept, in an order that does not depend on
//! the order the gates ran in.

use super::change::{Reason, State, Verdict};

/// Gates whose objection may end without anybody looking at the change: it is gated again when their facts change.
const REGATED: [&str; 6] = [
    "connection",
    "setup",
    "verification",
    "budget",
    "value",
    // A rule that was changed or switched off lets go what it held.
    "validation_rules",
];

/// What all reasons together mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Where the change stands.
    pub state: State,
    /// All reasons, worst first.
    pub reasons: Vec<Reason>,
    /// Worth gating again when the workspace changes.
    pub regate: bool,
}

/// The worst verdict; without reasons nothing stands in the way.
#[must_use]
pub fn worst(reasons: &[Reason]) -> Verdict {
    reasons
        .iter()
        .map(|reason| reason.verdict)
        .max()
        .unwrap_or(Verdict::Pass)
}

/// The state a verdict leads to.
#[must_use]
pub fn state(verdict: Verdict) -> State {
    match verdict {
        Verdict::Pass => State::Approved,
        Verdict::Wait => State::Proposed,
        Verdict::Hold => State::Held,
        Verdict::Block => State::Blocked,
    }
}

/// Sums up.
#[must_use]
pub fn sum(mut reasons: Vec<Reason>) -> Sum {
    reasons.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.cmp(b)));
    reasons.dedup();
    let verdict = worst(&reasons);
    let regate = match verdict {
        Verdict::Wait => true,
        Verdict::Hold => reasons.iter().any(|reason| {
            reason.verdict >= Verdict::Wait && REGATED.contains(&reason.gate.as_str())
        }),
        Verdict::Pass | Verdict::Block => false,
    };
    Sum {
        state: state(verdict),
        reasons,
        regate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reason(gate: &str, verdict: Verdict) -> Reason {
        Reason::new(gate, verdict, "code", "message")
    }

    #[test]
    fn the_worst_verdict_wins_and_every_reason_stays() {
        for (verdicts, expected) in [
            (vec![], State::Approved),
            (vec![Verdict::Pass], State::Approved),
            (vec![Verdict::Pass, Verdict::Wait], State::Proposed),
            (vec![Verdict::Wait, Verdict::Hold], State::Held),
            (
                vec![Verdict::Hold, Verdict::Block, Verdict::Wait],
                State::Blocked,
            ),
        ] {
            let reasons: Vec<Reason> = verdicts.iter().map(|v| reason("match", *v)).collect();
            let summed = sum(reasons.clone());
            assert_eq!(summed.state, expected, "{verdicts:?}");
            assert_eq!(summed.reasons.len(), reasons.len());
        }
    }

    #[test]
    fn a_change_held_by_a_person_only_is_not_gated_again() {
        assert!(!sum(vec![reason("confidence", Verdict::Hold)]).regate);
        assert!(sum(vec![reason("setup", Verdict::Hold)]).regate);
        assert!(
            sum(vec![
                reason("confidence", Verdict::Hold),
                reason("connection", Verdict::Wait)
            ])
            .regate
        );
        assert!(!sum(vec![reason("setup", Verdict::Block)]).regate);
    }

    fn any_reason() -> impl Strategy<Value = Reason> {
        let verdict = prop_oneof![
            Just(Verdict::Pass),
            Just(Verdict::Wait),
            Just(Verdict::Hold),
            Just(Verdict::Block)
        ];
        ("[a-c]", verdict, "[a-c]")
            .prop_map(|(gate, verdict, code)| Reason::new(&gate, verdict, &code, ""))
    }

    proptest! {
        #[test]
        fn the_order_of_gates_does_not_matter(reasons in prop::collection::vec(any_reason(), 0..8), seed in any::<u64>()) {
            let mut shuffled = reasons.clone();
            for index in (1..shuffled.len()).rev() {
                shuffled.swap(index, (seed.rotate_left(index as u32) % (index as u64 + 1)) as usize);
            }
            prop_assert_eq!(sum(reasons), sum(shuffled));
        }

        #[test]
        fn a_further_reason_never_improves_the_verdict(reasons in prop::collection::vec(any_reason(), 0..8), more in any_reason()) {
            let before = worst(&reasons);
            let mut after = reasons;
            after.push(more);
            prop_assert!(worst(&after) >= before);
        }
    }
}
