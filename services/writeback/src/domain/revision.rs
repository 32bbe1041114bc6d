//! A newer revision of a meeting, or a corrected match, brings the activity or note an older one created up to date: the same
//! record, its differing fields, and only as long as they hold what we wrote.

use super::activity::Draft;
use super::change::Action;
use super::compare::same;
use super::decision::Match;
use super::lane;
use super::mapping::{Content, Overwrite};
use super::meeting::{Meeting, Typed};
use super::note;
use super::plan::{Created, Proposal, Source};
use super::value::FieldValue;

/// Fields that link an activity to records.
const LINKS: [&str; 2] = ["WhatId", "WhoId"];

/// The updates that make an activity or a note what a newer revision says; none when it says the same. What is kept outside the event is not compared: it would be left out of the text.
#[must_use]
pub fn updates(
    draft: &Draft,
    created: &Created,
    meeting: &Meeting,
    matched: &Match,
    contents: &[Content],
) -> Vec<Proposal> {
    if !draft.missing.is_empty() {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    for (field, value) in &draft.fields {
        // What was not written then may not be set by the connected user; only links may have been unknown.
        let known = match created.fields.get(field) {
            Some(known) => known,
            None if LINKS.contains(&field.as_str()) => &FieldValue::Null,
            None => continue,
        };
        if same(known, value) {
            continue;
        }
        let Some(value) = typed(field, value, meeting) else {
            continue;
        };
        proposals.push(Proposal {
            action: Action::UpdateField,
            object: draft.object.to_owned(),
            record_id: created.record_id.clone(),
            field: field.clone(),
            entry_id: String::new(),
            overwrite: Overwrite::ReplaceOurs,
            source: Source::Value(value),
            contents: if matches!(field.as_str(), "Description" | note::CONTENT) {
                contents.to_vec()
            } else {
                Vec::new()
            },
            creation_key: String::new(),
            related: Vec::new(),
            lane: lane::of(&matched.account_id, &matched.lead_id, &draft.key),
            confidence: 1.0,
            evidence: Vec::new(),
        });
    }
    proposals
}

/// The value as its field takes it.
fn typed(field: &str, value: &FieldValue, meeting: &Meeting) -> Option<Typed> {
    let text = value.text()?;
    match field {
        "StartDateTime" => Some(Typed::DateTime(meeting.started_at)),
        // As drafted: a long recording was cut to what an Event may last.
        "EndDateTime" => chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| Typed::DateTime(at.to_utc())),
        "ActivityDate" => text.parse().ok().map(Typed::Date),
        _ => Some(Typed::Text(text.to_owned())),
    }
}

/// A text to which an older revision added `earlier`, with `newer` in its place; `None` when it is not there any more.
#[must_use]
pub fn replaced(present: &str, earlier: &str, newer: &str) -> Option<String> {
    let present = super::text::clean(present);
    let earlier = super::text::clean(earlier);
    if earlier.is_empty() || !present.contains(&earlier) {
        return None;
    }
    Some(present.replacen(&earlier, newer, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_an_older_revision_added_is_replaced_where_it_stands() {
        for (present, earlier, expected) in [
            (
                "theirs\r\nours, first",
                "ours, first",
                Some("theirs\nours, second"),
            ),
            ("ours, first", "ours, first", Some("ours, second")),
            ("theirs alone", "ours, first", None),
            ("theirs", "", None),
        ] {
            let found = replaced(present, earlier, "ours, second");
            assert_eq!(found.as_deref(), expected, "{present}");
        }
    }

    proptest! {
        #[test]
        fn what_others_wrote_around_it_stays(before in "[a-z]{0,9}", after in "[a-z]{0,9}", ours in "[A-Z]{1,5}", newer in "[0-9]{1,5}") {
            let present = format!("{before}\n{ours}\n{after}");
            let found = replaced(&present, &ours, &newer).expect("it is there");
            prop_assert_eq!(found, super::super::text::clean(&format!("{before}\n{newer}\n{after}")));
        }
    }
}
