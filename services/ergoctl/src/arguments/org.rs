//! What the org looks like and how fields map to it: sync, drift, mapping, owners.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::document::Format;

/// Reading the org.
#[derive(Debug, Subcommand)]
pub(crate) enum Sync {
    /// Ask for a run now
    Start {
        /// What to read
        #[arg(value_enum)]
        kind: SyncKind,
        /// Wait for its end, at most these many seconds
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "300")]
        wait: Option<u64>,
    },
    /// The latest runs, newest first
    List,
}

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SyncKind {
    /// Objects, fields, picklists, stages, validation rules
    Schema,
    /// Records changed since the last time
    Records,
    /// All records again
    RecordsFull,
}

/// Differences.
#[derive(Debug, Subcommand)]
pub(crate) enum Drift {
    /// Open differences, newest first
    List {
        /// Also those somebody has decided about
        #[arg(long)]
        all: bool,
    },
    /// Make the repair one proposes: publishes the mapping with it
    Repair {
        /// Its id
        id: String,
    },
    /// Decide about one
    Resolve {
        /// Its id
        id: String,
        /// What is decided
        #[arg(long, value_enum)]
        status: Resolution,
        /// Why; needed to ignore
        #[arg(long, default_value = "", required_if_eq("status", "ignored"))]
        reason: String,
    },
}

/// What is decided about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resolution {
    /// It is right as it is
    Accepted,
    /// The mapping was mended
    Repaired,
    /// It does not matter
    Ignored,
}

/// The field mapping.
#[derive(Debug, Subcommand)]
pub(crate) enum Mapping {
    /// Print the published mapping
    Export {
        /// Print the draft instead
        #[arg(long)]
        draft: bool,
        /// How it is written
        #[command(flatten)]
        format: Format,
    },
    /// Replace the draft; prints what would keep it from being published
    Import {
        /// YAML or JSON; `-` for standard input
        file: PathBuf,
        /// Publish it at once
        #[arg(long)]
        publish: bool,
    },
    /// Publish the draft
    Publish,
    /// Published versions, newest first
    Versions,
    /// What differs between two versions
    Diff {
        /// The older version; 0 for nothing at all
        from: u64,
        /// The newer version; 0 for the draft
        #[arg(default_value_t = 0)]
        to: u64,
    },
    /// A version with all that belongs to it, carried from one org to another
    #[command(subcommand)]
    Document(MappingDocument),
}

/// A mapping with its catalogue, destinations, pipelines, exits and stage descriptions, as YAML.
#[derive(Debug, Subcommand)]
pub(crate) enum MappingDocument {
    /// Print it
    Export {
        /// Which published version; the newest when none is named
        #[arg(long, default_value_t = 0)]
        version: u64,
    },
    /// Make it the draft and set what belongs to it; prints what would keep it from being published here
    Import {
        /// YAML; `-` for standard input
        file: PathBuf,
    },
}

/// Who of ours which Salesforce user is.
#[derive(Debug, Subcommand)]
pub(crate) enum Owners {
    /// Salesforce users, active ones first
    List {
        /// Part of a name or address
        #[arg(long, default_value = "")]
        search: String,
    },
    /// What admins said about who our users are, as a document
    Overrides {
        /// Replaces them by this YAML or JSON; `-` for standard input
        #[arg(long)]
        set: Option<PathBuf>,
    },
}
