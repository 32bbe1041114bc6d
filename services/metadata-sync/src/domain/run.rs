//! Sync runs: what they read and where they stand.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Objects, fields, picklists, stages, rules.
    Schema,
    /// Records changed since the last time; everything the first time.
    Records,
    /// All records again.
    RecordsFull,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Records => "records",
            Self::RecordsFull => "records_full",
        }
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Schema, Self::Records, Self::RecordsFull]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// Runs of one lane never overlap within a workspace: they share cursors.
    #[must_use]
    pub fn lane(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Records | Self::RecordsFull => "records",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// Reads.
    Running,
    /// Done.
    Done,
    /// Ended with an error.
    Failed,
}

impl State {
    /// The state of a stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "queued" => Some(Self::Queued),
            "running" => Some(Self::Running),
            "done" => Some(Self::Done),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// One run, as told to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// UUIDv7.
    pub id: Uuid,
    /// The workspace.
    pub workspace: String,
    /// What it reads.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// Salesforce calls used.
    pub api_calls: i64,
    /// Objects or records read.
    pub items: i64,
    /// The error for a person, and what was left out on the way.
    pub error: String,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it does now; empty unless it runs.
    pub step: String,
    /// Objects or records it expects to read in all; 0 while unknown.
    pub items_expected: i64,
}
