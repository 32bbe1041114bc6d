//! The content of a note: a file with versions of its own (`salesforce-api.md` 8.2), which is written whole and never read
//! back. Whether it still is what we left is told by who last modified the note.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::undo::{TOUCHED_AT, is_touched_by};
use super::value::{FieldValue, Fields};

/// Enhanced notes.
pub const OBJECT: &str = "ContentNote";
/// Their text, as HTML.
pub const CONTENT: &str = "Content";

/// Whether a field is a note's content.
#[must_use]
pub fn is_content(object: &str, field: &str) -> bool {
    object == OBJECT && field == CONTENT
}

/// What stands for the content of a note as it is now: what we left, or, when somebody else was there since, that and when,
/// so that a reviewer's look is told apart from a later edit.
#[must_use]
pub fn present(fields: &Fields, user_id: &str, ours: &FieldValue) -> FieldValue {
    if is_touched_by(fields, user_id) {
        return ours.clone();
    }
    let when = fields
        .get(TOUCHED_AT)
        .and_then(FieldValue::text)
        .map_or_else(String::new, |at| format!(" on {at}"));
    FieldValue::Text(format!("what somebody else left in the note{when}"))
}

/// The same after a write whose answer was lost: it happened when the note is ours and not older than the intent, of which
/// Salesforce keeps whole seconds.
#[must_use]
pub fn after_loss(
    fields: &Fields,
    user_id: &str,
    before: &FieldValue,
    proposed: &FieldValue,
    intent_at: Option<DateTime<Utc>>,
) -> FieldValue {
    let touched_at = fields
        .get(TOUCHED_AT)
        .and_then(FieldValue::text)
        .and_then(|at| DateTime::parse_from_str(at, "%Y-%m-%dT%H:%M:%S%.f%z").ok());
    let since = intent_at.and_then(|at| at.duration_trunc(TimeDelta::seconds(1)).ok());
    let happened = matches!((touched_at, since), (Some(at), Some(since)) if at >= since);
    present(fields, user_id, if happened { proposed } else { before })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::undo::TOUCHED_BY;

    const US: &str = "005000000000001AAA";
    const THEM: &str = "005000000000002AAA";

    fn touched(by: &str, at: &str) -> Fields {
        let text = |text: &str| FieldValue::Text(text.into());
        Fields::from([
            (TOUCHED_BY.to_owned(), text(by)),
            (TOUCHED_AT.to_owned(), text(at)),
        ])
    }

    #[test]
    fn a_note_is_as_we_left_it_until_somebody_else_was_there() {
        const AT: &str = "2026-03-02T10:00:00.000+0000";
        let (before, newer) = (
            FieldValue::Text("first".into()),
            FieldValue::Text("second".into()),
        );
        let theirs =
            |at: &str| FieldValue::Text(format!("what somebody else left in the note on {at}"));
        assert_eq!(present(&touched(US, AT), US, &before), before);
        assert_eq!(present(&touched(THEM, AT), US, &before), theirs(AT));
        let lost = |by: &str, intent: &str| {
            let intent = DateTime::parse_from_rfc3339(intent)
                .ok()
                .map(|at| at.to_utc());
            after_loss(&touched(by, AT), US, &before, &newer, intent)
        };
        for (by, intent, expected) in [
            (US, "2026-03-02T09:59:59Z", &newer),
            (US, "2026-03-02T10:00:00.700Z", &newer),
            (US, "2026-03-02T10:00:01Z", &before),
            (THEM, "2026-03-02T09:59:59Z", &theirs(AT)),
        ] {
            assert_eq!(lost(by, intent), *expected, "{by} {intent}");
        }
    }
}
