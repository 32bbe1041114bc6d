//! The mapping as a form: what its fields say, put into the mapping they were made of. Pure.
//!
//! A page of the form holds some entries. Each is known by the id it had when the page was made, so what is on other pages,
//! or was added meanwhile, stays as it is.

use std::collections::BTreeSet;

use crate::wire::mapping::{Destination, Entry, Mapping, MappingProblem, Synonym};

/// Longest text a field of the form takes, in characters; what is longer is edited in the document.
pub(super) const TEXT_CHARACTERS_MAX: usize = 200;
/// Longest list of synonyms the form takes, in characters.
pub(super) const SYNONYMS_CHARACTERS_MAX: usize = 1_000;
/// Longest id of an entry, in characters, as the owner allows.
const ID_CHARACTERS_MAX: usize = 64;
/// What a destination can be of, as the contract's words, and for people.
pub(super) const CONTENTS: [(&str, &str); 4] = [
    ("meeting", "That the meeting took place"),
    ("notes", "The notes"),
    ("recording_link", "The recording's link"),
    ("summary", "The summary"),
];

/// The fields of a form by name.
pub(super) trait Said {
    /// Empty when there is none.
    fn said(&self, name: &str) -> &str;
    /// All values of a name, in the form's order.
    fn every(&self, name: &str) -> Vec<&str>;
}

/// One entry of the form.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Tells its fields apart from those of other rows.
    pub(super) number: usize,
    /// The entry's id when the page was made; empty for a new one.
    pub(super) was: String,
    pub(super) entry: Entry,
}

/// A mapping with what a form says.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) mapping: Mapping,
    /// The form's rows but those removed.
    pub(super) rows: Vec<Row>,
    /// What could not be read; then nothing may be saved.
    pub(super) unread: Vec<MappingProblem>,
    /// An entry is new.
    pub(super) added: bool,
}

/// Whether the form can hold an entry without losing anything.
pub(super) fn fits(entry: &Entry) -> bool {
    let short = |text: &str| {
        text.chars().count() <= TEXT_CHARACTERS_MAX && !text.contains(['\0', '\r', '\n'])
    };
    let texts = [
        &entry.id,
        &entry.property,
        &entry.object,
        &entry.field,
        &entry.list_separator,
    ];
    let one_line = |synonym: &Synonym| {
        [&synonym.from, &synonym.to]
            .iter()
            .all(|text| text.trim() == text.as_str() && !text.contains(['=', '\0', '\r', '\n']))
    };
    texts.into_iter().all(|text| short(text))
        && entry.synonyms.iter().all(one_line)
        && synonyms(entry).chars().count() <= SYNONYMS_CHARACTERS_MAX
}

/// Synonyms as lines: `as said = the picklist's value`.
pub(super) fn synonyms(entry: &Entry) -> String {
    let lines: Vec<String> = entry
        .synonyms
        .iter()
        .map(|synonym| format!("{} = {}", synonym.from, synonym.to))
        .collect();
    lines.join("\n")
}

/// An entry that does nothing yet.
pub(super) fn blank() -> Entry {
    Entry {
        id: String::new(),
        property: String::new(),
        object: "Opportunity".to_owned(),
        field: String::new(),
        overwrite: "only_if_empty".to_owned(),
        confidence_min: 0.8,
        truncate: false,
        synonyms: Vec::new(),
        list_separator: String::new(),
        direction: "write".to_owned(),
        suspended: false,
        suspended_reason: String::new(),
    }
}

/// Contents that go to a field are kept as entries; the form shows them beside the other destinations.
pub(super) fn unfold(mut mapping: Mapping) -> Mapping {
    let (folded, entries): (Vec<Entry>, Vec<Entry>) =
        mapping.entries.into_iter().partition(is_destination);
    mapping.entries = entries;
    for entry in folded {
        let content = content_of(&entry.id).unwrap_or_default().to_owned();
        mapping.destinations.push(Destination {
            content,
            kind: "field".to_owned(),
            object: entry.object,
            field: entry.field,
            overwrite: Some(entry.overwrite),
        });
    }
    mapping
}

fn content_of(id: &str) -> Option<&str> {
    let content = id.strip_prefix("destination_")?;
    CONTENTS
        .iter()
        .any(|(known, _)| *known == content)
        .then_some(content)
}

/// Whether an entry says no more than a destination can.
fn is_destination(entry: &Entry) -> bool {
    content_of(&entry.id).is_some()
        && entry.truncate
        && entry.confidence_min == 0.0
        && entry.synonyms.is_empty()
        && entry.list_separator.is_empty()
        && entry.direction != "read"
        && fits(entry)
}

/// What the form's fields make of `known`, an unfolded mapping.
pub(super) fn edit(known: Mapping, form: &impl Said) -> Edited {
    let mut mapping = known;
    let mut unread = Vec::new();
    let mut rows = Vec::new();
    let mut added = false;
    let removed = form.said("remove");
    for number in form.every("row") {
        let of = |name: &str| form.said(&format!("{number}.{name}"));
        let was = of("was");
        if number == removed {
            mapping
                .entries
                .retain(|entry| entry.id != was || was.is_empty());
            continue;
        }
        let Ok(number) = number.parse::<usize>() else {
            continue;
        };
        let place = mapping
            .entries
            .iter()
            .position(|entry| !was.is_empty() && entry.id == was);
        if place.is_none() && of("property").trim().is_empty() && of("field").trim().is_empty() {
            if was.is_empty() {
                rows.push(Row {
                    number,
                    was: String::new(),
                    entry: blank(),
                });
            }
            // One that somebody removed meanwhile, emptied, stays removed.
            continue;
        }
        let base = place.map_or_else(blank, |place| mapping.entries[place].clone());
        let mut entry = read(base, &of, &mut unread);
        match place {
            Some(place) => mapping.entries[place] = entry.clone(),
            None => {
                added = true;
                entry.id = fresh_id(&entry, was, &mapping.entries);
                mapping.entries.push(entry.clone());
            }
        }
        rows.push(Row {
            number,
            was: was.to_owned(),
            entry,
        });
    }
    if !form.said("destinations").is_empty() {
        mapping.destinations = destinations(form);
    }
    Edited {
        mapping,
        rows,
        unread,
        added,
    }
}

/// `base` with what a row says.
fn read<'a>(base: Entry, of: &impl Fn(&str) -> &'a str, unread: &mut Vec<MappingProblem>) -> Entry {
    let mut entry = Entry {
        property: of("property").trim().to_owned(),
        object: of("object").trim().to_owned(),
        field: of("field").trim().to_owned(),
        overwrite: of("overwrite").to_owned(),
        direction: of("direction").to_owned(),
        truncate: of("truncate") == "on",
        list_separator: of("separator").to_owned(),
        ..base
    };
    let mut wrong = |field: &str, message: String, fix: &str| {
        unread.push(MappingProblem {
            entry_id: entry.id.clone(),
            field: field.to_owned(),
            message,
            fix: fix.to_owned(),
        });
    };
    match of("confidence").trim().parse::<f64>() {
        Ok(confidence) if confidence.is_finite() => entry.confidence_min = confidence,
        Ok(_) | Err(_) => wrong(
            "confidence_min",
            "the confidence is no number".to_owned(),
            "write a number from 0 to 1",
        ),
    }
    let mut synonyms = Vec::new();
    for line in of("synonyms")
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        match line.split_once('=') {
            Some((from, to)) => synonyms.push(Synonym {
                from: from.trim().to_owned(),
                to: to.trim().to_owned(),
            }),
            None => wrong(
                "synonyms",
                format!("the synonym {:?} has no '='", line.trim()),
                "write each as: as said = value of the picklist",
            ),
        }
    }
    entry.synonyms = synonyms;
    entry
}

/// The id of a new entry: `wanted`, or what its property is called, and a number when that is taken.
fn fresh_id(entry: &Entry, wanted: &str, known: &[Entry]) -> String {
    let taken: BTreeSet<&str> = known.iter().map(|entry| entry.id.as_str()).collect();
    if !wanted.is_empty() && !taken.contains(wanted) {
        return wanted.to_owned();
    }
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '_',
    };
    let name: String = entry
        .property
        .chars()
        .map(plain)
        .take(ID_CHARACTERS_MAX - 4)
        .collect();
    let name = if name.is_empty() { "entry" } else { &name };
    let numbered = (2..).map(|number: u32| format!("{name}_{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|id| !taken.contains(id.as_str()))
        .expect("there are more numbers than entries")
}

fn destinations(form: &impl Said) -> Vec<Destination> {
    let mut chosen = Vec::new();
    for (content, _) in CONTENTS {
        let of = |name: &str| form.said(&format!("{content}.{name}"));
        let kind = of("kind");
        if kind.is_empty() {
            continue;
        }
        let to_field = kind == "field";
        let text = |name: &str| if to_field { of(name).trim() } else { "" }.to_owned();
        chosen.push(Destination {
            content: content.to_owned(),
            kind: kind.to_owned(),
            object: text("object"),
            field: text("field"),
            overwrite: to_field
                .then(|| of("overwrite").to_owned())
                .filter(|word| !word.is_empty()),
        });
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Form(Vec<(&'static str, &'static str)>);

    impl Said for Form {
        fn said(&self, name: &str) -> &str {
            self.every(name).first().copied().unwrap_or_default()
        }

        fn every(&self, name: &str) -> Vec<&str> {
            let of =
                |(known, value): &(&'static str, &'static str)| (*known == name).then_some(*value);
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
}
