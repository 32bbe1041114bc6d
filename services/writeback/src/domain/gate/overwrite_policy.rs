//! Overwrite policy: a value already there is replaced only as the mapping says, and a human's newer edit never.

use super::{Decision, Reason, Subject};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let field = [subject.proposal.field.clone()];
    match &subject.decision {
        Some(Decision::Hold { code, message }) => {
            vec![Reason::new("", Verdict::Hold, code, message.clone()).about(field)]
        }
        Some(Decision::AlreadyThere) => vec![
            Reason::new(
                "",
                Verdict::Pass,
                "already_there",
                "the field holds this value already",
            )
            .about(field),
        ],
        Some(Decision::Write(_)) | None => Vec::new(),
    }
}
