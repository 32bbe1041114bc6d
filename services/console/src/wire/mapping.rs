//! The field mapping, in the form in which it is also exported, edited and imported.

use chrono::{DateTime, Utc};
use events::crm::v1 as proto;
use events::crm::v1::{OverwritePolicy, destination, mapping_entry, property};
use events::metadata::v1 as metadata;
use events::rpc::RpcError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word::{Word as _, parse};

/// One version. What only the owner sets is answered, and ignored when it comes back with an import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    #[serde(default)]
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) revision: u64,
    #[serde(default)]
    pub(crate) published_by: String,
    #[serde(default)]
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) entries: Vec<Entry>,
    #[serde(default)]
    pub(crate) destinations: Vec<Destination>,
    #[serde(default)]
    pub(crate) properties: Vec<Property>,
}

/// What upstream's analysis looks for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    pub(crate) key: String,
    pub(crate) label: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) prompt: String,
    #[serde(default)]
    pub(crate) options: Vec<String>,
}

/// One property to one field.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) property: String,
    pub(crate) object: String,
    pub(crate) field: String,
    pub(crate) overwrite: String,
    #[serde(default)]
    pub(crate) confidence_min: f64,
    #[serde(default)]
    pub(crate) truncate: bool,
    #[serde(default)]
    pub(crate) synonyms: Vec<Synonym>,
    #[serde(default)]
    pub(crate) list_separator: String,
    /// `write` or `read`; empty means write.
    #[serde(default)]
    pub(crate) direction: String,
    #[serde(default)]
    pub(crate) suspended: bool,
    #[serde(default)]
    pub(crate) suspended_reason: String,
}

/// A further spelling of a picklist value.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Synonym {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A piece of a meeting and where it goes: a record of its own, in a draft also a field or nowhere. A field is answered as
/// the entry `destination_<content>`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Destination {
    pub(crate) content: String,
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) object: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) overwrite: Option<String>,
}

/// Draft and published mapping.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mappings {
    pub(crate) draft: Option<Mapping>,
    pub(crate) published: Option<Mapping>,
}

/// Something wrong with a mapping.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MappingProblem {
    pub(crate) entry_id: String,
    pub(crate) field: String,
    pub(crate) message: String,
    pub(crate) fix: String,
}

impl From<metadata::MappingProblem> for MappingProblem {
    fn from(problem: metadata::MappingProblem) -> Self {
        Self {
            entry_id: problem.entry_id,
            field: problem.field,
            message: problem.message,
            fix: problem.fix,
        }
    }
}

impl From<proto::Mapping> for Mapping {
    fn from(mapping: proto::Mapping) -> Self {
        let destination = |destination: proto::Destination| Destination {
            content: destination.content().word(),
            kind: destination.kind().word(),
            object: destination.object,
            field: destination.field,
            overwrite: None,
        };
        Self {
            version: mapping.version,
            revision: mapping.revision,
            published_by: mapping.published_by,
            published_at: super::time(mapping.published_at),
            entries: mapping.entries.into_iter().map(Entry::from).collect(),
            destinations: mapping.destinations.into_iter().map(destination).collect(),
            properties: mapping
                .properties
                .into_iter()
                .map(|property| Property {
                    kind: property.r#type().word(),
                    key: property.key,
                    label: property.label,
                    prompt: property.prompt,
                    options: property.options,
                })
                .collect(),
        }
    }
}

impl From<proto::MappingEntry> for Entry {
    fn from(entry: proto::MappingEntry) -> Self {
        let synonym = |synonym: proto::Synonym| Synonym {
            from: synonym.from,
            to: synonym.to,
        };
        Self {
            overwrite: entry.overwrite().word(),
            direction: entry.direction().word(),
            id: entry.id,
            property: entry.property,
            object: entry.object,
            field: entry.field,
            confidence_min: entry.confidence_min,
            truncate: entry.truncate,
            synonyms: entry.synonyms.into_iter().map(synonym).collect(),
            list_separator: entry.list_separator,
            suspended: entry.suspended,
            suspended_reason: entry.suspended_reason,
        }
    }
}

impl Mapping {
    /// A draft of a workspace.
    pub(crate) fn into_draft(self, workspace: &str) -> Result<proto::Mapping, RpcError> {
        let entry = |(index, entry): (usize, Entry)| entry.into_proto(index);
        let destination = |(index, destination): (usize, Destination)| {
            let at = |name: &str| format!("destinations[{index}].{name}");
            Ok(proto::Destination {
                content: parse::<destination::Content>(&at("content"), &destination.content)?
                    .into(),
                kind: parse::<destination::Kind>(&at("kind"), &destination.kind)?.into(),
                object: destination.object,
                field: destination.field,
                overwrite: match &destination.overwrite {
                    Some(word) => parse::<proto::OverwritePolicy>(&at("overwrite"), word)?.into(),
                    None => proto::OverwritePolicy::Unspecified.into(),
                },
            })
        };
        Ok(proto::Mapping {
            workspace: workspace.to_owned(),
            entries: self
                .entries
                .into_iter()
                .enumerate()
                .map(entry)
                .collect::<Result<_, RpcError>>()?,
            destinations: self
                .destinations
                .into_iter()
                .enumerate()
                .map(destination)
                .collect::<Result<_, RpcError>>()?,
            properties: self
                .properties
                .into_iter()
                .enumerate()
                .map(|(index, property)| {
                    let at = format!("properties[{index}].type");
                    Ok(proto::Property {
                        r#type: parse::<property::Type>(&at, &property.kind)?.into(),
                        key: property.key,
                        label: property.label,
                        prompt: property.prompt,
                        options: property.options,
                    })
                })
                .collect::<Result<_, RpcError>>()?,
            ..proto::Mapping::default()
        })
    }
}

impl Entry {
    fn into_proto(self, index: usize) -> Result<proto::MappingEntry, RpcError> {
        let overwrite: OverwritePolicy =
            parse(&format!("entries[{index}].overwrite"), &self.overwrite)?;
        let synonym = |synonym: Synonym| proto::Synonym {
            from: synonym.from,
            to: synonym.to,
        };
        Ok(proto::MappingEntry {
            id: self.id,
            property: self.property,
            object: self.object,
            field: self.field,
            overwrite: overwrite.into(),
            confidence_min: self.confidence_min,
            truncate: self.truncate,
            synonyms: self.synonyms.into_iter().map(synonym).collect(),
            list_separator: self.list_separator,
            direction: match self.direction.as_str() {
                "" | "unspecified" => mapping_entry::Direction::Write,
                word => parse(&format!("entries[{index}].direction"), word)?,
            }
            .into(),
            ..proto::MappingEntry::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exported_mapping_can_be_imported() {
        let entry = proto::MappingEntry {
            id: "next_step".into(),
            property: "next_step".into(),
            object: "Opportunity".into(),
            field: "NextStep".into(),
            overwrite: OverwritePolicy::ReplaceOurs.into(),
            confidence_min: 0.8,
            // What an older export leaves out is a write.
            direction: mapping_entry::Direction::Write.into(),
            ..proto::MappingEntry::default()
        };
        let published = proto::Mapping {
            version: 3,
            entries: vec![entry.clone()],
            published_by: "user:ann@acme.com".into(),
            ..proto::Mapping::default()
        };
        let text = serde_json::to_string(&Mapping::from(published)).expect("is written");
        let read: Mapping = serde_json::from_str(&text).expect("is read");
        let draft = read.into_draft("acme").expect("is a mapping");
        assert_eq!((draft.version, draft.entries), (0, vec![entry]));
    }

    #[test]
    fn a_wrong_policy_is_named_with_its_entry() {
        let text = r#"{"entries":[{"id":"a","property":"p","object":"Account","field":"F","overwrite":"sometimes"}]}"#;
        let mapping: Mapping = serde_json::from_str(text).expect("is read");
        let error = mapping.into_draft("acme").expect_err("is refused");
        insta::assert_snapshot!(error, @"entries[0].overwrite is not one of only_if_empty, append, prepend, replace_ours, replace_always");
    }
}
