//! Looking before writing, and looking before repeating: what the record says decides, never what we remember.

use super::change::{Queued, Reason, Verdict, Write};
use super::compare::same;
use super::mapping::Overwrite;
use super::overwrite::{self, Decision, Present, Provenance};
use super::value::{FieldValue, Fields};

/// Whether an update may go out, judged on the record as it is right now.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Write this over that.
    Write {
        /// What is there.
        baseline: FieldValue,
        /// What is written.
        proposed: FieldValue,
    },
    /// It is there already.
    AlreadyThere,
    /// The record moved: back to review, showing both values.
    Moved(Reason),
}

/// Judges an update against the field's present value. Whatever the policy, an edit we did not make between the gate
/// (or a reviewer's look) and now is never overwritten unseen.
#[must_use]
pub fn before_write(change: &Queued, present: &FieldValue, ours: Option<&Provenance>) -> Before {
    let (Write::Value(piece), Write::Value(proposed)) = (&change.piece, &change.proposed) else {
        return Before::Moved(reason(change, present, "the change carries no value"));
    };
    if same(present, &change.baseline) {
        return Before::Write {
            baseline: present.clone(),
            proposed: proposed.clone(),
        };
    }
    if same(present, proposed) {
        return Before::AlreadyThere;
    }
    let adds = matches!(change.overwrite, Overwrite::Append | Overwrite::Prepend);
    let is_ours = ours.is_some_and(|ours| same(&ours.value, present));
    // Stage moves were judged from one stage to another; from a third nothing is known.
    let judged_on_baseline = change.field == "StageName";
    if change.decided || judged_on_baseline || !(adds || is_ours || present.is_empty()) {
        return Before::Moved(reason(
            change,
            present,
            "somebody changed the field meanwhile",
        ));
    }
    let decision = overwrite::decide(
        change.overwrite,
        Present {
            value: present,
            ours,
            meeting_ended_at: change.meeting_ended_at,
        },
        piece,
    );
    match decision {
        Decision::Write(proposed) => Before::Write {
            baseline: present.clone(),
            proposed,
        },
        Decision::AlreadyThere => Before::AlreadyThere,
        Decision::Hold { message, .. } => Before::Moved(reason(change, present, &message)),
    }
}

fn reason(change: &Queued, present: &FieldValue, why: &str) -> Reason {
    Reason::new(
        "overwrite_policy",
        Verdict::Hold,
        "moved",
        format!(
            "{why}: it held {} and holds {} now",
            change.baseline.shown(),
            present.shown()
        ),
    )
    .about([change.field.clone()])
}

/// Adds who saved the record last, and when, to why it goes back to review.
pub fn saved_by(reason: &mut Reason, fields: &Fields) {
    let text = |name: &str| fields.get(name).and_then(FieldValue::text);
    let who = text("LastModifiedBy.Name").map(|name| format!(" by {name}"));
    let when = text("LastModifiedDate").map(|at| format!(" on {at}"));
    if who.is_some() || when.is_some() {
        reason.message.push_str("; the record was last saved");
        reason.message.push_str(&who.unwrap_or_default());
        reason.message.push_str(&when.unwrap_or_default());
    }
}

/// What looking told about a write whose answer was lost.
#[derive(Debug, Clone, PartialEq)]
pub enum After {
    /// It happened.
    Applied {
        /// The record.
        record_id: String,
    },
    /// It did not happen, and nothing else did: it may be repeated.
    Again,
    /// Something else happened: back to review.
    Moved(Reason),
}

/// Judges a lost update by the field's present value.
#[must_use]
pub fn after_update(change: &Queued, present: &FieldValue) -> After {
    let Write::Value(proposed) = &change.proposed else {
        return After::Moved(reason(change, present, "the change carries no value"));
    };
    if same(present, proposed) {
        return After::Applied {
            record_id: change.record_id.clone(),
        };
    }
    if same(present, &change.baseline) {
        return After::Again;
    }
    After::Moved(reason(
        change,
        present,
        "the answer to the write was lost and the field holds something else",
    ))
}

/// Judges a lost creation by whether a record with its key was found.
#[must_use]
pub fn after_creation(found: Option<&str>) -> After {
    match found {
        Some(id) => After::Applied {
            record_id: id.to_owned(),
        },
        None => After::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{Action, Isolation, State};
    use chrono::DateTime;
    use uuid::Uuid;

    fn text(value: &str) -> FieldValue {
        FieldValue::Text(value.into())
    }

    fn change(overwrite: Overwrite, decided: bool) -> Queued {
        Queued {
            entry_id: String::new(),
            id: Uuid::nil(),
            change_set_id: Uuid::nil(),
            workspace: "w".into(),
            action: Action::UpdateField,
            object: "Opportunity".into(),
            record_id: "006A".into(),
            field: "NextStep".into(),
            state: State::Approved,
            version: 1,
            lane: "l".into(),
            meeting_at: DateTime::UNIX_EPOCH,
            meeting_ended_at: DateTime::UNIX_EPOCH,
            overwrite,
            baseline: text("before"),
            piece: Write::Value(text("new")),
            proposed: Write::Value(text("new")),
            creation_key: String::new(),
            attempts: 0,
            not_before: DateTime::UNIX_EPOCH,
            intent_at: None,
            isolation: Isolation::Shared,
            decided,
            related: vec![],
            reasons: vec![],
            traceparent: None,
            restores: false,
        }
    }

    #[test]
    fn a_write_goes_out_only_over_what_was_judged() {
        let ours = Provenance {
            value: text("earlier"),
            written_at: DateTime::UNIX_EPOCH,
            meeting_at: DateTime::UNIX_EPOCH,
        };
        for (name, policy, decided, present, provenance, expected) in [
            (
                "unmoved",
                Overwrite::ReplaceAlways,
                false,
                "before",
                None,
                "write new",
            ),
            (
                "a human was faster",
                Overwrite::ReplaceAlways,
                false,
                "human",
                None,
                "moved",
            ),
            (
                "our own earlier change",
                Overwrite::ReplaceAlways,
                false,
                "earlier",
                Some(&ours),
                "write new",
            ),
            (
                "our own, but a reviewer saw another value",
                Overwrite::ReplaceOurs,
                true,
                "earlier",
                Some(&ours),
                "moved",
            ),
            (
                "cleared meanwhile",
                Overwrite::OnlyIfEmpty,
                false,
                "",
                None,
                "write new",
            ),
            (
                "adding destroys nothing",
                Overwrite::Append,
                false,
                "human",
                None,
                "write human; new",
            ),
            (
                "there already",
                Overwrite::OnlyIfEmpty,
                true,
                "new",
                None,
                "there",
            ),
        ] {
            let outcome = match before_write(&change(policy, decided), &text(present), provenance) {
                Before::Write { proposed, .. } => {
                    format!("write {}", proposed.text().unwrap_or_default())
                }
                Before::AlreadyThere => "there".into(),
                Before::Moved(_) => "moved".into(),
            };
            assert_eq!(outcome, expected, "{name}");
        }
    }

    #[test]
    fn a_stage_that_moved_is_looked_at_again() {
        let mut stage = change(Overwrite::Append, false);
        stage.field = "StageName".into();
        assert!(matches!(
            before_write(&stage, &text("Closed Won"), None),
            Before::Moved(_)
        ));
    }

    #[test]
    fn a_lost_update_is_judged_by_the_record() {
        let change = change(Overwrite::ReplaceAlways, false);
        assert!(matches!(
            after_update(&change, &text("new")),
            After::Applied { .. }
        ));
        assert_eq!(after_update(&change, &text("before")), After::Again);
        assert!(matches!(
            after_update(&change, &text("human")),
            After::Moved(_)
        ));
        assert_eq!(after_creation(None), After::Again);
        assert!(matches!(after_creation(Some("00T")), After::Applied { .. }));
    }
}
