//! Budget: when the workspace's share of the org's daily calls is spent, work waits; it is never dropped.

use super::{Reason, Subject};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    if !subject.around.budget_spent {
        return Vec::new();
    }
    vec![Reason::new(
        "",
        Verdict::Wait,
        "share_spent",
        "our share of the org's daily API calls is spent; the change goes on when calls are free again",
    )]
}
