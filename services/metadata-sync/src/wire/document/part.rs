//! Entries and destinations as they are written in a document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::problem;
use crate::domain::destination;
use crate::domain::mapping::{
    Content, Destination, Direction, Entry, Kind, Mapping, Overwrite, Synonym, TEXT_CHARACTERS_MAX,
};
use crate::domain::property::Property;
use crate::domain::publish::Problem;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryText {
    id: String,
    property: String,
    object: String,
    field: String,
    #[serde(default)]
    direction: Direction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overwrite: Option<Overwrite>,
    #[serde(default)]
    confidence_min: f64,
    #[serde(default, skip_serializing_if = "is_false")]
    truncate: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    synonyms: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    list_separator: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DestinationText {
    content: Content,
    kind: To,
    /// Of a field: its object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    object: String,
    /// Of a field: its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    field: String,
    /// Of a field: when a value already there may be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overwrite: Option<Overwrite>,
}

/// Where content goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    /// A completed Task.
    Task,
    /// An Event.
    Event,
    /// A ContentNote.
    ContentNote,
    /// A field.
    Field,
    /// Nowhere, as content that is not listed.
    None,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A mapping's entries and destinations; those that are a field are destinations here.
pub(super) fn of(mapping: &Mapping) -> (Vec<EntryText>, Vec<DestinationText>) {
    let mut entries = Vec::new();
    let mut destinations: Vec<DestinationText> =
        mapping.destinations.iter().filter_map(record).collect();
    for entry in &mapping.entries {
        match destination::content(entry) {
            Some((content, overwrite)) => destinations.push(DestinationText {
                content,
                kind: To::Field,
                object: entry.object.clone(),
                field: entry.field.clone(),
                overwrite: Some(overwrite),
            }),
            None => entries.push(written(entry)),
        }
    }
    (entries, destinations)
}

fn record(known: &Destination) -> Option<DestinationText> {
    Some(DestinationText {
        content: known.content?,
        kind: match known.kind? {
            Kind::Task => To::Task,
            Kind::Event => To::Event,
            Kind::ContentNote => To::ContentNote,
        },
        object: String::new(),
        field: String::new(),
        overwrite: None,
    })
}

fn written(entry: &Entry) -> EntryText {
    EntryText {
        id: entry.id.clone(),
        property: entry.property.clone(),
        object: entry.object.clone(),
        field: entry.field.clone(),
        direction: entry.direction,
        overwrite: entry.overwrite,
        confidence_min: entry.confidence_min,
        truncate: entry.truncate,
        synonyms: entry
            .synonyms
            .iter()
            .map(|synonym| (synonym.from.clone(), synonym.to.clone()))
            .collect(),
        list_separator: entry.list_separator.clone(),
    }
}

/// The mapping of what was read.
pub(super) fn mapping(
    properties: Vec<Property>,
    entries: Vec<EntryText>,
    sent: Vec<DestinationText>,
    found: &mut Vec<Problem>,
) -> Mapping {
    let mut entries: Vec<Entry> = entries.into_iter().map(entry).collect();
    let mut destinations = Vec::new();
    for text in sent {
        let content = text.content;
        let record = |kind| Destination {
            content: Some(content),
            kind: Some(kind),
        };
        match text.kind {
            To::Task => destinations.push(record(Kind::Task)),
            To::Event => destinations.push(record(Kind::Event)),
            To::ContentNote => destinations.push(record(Kind::ContentNote)),
            To::None => {}
            To::Field => {
                let overwrite = text.overwrite.unwrap_or(Overwrite::ReplaceOurs);
                match destination::entry(content, &text.object, &text.field, overwrite) {
                    Some(entry) => destination::put(&mut entries, entry),
                    None => found.push(problem(
                        "",
                        "destinations",
                        format!("{} is not written to a field", content.as_str()),
                        "write it as a task, an event or a content note",
                    )),
                }
            }
        }
    }
    Mapping {
        properties,
        entries,
        destinations,
    }
}

fn entry(text: EntryText) -> Entry {
    Entry {
        id: text.id,
        property: text.property,
        object: text.object,
        field: text.field,
        overwrite: text.overwrite,
        confidence_min: text.confidence_min,
        truncate: text.truncate,
        synonyms: text
            .synonyms
            .into_iter()
            .map(|(from, to)| Synonym { from, to })
            .collect(),
        list_separator: text.list_separator,
        direction: text.direction,
    }
}

/// Texts that could not be stored or that no field takes.
pub(super) fn texts(mapping: &Mapping, found: &mut Vec<Problem>) {
    for entry in &mapping.entries {
        let long = [
            &entry.property,
            &entry.object,
            &entry.field,
            &entry.list_separator,
        ]
        .into_iter()
        .chain(
            entry
                .synonyms
                .iter()
                .flat_map(|synonym| [&synonym.from, &synonym.to]),
        )
        .any(|text| text.contains('\0') || text.chars().count() > TEXT_CHARACTERS_MAX);
        if long || !entry.confidence_min.is_finite() {
            found.push(problem(
                &entry.id,
                "entries",
                format!("a text is longer than {TEXT_CHARACTERS_MAX} characters or holds a NUL, or confidence_min is no number"),
                "shorten or correct it",
            ));
        }
    }
    for property in &mapping.properties {
        let bad = property.prompt.contains('\0')
            || property.options.iter().any(|option| option.contains('\0'))
            || property.label.contains('\0');
        if bad {
            found.push(problem(
                &property.key,
                "properties",
                "a text holds a NUL character".into(),
                "remove it",
            ));
        }
    }
}
