//! Takes a change back: what was in the field before returns, a record we created goes. Only what is still ours is
//! touched: the record is looked at right before, and whatever somebody changed meanwhile goes to review with both values.
//!
//! An undo is a change like any other, so it is journalled, applied exactly once, and can be undone itself.

use super::change::{Action, Reason, State, Verdict};
use super::compare::same;
use super::value::{FieldValue, Fields};

/// Fields of a record that show who touched it last.
pub const TOUCHED_BY: &str = "LastModifiedById";
/// And when.
pub const TOUCHED_AT: &str = "LastModifiedDate";
/// A note's content is not read back, so it cannot be compared.
const NOT_COMPARED: [&str; 1] = ["Content"];

/// An applied change, as far as taking it back needs it. JSON texts as stored.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    /// What it did.
    pub action: Action,
    /// Where it stands.
    pub state: State,
    /// The record.
    pub record_id: &'a str,
    /// What was in the field before.
    pub baseline: Option<&'a str>,
    /// What was written.
    pub proposed: Option<&'a str>,
    /// What was read back.
    pub observed: Option<&'a str>,
    /// It put back what was there before us.
    pub restores: bool,
    /// Everything said of it.
    pub reasons: &'a [Reason],
}

/// The change that takes another back. JSON texts to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inverse {
    /// The field gets back what it held.
    Restore {
        /// What must still be there.
        baseline: String,
        /// What it held.
        proposed: String,
        /// What it held was not ours.
        restores: bool,
    },
    /// The record goes.
    Delete {
        /// The fields as we left them.
        expected: String,
    },
    /// The record that was taken back is created anew, from the change that created it.
    CreateAgain,
}

/// What takes a change back.
///
/// # Errors
/// Why it cannot be, for a person.
pub fn inverse(applied: Applied<'_>) -> Result<Inverse, String> {
    if applied.state != State::Applied {
        return Err(format!(
            "a change that is {} is not in salesforce",
            applied.state.as_str()
        ));
    }
    if applied
        .reasons
        .iter()
        .any(|reason| matches!(reason.code.as_str(), "already_there" | "already_created"))
    {
        return Err("it was there before us; there is nothing of ours to take back".to_owned());
    }
    let left = applied.observed.or(applied.proposed);
    match applied.action {
        Action::UpdateField => match (left, applied.baseline) {
            (Some(left), Some(before)) => Ok(Inverse::Restore {
                baseline: left.to_owned(),
                proposed: before.to_owned(),
                restores: !applied.restores,
            }),
            _ => Err("what was there before is not known".to_owned()),
        },
        Action::CreateTask
        | Action::CreateEvent
        | Action::CreateNote
        | Action::CreateContact
        | Action::CreateRole
        | Action::CreateRelation
        | Action::CreateOpportunity => {
            if applied.record_id.is_empty() {
                return Err("the record it created is not known".to_owned());
            }
            Ok(Inverse::Delete {
                expected: left.unwrap_or("{}").to_owned(),
            })
        }
        Action::DeleteRecord => Ok(Inverse::CreateAgain),
    }
}

/// Whether a record we created may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MayGo {
    /// Nobody touched it, or a reviewer saw it exactly as it is.
    Yes,
    /// Somebody did: back to review.
    No(Reason),
}

/// Whether a record was last modified by this user.
#[must_use]
pub fn is_touched_by(present: &Fields, user_id: &str) -> bool {
    let by = present.get(TOUCHED_BY).and_then(FieldValue::text);
    // Ids come with 15 or 18 characters.
    by.is_some_and(|by| !user_id.is_empty() && by.get(..15) == user_id.get(..15))
}

/// Judges a record we created by what it holds now. `seen` is when it was last modified as a reviewer saw it; nothing
/// before anybody did.
#[must_use]
pub fn may_go(expected: &Fields, present: &Fields, user_id: &str, seen: &FieldValue) -> MayGo {
    let at = present.get(TOUCHED_AT);
    if !seen.is_empty() && at.is_some_and(|at| same(at, seen)) {
        return MayGo::Yes;
    }
    let others: Vec<&str> = expected
        .iter()
        .filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()))
        .filter(|(name, value)| {
            !same(
                present.get(name.as_str()).unwrap_or(&FieldValue::Null),
                value,
            )
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if others.is_empty() && is_touched_by(present, user_id) {
        return MayGo::Yes;
    }
    let what = if others.is_empty() {
        "somebody else modified the record after us".to_owned()
    } else {
        format!("the record is not as we left it: {}", others.join(", "))
    };
    MayGo::No(
        Reason::new(
            "undo",
            Verdict::Hold,
            "touched",
            format!("{what}; approve to delete it all the same"),
        )
        .about(others),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(action: Action) -> Applied<'static> {
        Applied {
            action,
            state: State::Applied,
            record_id: "006",
            baseline: Some("\"before\""),
            proposed: Some("\"ours\""),
            observed: Some("\"OURS\""),
            restores: false,
            reasons: &[],
        }
    }

    #[test]
    fn each_kind_of_change_has_its_inverse() {
        let update = applied(Action::UpdateField);
        let restore = |baseline: &str, proposed: &str, restores| {
            Ok(Inverse::Restore {
                baseline: baseline.into(),
                proposed: proposed.into(),
                restores,
            })
        };
        // What automation made of our value is what we left.
        assert_eq!(inverse(update), restore("\"OURS\"", "\"before\"", true));
        let undo = Applied {
            restores: true,
            ..update
        };
        assert_eq!(inverse(undo), restore("\"OURS\"", "\"before\"", false));
        let unread = Applied {
            baseline: None,
            ..update
        };
        assert!(inverse(unread).is_err());
        let there = [Reason::new("executor", Verdict::Pass, "already_there", "")];
        let there = Applied {
            reasons: &there,
            ..update
        };
        assert!(inverse(there).is_err());
        let held = Applied {
            state: State::Held,
            ..update
        };
        assert!(inverse(held).is_err());
        assert!(matches!(
            inverse(applied(Action::CreateTask)),
            Ok(Inverse::Delete { .. })
        ));
        assert_eq!(
            inverse(applied(Action::DeleteRecord)),
            Ok(Inverse::CreateAgain)
        );
    }

    #[test]
    fn a_record_goes_only_as_we_left_it_or_as_a_reviewer_saw_it() {
        const US: &str = "005000000000001AAA";
        let text = |text: &str| FieldValue::Text(text.into());
        let fields = |subject: &str, by: &str| {
            Fields::from([
                ("Subject".to_owned(), text(subject)),
                (TOUCHED_BY.to_owned(), text(by)),
                (TOUCHED_AT.to_owned(), text("2026-03-02T10:00:00.000+0000")),
            ])
        };
        let expected = Fields::from([
            ("Subject".to_owned(), text("Call")),
            ("Content".to_owned(), text("never read")),
        ]);
        let none = FieldValue::Null;
        let seen = text("2026-03-02T10:00:00.000+0000");
        let older = text("2026-03-02T09:00:00.000+0000");
        for (name, present, seen, expected_yes) in [
            ("untouched", fields("Call", US), &none, true),
            ("short id", fields("Call", "005000000000001"), &none, true),
            ("edited", fields("Called", US), &none, false),
            (
                "by another",
                fields("Call", "005000000000002AAA"),
                &none,
                false,
            ),
            ("edited and seen", fields("Called", US), &seen, true),
            (
                "edited after it was seen",
                fields("Called", US),
                &older,
                false,
            ),
        ] {
            let judged = may_go(&expected, &present, US, seen);
            assert_eq!(judged == MayGo::Yes, expected_yes, "{name}: {judged:?}");
        }
        assert_ne!(
            may_go(&expected, &fields("Call", US), "", &none),
            MayGo::Yes
        );
    }
}
