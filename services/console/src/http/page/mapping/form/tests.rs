//! What the form's fields do to a mapping.

use super::*;

struct Form(Vec<(&'static str, &'static str)>);

impl Said for Form {
    fn said(&self, name: &str) -> &str {
        self.every(name).first().copied().unwrap_or_default()
    }

    fn every(&self, name: &str) -> Vec<&str> {
        let of = |(known, value): &(&'static str, &'static str)| (*known == name).then_some(*value);
        self.0.iter().filter_map(of).collect()
    }
}

fn entry(id: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        property: id.to_owned(),
        field: format!("{id}__c"),
        synonyms: vec![Synonym {
            from: "yes".into(),
            to: "Y".into(),
        }],
        ..blank()
    }
}

fn mapping(ids: &[&str]) -> Mapping {
    Mapping {
        version: 3,
        revision: 0,
        published_by: String::new(),
        published_at: None,
        entries: ids.iter().map(|id| entry(id)).collect(),
        destinations: Vec::new(),
        properties: Vec::new(),
    }
}

fn ids(edited: &Edited) -> Vec<&str> {
    edited
        .mapping
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect()
}

/// The fields of one row.
fn row(
    number: &'static str,
    names: [&'static str; 8],
    values: [&'static str; 8],
) -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![("row", number)];
    fields.extend(names.into_iter().zip(values));
    fields
}

const FIRST: [&str; 8] = [
    "0.was",
    "0.property",
    "0.object",
    "0.field",
    "0.overwrite",
    "0.confidence",
    "0.synonyms",
    "0.direction",
];
const SECOND: [&str; 8] = [
    "1.was",
    "1.property",
    "1.object",
    "1.field",
    "1.overwrite",
    "1.confidence",
    "1.synonyms",
    "1.direction",
];

#[test]
fn a_row_changes_its_entry_and_no_other() {
    let mut form = row(
        "0",
        FIRST,
        [
            "b",
            "b",
            "Account",
            " Next__c ",
            "append",
            "0.5",
            "ja = Y\n\nno=N",
            "write",
        ],
    );
    form.push(("0.truncate", "on"));
    let edited = edit(mapping(&["a", "b"]), &Form(form));
    assert_eq!(ids(&edited), ["a", "b"]);
    let [a, b] = edited.mapping.entries.as_slice() else {
        panic!("two entries");
    };
    assert_eq!((a.field.as_str(), a.synonyms.len()), ("a__c", 1));
    assert_eq!(
        (
            b.object.as_str(),
            b.field.as_str(),
            b.overwrite.as_str(),
            b.confidence_min,
            b.truncate
        ),
        ("Account", "Next__c", "append", 0.5, true)
    );
    assert_eq!(synonyms(b), "ja = Y\nno = N");
    assert!(edited.unread.is_empty() && !edited.added);
}

#[test]
fn a_new_row_gets_an_id_and_an_empty_one_is_none() {
    let mut form = row(
        "0",
        FIRST,
        [
            "",
            "meeting.notes",
            "Account",
            "N__c",
            "append",
            "0",
            "",
            "write",
        ],
    );
    form.extend(row(
        "1",
        SECOND,
        ["", " ", "Opportunity", "", "append", "0.8", "", "write"],
    ));
    let edited = edit(mapping(&["meeting_notes"]), &Form(form));
    assert_eq!(ids(&edited), ["meeting_notes", "meeting_notes_2"]);
    assert!(edited.added);
    assert_eq!(edited.rows.len(), 2);
}

#[test]
fn a_row_is_removed_by_its_button() {
    let mut form = row(
        "0",
        FIRST,
        ["a", "a", "Account", "N__c", "append", "0", "", "write"],
    );
    form.push(("remove", "0"));
    let edited = edit(mapping(&["a", "b"]), &Form(form));
    assert_eq!(ids(&edited), ["b"]);
    assert!(edited.rows.is_empty());
}

#[test]
fn what_cannot_be_read_is_told_with_its_entry() {
    let form = row(
        "0",
        FIRST,
        [
            "a", "a", "Account", "N__c", "append", "much", "yes", "write",
        ],
    );
    let edited = edit(mapping(&["a"]), &Form(form));
    let told: Vec<(&str, &str)> = edited
        .unread
        .iter()
        .map(|problem| (problem.entry_id.as_str(), problem.field.as_str()))
        .collect();
    assert_eq!(told, [("a", "confidence_min"), ("a", "synonyms")]);
}

#[test]
fn content_that_goes_to_a_field_is_shown_as_a_destination_unless_it_says_more() {
    let known = |truncate| Entry {
        id: "destination_notes".into(),
        truncate,
        confidence_min: 0.0,
        synonyms: Vec::new(),
        ..entry("notes")
    };
    let unfolded = |truncate| {
        unfold(Mapping {
            entries: vec![known(truncate), entry("a")],
            ..mapping(&[])
        })
    };
    let (shown, kept) = (unfolded(true), unfolded(false));
    assert_eq!((shown.entries.len(), shown.destinations.len()), (1, 1));
    assert_eq!(shown.destinations[0].kind, "field");
    assert_eq!((kept.entries.len(), kept.destinations.len()), (2, 0));
}

#[test]
fn destinations_are_replaced_by_what_the_form_says() {
    let form = Form(vec![
        ("destinations", "1"),
        ("meeting.kind", "task"),
        ("meeting.object", "Account"),
        ("notes.kind", "field"),
        ("notes.object", "Opportunity"),
        ("notes.field", "Notes__c"),
        ("notes.overwrite", "append"),
        ("summary.kind", ""),
    ]);
    let edited = edit(mapping(&[]), &form);
    let told: Vec<(&str, &str, &str, Option<&str>)> = edited
        .mapping
        .destinations
        .iter()
        .map(|one| {
            (
                one.content.as_str(),
                one.kind.as_str(),
                one.field.as_str(),
                one.overwrite.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("meeting", "task", "", None),
            ("notes", "field", "Notes__c", Some("append"))
        ]
    );
}

#[test]
fn what_the_form_would_change_by_showing_it_is_not_shown_in_it() {
    assert!(fits(&entry("a")));
    let long = Entry {
        property: "é".repeat(201),
        ..blank()
    };
    let lines = Entry {
        list_separator: "\n".into(),
        ..blank()
    };
    let equal = Entry {
        synonyms: vec![Synonym {
            from: "a=b".into(),
            to: "c".into(),
        }],
        ..blank()
    };
    for lost in [long, lines, equal] {
        assert!(!fits(&lost), "{lost:?}");
    }
}
