//! Verification: only a passed run for this connection, user, mapping version and settings opens the gate.

use super::{Reason, Subject};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    if subject.around.settings.verified {
        return Vec::new();
    }
    vec![Reason::new(
        "",
        Verdict::Wait,
        "not_verified",
        "no passed verification for this connection, mapping and settings; run one",
    )]
}
