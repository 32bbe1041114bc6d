//! What surrounds the mapping: the catalogue upstream reads, versions and what differs between them, the document that is
//! carried to another org.

use chrono::{DateTime, Utc};
use events::crm::v1 as crm;
use events::metadata::v1 as proto;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::mapping::{MappingProblem, Property};
use super::word::Word as _;

/// What upstream's analysis is to look for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Catalogue {
    /// Of the published mapping; empty when no catalogue is kept.
    pub(crate) properties: Vec<Property>,
    /// Every meeting has these.
    pub(crate) built_in: Vec<Property>,
    /// Version of the mapping; 0 when none was published.
    pub(crate) mapping_version: u64,
}

impl From<proto::ListPropertiesResponse> for Catalogue {
    fn from(answer: proto::ListPropertiesResponse) -> Self {
        let property = |property: crm::Property| Property {
            kind: property.r#type().word(),
            key: property.key,
            label: property.label,
            prompt: property.prompt,
            options: property.options,
        };
        Self {
            properties: answer.properties.into_iter().map(property).collect(),
            built_in: answer.built_in.into_iter().map(property).collect(),
            mapping_version: answer.mapping_version,
        }
    }
}

/// One published version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    pub(crate) version: u64,
    /// Suspensions and releases within it.
    pub(crate) revision: u64,
    pub(crate) published_by: String,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) entries: u32,
    pub(crate) suspended: u32,
}

impl From<proto::MappingVersion> for Version {
    fn from(known: proto::MappingVersion) -> Self {
        Self {
            version: known.version,
            revision: known.revision,
            published_by: known.published_by,
            published_at: super::time(known.published_at),
            entries: known.entries,
            suspended: known.suspended,
        }
    }
}

/// One difference between two versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// `property`, `entry` or `destination`.
    pub(crate) what: String,
    /// Its key, id or content.
    pub(crate) id: String,
    /// Which of its choices; empty when the whole is new or gone.
    pub(crate) field: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl From<proto::MappingDifference> for Difference {
    fn from(found: proto::MappingDifference) -> Self {
        Self {
            what: found.what,
            id: found.id,
            field: found.field,
            before: found.before,
            after: found.after,
        }
    }
}

/// A published version with all that belongs to it, to carry to another org: it names everything by API name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Document {
    pub(crate) yaml: String,
    pub(crate) version: u64,
    /// Pipelines and exits are in it; false when writeback did not say which were chosen.
    pub(crate) controls_known: bool,
}

impl From<proto::ExportMappingResponse> for Document {
    fn from(answer: proto::ExportMappingResponse) -> Self {
        Self {
            yaml: answer.yaml,
            version: answer.version,
            controls_known: answer.controls_known,
        }
    }
}

/// A document to be made the draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    pub(crate) yaml: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// It was understood and is the draft now.
    pub(crate) stored: bool,
    /// What is wrong with the text, when it was not stored; otherwise what would keep it from being published.
    pub(crate) problems: Vec<MappingProblem>,
}

impl From<proto::ImportMappingResponse> for Imported {
    fn from(answer: proto::ImportMappingResponse) -> Self {
        Self {
            stored: answer.stored,
            problems: answer.problems.into_iter().map(Into::into).collect(),
        }
    }
}
