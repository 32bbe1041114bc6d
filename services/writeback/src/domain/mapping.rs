//! What an admin allowed to be written where.

/// One published mapping.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// Grows with each publish.
    pub version: u64,
    /// Grows with each suspension within a version.
    pub revision: u64,
    /// Property to field.
    pub entries: Vec<Entry>,
    /// Content to record.
    pub destinations: Vec<Destination>,
}

impl Mapping {
    /// The entry of an id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// What goes into records of one kind, in order, each once.
    #[must_use]
    pub fn contents(&self, kind: ActivityKind) -> Vec<Content> {
        let mut contents: Vec<Content> = self
            .destinations
            .iter()
            .filter(|destination| destination.kind == kind)
            .map(|destination| destination.content)
            .collect();
        contents.sort_unstable();
        contents.dedup();
        contents
    }
}

/// One property written to one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Stable across versions.
    pub id: String,
    /// Property key.
    pub property: String,
    /// sObject.
    pub object: String,
    /// Field.
    pub field: String,
    /// When a value already there may be replaced.
    pub overwrite: Overwrite,
    /// Extractions below this are held.
    pub confidence_min: f64,
    /// Cut text that is too long, and mark it.
    pub truncate: bool,
    /// (as said, the picklist's value).
    pub synonyms: Vec<(String, String)>,
    /// Joins several texts.
    pub list_separator: String,
    /// Why drift suspended it; `None` when it works.
    pub suspended: Option<String>,
}

/// When a value already in a field may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overwrite {
    /// Only an empty field is written.
    OnlyIfEmpty,
    /// Added after what is there.
    Append,
    /// Added before what is there.
    Prepend,
    /// Only what we wrote is replaced.
    ReplaceOurs,
    /// Replaced, unless a human edited it after our last write.
    ReplaceAlways,
}

impl Overwrite {
    /// As stored.
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

    /// From its stored form; anything unknown is the strictest.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "append" => Self::Append,
            "prepend" => Self::Prepend,
            "replace_ours" => Self::ReplaceOurs,
            "replace_always" => Self::ReplaceAlways,
            _ => Self::OnlyIfEmpty,
        }
    }
}

/// A piece of a meeting written as a record of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// What.
    pub content: Content,
    /// As what.
    pub kind: ActivityKind,
}

/// A piece of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Title, time, people.
    Meeting,
    /// The recording's link.
    RecordingLink,
    /// The notes.
    Notes,
    /// The summary.
    Summary,
}

impl Content {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meeting => "meeting",
            Self::RecordingLink => "recording_link",
            Self::Notes => "notes",
            Self::Summary => "summary",
        }
    }
}

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActivityKind {
    /// A completed Task.
    Task,
    /// An Event.
    Event,
    /// A ContentNote.
    Note,
}
