//! Settings kept as documents, and how a document is written.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Settings kept as a document.
#[derive(Debug, Subcommand)]
pub(crate) enum Document {
    /// Print them
    Export {
        /// How they are written
        #[command(flatten)]
        format: Format,
    },
    /// Set them
    Import {
        /// YAML or JSON; `-` for standard input
        file: PathBuf,
    },
}

/// How a document is written.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// How it is written; --json is the same as --format json
    #[arg(long, value_enum, default_value_t = FormatKind::Yaml)]
    pub(crate) format: FormatKind,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatKind {
    /// For people
    Yaml,
    /// For programs
    Json,
}
