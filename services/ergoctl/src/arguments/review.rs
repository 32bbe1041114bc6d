//! What waits for a person and what was written: queue, refusals, why, undo.

use clap::{Args, Subcommand, ValueEnum};

use super::Record;

/// What a reviewer looks for.
#[derive(Debug, Clone, Args)]
pub(crate) struct Narrow {
    /// sObject, as Opportunity
    #[arg(long, default_value = "")]
    pub(crate) object: String,
    /// Field, as NextStep
    #[arg(long, default_value = "")]
    pub(crate) field: String,
    /// Gate that objected, as overwrite_policy
    #[arg(long, default_value = "")]
    pub(crate) gate: String,
    /// Reason, as human_edit_newer
    #[arg(long, default_value = "")]
    pub(crate) code: String,
    /// Record's id
    #[arg(long, default_value = "")]
    pub(crate) record: String,
    /// Meeting's id
    #[arg(long, default_value = "")]
    pub(crate) meeting: String,
    /// Id of the Salesforce user who owned the record
    #[arg(long, default_value = "")]
    pub(crate) owner: String,
    /// Proposed before this moment, as 2026-03-02T10:00:00Z
    #[arg(long, default_value = "")]
    pub(crate) before: String,
    /// Facets of risk, as overwrite,stage,amount,ambiguity,predicted_block,unsure
    #[arg(long, default_value = "")]
    pub(crate) risk: String,
    /// Only what carries little risk
    #[arg(long)]
    pub(crate) low_risk: bool,
    /// Letters of the meeting's title, the quote or a value
    #[arg(long, default_value = "")]
    pub(crate) text: String,
    /// A kind, as `queue alike` prints it
    #[arg(long, default_value = "")]
    pub(crate) alike: String,
    /// Backfill's id
    #[arg(long, default_value = "")]
    pub(crate) backfill: String,
    /// Month of the backfill, as 2025-03
    #[arg(long, default_value = "")]
    pub(crate) slice: String,
}

/// What is decided about changes that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verdict {
    /// Write them
    Approve,
    /// Do not write them
    Dismiss,
}

/// What Salesforce refused.
#[derive(Debug, Subcommand)]
pub(crate) enum Refusals {
    /// By cause, the most frequent first
    List,
    /// Try again what one cause stopped, after it was mended
    Release {
        /// As `refusals list` prints it
        cause: String,
        /// What was mended
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// Held changes.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// Those that wait for a person, the riskiest first
    List {
        /// Other states, as blocked,refused; then the oldest first
        #[arg(long, default_value = "held")]
        state: String,
        /// Only these
        #[command(flatten)]
        filter: Box<Narrow>,
        /// Where to go on, as the previous list said
        #[arg(long)]
        page_token: Option<String>,
    },
    /// Write them
    Approve {
        /// As `queue list` prints them: <id>@<version>
        #[arg(required = true)]
        changes: Vec<Seen>,
    },
    /// Ask Salesforce what it would say, leaving nothing behind
    Rehearse {
        /// Changes, as `queue list` prints them with or without their version
        #[arg(required = true)]
        changes: Vec<String>,
    },
    /// Those alike, counted by kind; decided together when asked to
    Alike {
        /// Only these
        #[command(flatten)]
        filter: Box<Narrow>,
        /// Decide about all of them that carry little risk; they must be of one kind
        #[arg(long, value_enum)]
        decide: Option<Verdict>,
        /// Why; needed to dismiss
        #[arg(long, default_value = "", required_if_eq("decide", "dismiss"))]
        reason: String,
    },
    /// Do not write them
    Dismiss {
        /// As `queue list` prints them: <id>@<version>
        #[arg(required = true)]
        changes: Vec<Seen>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which value.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The record, as Opportunity/006000000000001AAA
    pub(crate) record: Record,
    /// The field; without it, how the record itself came to be
    pub(crate) field: Option<String>,
}

/// What to take back. An undo is a change itself and can be undone.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// Changes that are in Salesforce
    #[arg(required_unless_present = "change_set", conflicts_with = "change_set")]
    pub(crate) changes: Vec<String>,
    /// Everything applied of one change set
    #[arg(long)]
    pub(crate) change_set: Option<String>,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
}

/// A change as a person saw it: `<id>@<version>`. Naming the version keeps anyone from deciding on what they did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The change.
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: u64,
}

impl std::str::FromStr for Seen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .rsplit_once('@')
            .and_then(|(id, version)| Some((id, version.parse().ok()?)));
        match parts {
            Some((id, version)) if !id.is_empty() => Ok(Self {
                id: id.to_owned(),
                version,
            }),
            Some(_) | None => {
                Err("is not <id>@<version>; copy it from `ergoctl queue list`".to_owned())
            }
        }
    }
}
