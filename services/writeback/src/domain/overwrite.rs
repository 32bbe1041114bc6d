//! When a value already in a field may be replaced (design section 6). A human's edit beats ours: we replace only
//! what is empty, ours, or exactly what a reviewer saw.

use chrono::{DateTime, Utc};

use super::compare::same;
use super::mapping::Overwrite;
use super::value::FieldValue;

/// What we last wrote into a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// As read back, so that an automation's own touch is not taken for a human's.
    pub value: FieldValue,
    /// When.
    pub written_at: DateTime<Utc>,
    /// When the meeting it came from began.
    pub meeting_at: DateTime<Utc>,
}

/// What is in the field now.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The value.
    pub value: &'a FieldValue,
    /// What we last wrote there; `None` when never.
    pub ours: Option<&'a Provenance>,
    /// When the meeting that proposes the new value ended.
    pub meeting_ended_at: DateTime<Utc>,
}

/// Whether and how a write goes ahead.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Write this.
    Write(FieldValue),
    /// It is there already.
    AlreadyThere,
    /// A person decides.
    Hold {
        /// Stable.
        code: &'static str,
        /// For a person.
        message: String,
    },
}

/// Decides, for `piece`, our value alone.
#[must_use]
pub fn decide(policy: Overwrite, present: Present<'_>, piece: &FieldValue) -> Decision {
    if present.value.is_empty() {
        return Decision::Write(piece.clone());
    }
    if same(present.value, piece) {
        return Decision::AlreadyThere;
    }
    match policy {
        Overwrite::Append | Overwrite::Prepend => join(policy, present.value, piece),
        Overwrite::OnlyIfEmpty => Decision::Hold {
            code: "not_empty",
            message: format!(
                "the field holds {} and is only written when empty",
                present.value.shown()
            ),
        },
        Overwrite::ReplaceOurs => match present.ours {
            Some(ours) if is_newer(ours, present) => newer_meeting(ours, present),
            Some(ours) if is_ours(ours, present) => Decision::Write(piece.clone()),
            Some(ours) => human_edit(ours, present),
            None => Decision::Hold {
                code: "not_ours",
                message: format!(
                    "the field holds {}, which we did not write",
                    present.value.shown()
                ),
            },
        },
        Overwrite::ReplaceAlways => match present.ours {
            Some(ours) if is_newer(ours, present) => newer_meeting(ours, present),
            Some(ours) if !is_ours(ours, present) => human_edit(ours, present),
            Some(_) | None => Decision::Write(piece.clone()),
        },
    }
}

/// Ours: what was read back after our write is still there. Who last modified the record proves nothing about one
/// field: a human may have edited this one before we wrote another.
fn is_ours(ours: &Provenance, present: Present<'_>) -> bool {
    same(&ours.value, present.value)
}

/// Ours, from a meeting that began after this one ended: what is said last counts, in whatever order meetings reach us.
/// Meetings that overlap have no order.
fn is_newer(ours: &Provenance, present: Present<'_>) -> bool {
    is_ours(ours, present) && ours.meeting_at > present.meeting_ended_at
}

fn newer_meeting(ours: &Provenance, present: Present<'_>) -> Decision {
    Decision::Hold {
        code: "newer_meeting",
        message: format!(
            "the field holds {} from a meeting on {}, which was after this one",
            present.value.shown(),
            ours.meeting_at.format("%Y-%m-%d %H:%M UTC"),
        ),
    }
}

fn human_edit(ours: &Provenance, present: Present<'_>) -> Decision {
    Decision::Hold {
        code: "human_edit_newer",
        message: format!(
            "somebody changed the field to {} after we wrote {} on {}",
            present.value.shown(),
            ours.value.shown(),
            ours.written_at.format("%Y-%m-%d %H:%M UTC"),
        ),
    }
}

/// Adds to what is there; a text that is already contained is not added again.
fn join(policy: Overwrite, present: &FieldValue, piece: &FieldValue) -> Decision {
    let (FieldValue::Text(present), FieldValue::Text(piece)) = (present, piece) else {
        return Decision::Hold {
            code: "cannot_append",
            message: "only text can be added to what is there".to_owned(),
        };
    };
    let there = super::text::clean(present);
    if there.contains(piece.as_str()) {
        return Decision::AlreadyThere;
    }
    let separator =
        if there.contains('\n') || piece.contains('\n') || there.len() + piece.len() > 80 {
            "\n"
        } else {
            "; "
        };
    Decision::Write(FieldValue::Text(if policy == Overwrite::Append {
        format!("{there}{separator}{piece}")
    } else {
        format!("{piece}{separator}{there}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: &str) -> FieldValue {
        FieldValue::Text(value.into())
    }

    fn ours(value: &str) -> Provenance {
        Provenance {
            value: text(value),
            written_at: DateTime::UNIX_EPOCH,
            meeting_at: DateTime::UNIX_EPOCH,
        }
    }

    fn outcome(policy: Overwrite, value: &str, ours: Option<&Provenance>) -> String {
        let value = text(value);
        let present = Present {
            value: &value,
            ours,
            meeting_ended_at: DateTime::UNIX_EPOCH,
        };
        match decide(policy, present, &text("new")) {
            Decision::Write(value) => value.text().unwrap_or_default().to_owned(),
            Decision::AlreadyThere => "already".into(),
            Decision::Hold { code, .. } => format!("held {code}"),
        }
    }

    #[test]
    fn each_policy_in_each_situation() {
        use Overwrite::{Append, OnlyIfEmpty, Prepend, ReplaceAlways, ReplaceOurs};
        let old = ours("old");
        let later = Provenance {
            meeting_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1),
            ..ours("old")
        };
        for (policy, value, provenance, expected) in [
            (OnlyIfEmpty, "", None, "new"),
            (OnlyIfEmpty, "x", None, "held not_empty"),
            (OnlyIfEmpty, "new", None, "already"),
            (Append, "x", None, "x; new"),
            (Append, "a new one", None, "already"),
            (Prepend, "x", None, "new; x"),
            (ReplaceOurs, "x", None, "held not_ours"),
            (ReplaceOurs, "old", Some(&old), "new"),
            (ReplaceOurs, "edited", Some(&old), "held human_edit_newer"),
            (ReplaceOurs, "old", Some(&later), "held newer_meeting"),
            (ReplaceAlways, "old", Some(&later), "held newer_meeting"),
            (ReplaceAlways, "x", None, "new"),
            (ReplaceAlways, "old", Some(&old), "new"),
            (ReplaceAlways, "edited", Some(&old), "held human_edit_newer"),
        ] {
            assert_eq!(
                outcome(policy, value, provenance),
                expected,
                "{policy:?} over {value:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_policy_lets_through_what_a_freer_one_refuses(
            value in "[a-c]{0,2}", piece in "[a-c]{1,2}", before in prop::option::of("[a-c]{0,2}")
        ) {
            let provenance = before.map(|value| ours(&value));
            let value = text(&value);
            let present = Present { value: &value, ours: provenance.as_ref(), meeting_ended_at: DateTime::UNIX_EPOCH };
            let held = |policy| matches!(decide(policy, present, &text(&piece)), Decision::Hold { .. });
            // From strict to free: what a freer one holds, a stricter one holds as well.
            prop_assert!(!held(Overwrite::ReplaceAlways) || held(Overwrite::ReplaceOurs));
            prop_assert!(!held(Overwrite::ReplaceOurs) || held(Overwrite::OnlyIfEmpty));
        }

        #[test]
        fn adding_never_loses_what_was_there(value in "[a-z ]{1,20}", piece in "[A-Z]{1,5}", append in any::<bool>()) {
            let policy = if append { Overwrite::Append } else { Overwrite::Prepend };
            let before = text(&value);
            let present = Present { value: &before, ours: None, meeting_ended_at: DateTime::UNIX_EPOCH };
            if let Decision::Write(FieldValue::Text(after)) = decide(policy, present, &text(&piece)) {
                prop_assert!(after.contains(value.trim_end()) && after.contains(&piece));
            }
        }
    }
}
