//! A mapping with its settings as YAML: what an admin carries from a sandbox to production. It names fields, stages and
//! record types by API name, never by id, because ids differ between orgs.

mod part;
mod stage;

pub use stage::{Controls, Exits};

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml_ng::Value;

use crate::domain::mapping::{ENTRIES_MAX, Mapping};
use crate::domain::property::{PROPERTIES_MAX, Property};
use crate::domain::publish::Problem;
use part::{DestinationText, EntryText};

/// Largest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 512 * 1024;
/// The format's number: a later one may mean something else by the same words.
const FORMAT: u64 = 1;
/// What a document may consist of.
const PARTS: [&str; 7] = [
    "format",
    "properties",
    "entries",
    "destinations",
    "stages",
    "pipelines",
    "exits",
];
/// Destinations of one document.
const DESTINATIONS_MAX: usize = 16;

/// What a document holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The mapping.
    pub mapping: Mapping,
    /// What the analysis is told about stages, by API name.
    pub stages: BTreeMap<String, String>,
    /// Which pipelines are written to and how stages may move; none leaves an org's as they are.
    pub controls: Option<Controls>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    properties: &'a [Property],
    entries: Vec<EntryText>,
    destinations: Vec<DestinationText>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stages: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pipelines: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exits: Option<&'a BTreeMap<String, Exits>>,
}

/// A mapping as YAML.
///
/// # Errors
/// Never for what was stored; a text that YAML cannot hold.
pub fn write(content: &Document) -> Result<String, serde_yaml_ng::Error> {
    let mapping = &content.mapping;
    let (entries, destinations) = part::of(mapping);
    serde_yaml_ng::to_string(&Written {
        format: FORMAT,
        properties: &mapping.properties,
        entries,
        destinations,
        stages: &content.stages,
        pipelines: content
            .controls
            .as_ref()
            .map(|known| known.pipelines.as_slice()),
        exits: content.controls.as_ref().map(|known| &known.exits),
    })
}

/// The content of a document, or everything that is wrong with its text.
///
/// # Errors
/// Every problem; never none.
pub fn read(text: &str) -> Result<Document, Vec<Problem>> {
    let mut found = Vec::new();
    let document = match top(text) {
        Ok(document) => document,
        Err(problem) => return Err(vec![problem]),
    };
    for name in document.keys() {
        if !PARTS.contains(&name.as_str()) {
            found.push(problem(
                "",
                "",
                format!("the document has an unknown part {name:?}"),
                "use format, properties, entries, destinations, stages, pipelines and exits",
            ));
        }
    }
    if document.get("format").and_then(Value::as_u64) != Some(FORMAT) {
        found.push(problem(
            "",
            "format",
            "the format is missing or not one this version reads".into(),
            "start the document with format: 1",
        ));
    }
    let properties = items::<Property>(&document, "properties", "key", PROPERTIES_MAX, &mut found);
    let entries = items::<EntryText>(&document, "entries", "id", ENTRIES_MAX, &mut found);
    let destinations = items::<DestinationText>(
        &document,
        "destinations",
        "content",
        DESTINATIONS_MAX,
        &mut found,
    );
    let stages = stage::descriptions(&document, &mut found);
    let controls = stage::controls(&document, &mut found);
    let mapping = part::mapping(properties, entries, destinations, &mut found);
    part::texts(&mapping, &mut found);
    if found.is_empty() {
        Ok(Document {
            mapping,
            stages,
            controls,
        })
    } else {
        Err(found)
    }
}

fn problem(entry_id: &str, field: &'static str, message: String, fix: &str) -> Problem {
    Problem {
        entry_id: entry_id.to_owned(),
        field,
        message,
        fix: fix.to_owned(),
    }
}

fn top(text: &str) -> Result<BTreeMap<String, Value>, Problem> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(problem(
            "",
            "",
            format!("the document is larger than {DOCUMENT_BYTES_MAX} bytes"),
            "shorten it",
        ));
    }
    serde_yaml_ng::from_str(text).map_err(|error| {
        problem(
            "",
            "",
            format!("the document is not YAML of named parts: {error}"),
            "correct the line named",
        )
    })
}

/// The items of one list, each read on its own, so that one that is wrong does not hide the next.
fn items<T: DeserializeOwned>(
    document: &BTreeMap<String, Value>,
    name: &'static str,
    key: &str,
    max: usize,
    found: &mut Vec<Problem>,
) -> Vec<T> {
    let list = match document.get(name) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Sequence(list)) => list,
        Some(_) => {
            found.push(problem(
                "",
                name,
                format!("{name} is not a list"),
                "write a list",
            ));
            return Vec::new();
        }
    };
    if list.len() > max {
        found.push(problem(
            "",
            name,
            format!("{name} has {} items and the limit is {max}", list.len()),
            "remove some",
        ));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(list.len());
    for (position, item) in list.iter().enumerate() {
        let called = item.get(key).and_then(Value::as_str).unwrap_or_default();
        match serde_yaml_ng::from_value(item.clone()) {
            Ok(item) => read.push(item),
            Err(error) => found.push(problem(
                called,
                name,
                format!("item {} of {name} is not understood: {error}", position + 1),
                "correct or remove what is named",
            )),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::destination;
    use crate::domain::mapping::{
        Content, Destination, Direction, Entry, Kind, Overwrite, Synonym,
    };
    use crate::domain::property;

    fn content() -> Document {
        Document {
            mapping: Mapping {
                properties: vec![Property {
                    key: "next_step".into(),
                    label: "Next step".into(),
                    kind: Some(property::Kind::Text),
                    prompt: "what was promised:\n\"quoted\" \u{202e}rtl 👩‍👩‍👧".into(),
                    options: vec![],
                }],
                entries: vec![Entry {
                    id: "next".into(),
                    property: "next_step".into(),
                    object: "Opportunity".into(),
                    field: "NextStep".into(),
                    overwrite: Some(Overwrite::ReplaceOurs),
                    confidence_min: 0.75,
                    truncate: true,
                    synonyms: vec![Synonym {
                        from: "yes: no".into(),
                        to: "Proposal".into(),
                    }],
                    list_separator: "; ".into(),
                    direction: Direction::Write,
                }]
                .into_iter()
                .chain(destination::entry(
                    Content::Summary,
                    "Opportunity",
                    "Summary__c",
                    Overwrite::Append,
                ))
                .collect(),
                destinations: vec![Destination {
                    content: Some(Content::Notes),
                    kind: Some(Kind::ContentNote),
                }],
            },
            stages: BTreeMap::from([("Legal".to_owned(), "lawyers: involved".to_owned())]),
            controls: Some(Controls {
                pipelines: vec!["New_Business".into()],
                exits: BTreeMap::from([(
                    "Legal".to_owned(),
                    Exits {
                        to: vec!["Closed Won".into()],
                        required: vec!["Amount".into()],
                    },
                )]),
            }),
        }
    }

    #[test]
    fn a_mapping_comes_back_as_it_was_written() {
        let text = write(&content()).expect("YAML");
        assert_eq!(read(&text), Ok(content()), "{text}");
        assert!(
            text.contains("kind: field"),
            "a field is a destination like the others: {text}"
        );
        let without = Document {
            controls: None,
            ..content()
        };
        let text = write(&without).expect("YAML");
        assert_eq!(read(&text), Ok(without), "{text}");
    }

    #[test]
    fn every_problem_of_a_document_is_told_at_once() {
        let text = "format: 2\nsurprise: 1\nentries:\n- {id: a, property: p, object: O, field: F, overwrite: sometimes}\n- {id: b, property: p, object: O}\n- {id: c, property: p, object: O, field: F, colour: red}\nproperties: {key: x}\ndestinations:\n- {content: gossip, kind: task}\n- {content: meeting, kind: field, object: O, field: F}\nstages: [1]\npipelines: 3\nexits: {A: [B]}\n";
        let told: Vec<String> = read(text)
            .expect_err("is wrong")
            .into_iter()
            .map(|problem| {
                format!(
                    "{} {}: {}",
                    problem.entry_id, problem.field, problem.message
                )
            })
            .collect();
        assert_eq!(told.len(), 11, "{told:#?}");
        assert!(
            told.iter()
                .any(|line| line.starts_with("b entries: item 2 of entries"))
        );
        assert!(
            told.iter()
                .any(|line| line.starts_with("c entries: item 3 of entries"))
        );
    }

    #[test]
    fn a_text_that_is_no_yaml_says_where() {
        let told = read("entries: [\n").expect_err("is wrong");
        assert_eq!(told.len(), 1);
        assert!(told[0].message.contains("line"), "{}", told[0].message);
    }
}
