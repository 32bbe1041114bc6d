//! What an admin mapped: which properties upstream looks for, which of them goes to which field, and what goes where as
//! a record of its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::property::Property;

/// Entries of one mapping.
pub const ENTRIES_MAX: usize = 500;
/// Synonyms of one entry.
pub const SYNONYMS_MAX: usize = 500;
/// Characters of any one text in a mapping.
pub const TEXT_CHARACTERS_MAX: usize = 255;

/// A mapping, draft or published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// What upstream looks for, beside the built-in properties. Empty means that no catalogue is kept: any key will do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// Which property goes to which field.
    pub entries: Vec<Entry>,
    /// Which content is written as a record of its own.
    pub destinations: Vec<Destination>,
}

/// A published mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Grows with each publish.
    pub version: u64,
    /// Grows with each suspension or release within the version.
    pub revision: u64,
    /// What was published.
    pub mapping: Mapping,
    /// Suspended entries and why.
    pub suspended: Suspended,
    /// Who published it.
    pub published_by: String,
    /// When.
    pub published_at: DateTime<Utc>,
}

/// Entry id to the reason it is suspended for.
pub type Suspended = BTreeMap<String, String>;

/// One property written to one field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Stable id, `[a-z0-9_]{1,64}`.
    pub id: String,
    /// Property key.
    pub property: String,
    /// sObject API name.
    pub object: String,
    /// Field API name.
    pub field: String,
    /// When a value already there may be replaced; absent in an unfinished draft.
    pub overwrite: Option<Overwrite>,
    /// Extractions below this are held.
    pub confidence_min: f64,
    /// Too long text is cut instead of held.
    pub truncate: bool,
    /// Further spellings of picklist values.
    pub synonyms: Vec<Synonym>,
    /// Joins several texts.
    pub list_separator: String,
    /// Which way the value goes.
    #[serde(default)]
    pub direction: Direction,
}

/// Which way a value goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From meetings into Salesforce.
    #[default]
    Write,
    /// From Salesforce, for upstream to know; never written.
    Read,
}

/// A further spelling of a picklist value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synonym {
    /// As said.
    pub from: String,
    /// The picklist's value.
    pub to: String,
}

/// When a value already in the field may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overwrite {
    /// Only an empty field is written.
    OnlyIfEmpty,
    /// Added after what is there.
    Append,
    /// Added before what is there.
    Prepend,
    /// Only what we wrote is replaced.
    ReplaceOurs,
    /// Replaced unless a human edited it after us.
    ReplaceAlways,
}

impl Overwrite {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlyIfEmpty => "only_if_empty",
            Self::Append => "append",
            Self::Prepend => "prepend",
            Self::ReplaceOurs => "replace_ours",
            Self::ReplaceAlways => "replace_always",
        }
    }
}

impl Direction {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// A piece of a meeting written as a record of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// What; absent in an unfinished draft.
    pub content: Option<Content>,
    /// As what; absent in an unfinished draft.
    pub kind: Option<Kind>,
}

/// A piece of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// That it took place.
    Meeting,
    /// The notes.
    Notes,
    /// The recording's link.
    RecordingLink,
    /// The summary.
    Summary,
}

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A completed Task.
    Task,
    /// An Event.
    Event,
    /// A ContentNote.
    ContentNote,
}

impl Content {
    /// For a person.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meeting => "meeting",
            Self::Notes => "notes",
            Self::RecordingLink => "recording link",
            Self::Summary => "summary",
        }
    }
}

impl Kind {
    /// The object written.
    #[must_use]
    pub fn object(self) -> &'static str {
        match self {
            Self::Task => "Task",
            Self::Event => "Event",
            Self::ContentNote => "ContentNote",
        }
    }
}

impl Mapping {
    /// Objects it writes to.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let entries = self.entries.iter().map(|entry| entry.object.as_str());
        let destinations = self
            .destinations
            .iter()
            .filter_map(|destination| destination.kind.map(Kind::object));
        entries.chain(destinations)
    }
}
