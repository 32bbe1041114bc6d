//! Backfill: anything from history is held for review, always.

use super::{Reason, Subject};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    if !subject.around.backfill {
        return Vec::new();
    }
    vec![Reason::new(
        "",
        Verdict::Hold,
        "from_history",
        "the meeting comes from history; a person approves everything from it",
    )]
}
