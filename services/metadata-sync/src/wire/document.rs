//! A mapping with its settings as YAML: what an admin carries from a sandbox to production. It names fields, stages and
//! record types by API name, never by id, because ids differ between orgs.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_yaml_ng::Value;

use crate::domain::mapping::{
    Content, Destination, Direction, ENTRIES_MAX, Entry, Kind, Mapping, Overwrite, Synonym,
    TEXT_CHARACTERS_MAX,
};
use crate::domain::property::{PROMPT_CHARACTERS_MAX, PROPERTIES_MAX, Property};
use crate::domain::publish::Problem;

/// Largest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 512 * 1024;
/// The format's number: a later one may mean something else by the same words.
const FORMAT: u64 = 1;
/// Destinations of one document.
const DESTINATIONS_MAX: usize = 16;
/// Stage descriptions of one document.
const STAGES_MAX: usize = 500;

/// What a document holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The mapping.
    pub mapping: Mapping,
    /// What the analysis is told about stages, by API name.
    pub stages: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u64,
    properties: &'a [Property],
    entries: Vec<EntryText>,
    destinations: Vec<DestinationText>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stages: &'a BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryText {
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
struct DestinationText {
    content: Content,
    kind: Kind,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A mapping as YAML.
///
/// # Errors
/// Never for what was stored; a text that YAML cannot hold.
pub fn write(content: &Document) -> Result<String, serde_yaml_ng::Error> {
    let mapping = &content.mapping;
    let entries = mapping.entries.iter().map(|entry| EntryText {
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
    });
    let destinations = mapping.destinations.iter().filter_map(|destination| {
        Some(DestinationText {
            content: destination.content?,
            kind: destination.kind?,
        })
    });
    serde_yaml_ng::to_string(&Written {
        format: FORMAT,
        properties: &mapping.properties,
        entries: entries.collect(),
        destinations: destinations.collect(),
        stages: &content.stages,
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
        if !["format", "properties", "entries", "destinations", "stages"].contains(&name.as_str()) {
            found.push(problem(
                "",
                "",
                format!("the document has an unknown part {name:?}"),
                "use format, properties, entries, destinations and stages",
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
    let stages = stages(&document, &mut found);
    let mapping = Mapping {
        properties,
        entries: entries.into_iter().map(entry).collect(),
        destinations: destinations
            .into_iter()
            .map(|text| Destination {
                content: Some(text.content),
                kind: Some(text.kind),
            })
            .collect(),
    };
    texts(&mapping, &mut found);
    if found.is_empty() {
        Ok(Document { mapping, stages })
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

fn stages(
    document: &BTreeMap<String, Value>,
    found: &mut Vec<Problem>,
) -> BTreeMap<String, String> {
    let Some(sent) = document.get("stages").filter(|sent| !sent.is_null()) else {
        return BTreeMap::new();
    };
    let stages: BTreeMap<String, String> = match serde_yaml_ng::from_value(sent.clone()) {
        Ok(stages) => stages,
        Err(error) => {
            found.push(problem(
                "",
                "stages",
                format!("stages is not a list of names and descriptions: {error}"),
                "write one line per stage: its API name, a colon, the description",
            ));
            return BTreeMap::new();
        }
    };
    let bad = stages
        .values()
        .any(|text| text.contains('\0') || text.chars().count() > PROMPT_CHARACTERS_MAX);
    if stages.len() > STAGES_MAX || bad {
        found.push(problem(
            "",
            "stages",
            format!("there are more than {STAGES_MAX} stages, or a description is longer than {PROMPT_CHARACTERS_MAX} characters"),
            "shorten it",
        ));
    }
    stages
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
fn texts(mapping: &Mapping, found: &mut Vec<Problem>) {
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

#[cfg(test)]
mod tests {
    use super::*;
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
                }],
                destinations: vec![Destination {
                    content: Some(Content::Notes),
                    kind: Some(Kind::ContentNote),
                }],
            },
            stages: BTreeMap::from([("Legal".to_owned(), "lawyers: involved".to_owned())]),
        }
    }

    #[test]
    fn a_mapping_comes_back_as_it_was_written() {
        let text = write(&content()).expect("YAML");
        assert_eq!(read(&text), Ok(content()), "{text}");
    }

    #[test]
    fn every_problem_of_a_document_is_told_at_once() {
        let text = "format: 2\nsurprise: 1\nentries:\n- {id: a, property: p, object: O, field: F, overwrite: sometimes}\n- {id: b, property: p, object: O}\n- {id: c, property: p, object: O, field: F, colour: red}\nproperties: {key: x}\ndestinations:\n- {content: gossip, kind: task}\nstages: [1]\n";
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
        assert_eq!(told.len(), 8, "{told:#?}");
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
