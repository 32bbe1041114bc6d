//! Confidence: what the analysis is not sure enough of goes to a person.

use super::{Reason, Subject};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let least = subject.entry.map_or(0.0, |entry| entry.confidence_min);
    let found = subject.proposal.confidence;
    // Written so that a confidence that is no number is held as well.
    if found >= least {
        return Vec::new();
    }
    vec![Reason::new(
        "",
        Verdict::Hold,
        "below_minimum",
        format!(
            "the analysis is {:.0} % sure and the field asks for {:.0} %",
            found * 100.0,
            least * 100.0
        ),
    )]
}
