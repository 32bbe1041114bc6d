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
mod tests;
