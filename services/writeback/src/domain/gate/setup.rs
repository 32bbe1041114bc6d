//! Setup: nothing moves without a mapping that still fits the org.

use super::{Reason, Subject, Target};
use crate::domain::change::Verdict;

/// Code of a change that waits for the org to be read again.
pub const SCHEMA_MOVED: &str = "schema_moved";

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let settings = subject.around.settings;
    let proposal = subject.proposal;
    if settings.mapping.is_none() {
        reasons.push(Reason::new(
            "",
            Verdict::Wait,
            "no_mapping",
            "no mapping is published; publish one",
        ));
    }
    if subject.object.is_none() {
        reasons.push(Reason::new(
            "",
            Verdict::Wait,
            "schema_unknown",
            format!(
                "{} was not read from Salesforce yet, or is gone",
                proposal.object
            ),
        ));
    }
    if !proposal.entry_id.is_empty() && settings.mapping.is_some() {
        match subject.entry {
            None => reasons.push(Reason::new(
                "",
                Verdict::Hold,
                "entry_gone",
                "the published mapping no longer has the entry this change comes from",
            )),
            Some(entry) => {
                if let Some(why) = &entry.suspended {
                    reasons.push(Reason::new(
                        "",
                        Verdict::Hold,
                        "entry_suspended",
                        format!("the org changed and the mapping entry is suspended: {why}"),
                    ));
                }
            }
        }
    }
    if subject.around.schema_moved {
        reasons.push(Reason::new(
            "",
            Verdict::Wait,
            SCHEMA_MOVED,
            "the org changed since its schema was read; the change is judged when it has been read again",
        ));
    }
    if matches!(subject.around.target, Target::NotRead) {
        reasons.push(Reason::new(
            "",
            Verdict::Wait,
            "baseline_unknown",
            "the record could not be read yet",
        ));
    }
    reasons
}
