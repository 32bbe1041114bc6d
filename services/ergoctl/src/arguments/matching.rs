//! How meetings are matched: domains, phrases, moves, settings, corrections.

use clap::{Args, Subcommand, ValueEnum};

/// E-mail domains.
#[derive(Debug, Subcommand)]
pub(crate) enum Domains {
    /// All rules
    List,
    /// Set one
    Set {
        /// As acme.com
        domain: String,
        /// How it is read
        #[arg(long, value_enum)]
        class: DomainClass,
        /// For one account only; needed for an alternate domain
        #[arg(long, default_value = "", required_if_eq("class", "alternate"))]
        account: String,
    },
    /// Remove one
    Remove {
        /// As acme.com
        domain: String,
        /// The account it is for
        #[arg(long, default_value = "")]
        account: String,
    },
    /// What setting or removing one would change in the decisions of the last 30 days; saves nothing
    Preview {
        /// As acme.com
        domain: String,
        /// How it would be read
        #[arg(long, value_enum, required_unless_present = "remove")]
        class: Option<DomainClass>,
        /// For one account only
        #[arg(long, default_value = "")]
        account: String,
        /// As if it were removed
        #[arg(long, conflicts_with = "class")]
        remove: bool,
    },
}

/// Phrases.
#[derive(Debug, Subcommand)]
pub(crate) enum Phrases {
    /// All phrases
    List,
    /// Set what one means
    Set(Phrase),
    /// Forget one
    Remove {
        /// The words
        phrase: String,
    },
    /// What setting or removing one would change in the decisions of the last 30 days; saves nothing
    Preview {
        /// The phrase
        #[command(flatten)]
        phrase: Phrase,
        /// As if it were removed
        #[arg(long)]
        remove: bool,
    },
}

/// A phrase and what it means.
#[derive(Debug, Args)]
pub(crate) struct Phrase {
    /// The words, as "project falcon"
    pub(crate) phrase: String,
    /// The account meant
    #[arg(long, default_value = "")]
    pub(crate) account: String,
    /// The deal meant; its account is meant too
    #[arg(long, default_value = "")]
    pub(crate) opportunity: String,
}

/// Moves proposed.
#[derive(Debug, Subcommand)]
pub(crate) enum Moves {
    /// All that are open
    List,
    /// Take the move of a meeting: a person's choice from then on
    Accept {
        /// Upstream's id of the meeting
        meeting: String,
    },
    /// Leave the meeting where it is
    Decline {
        /// Upstream's id of the meeting
        meeting: String,
    },
}

/// How meetings are matched.
#[derive(Debug, Subcommand)]
pub(crate) enum Matching {
    /// Thresholds, windows, pipelines
    Show,
    /// Set all of them; what is not named becomes the default
    Set {
        /// Probability from which an account is taken, 0.8 to 0.995
        #[arg(long, default_value_t = 0.0)]
        account_threshold: f64,
        /// Probability from which an opportunity is taken, 0.8 to 0.995
        #[arg(long, default_value_t = 0.0)]
        opportunity_threshold: f64,
        /// Days around opening and closing in which an opportunity may be meant
        #[arg(long, default_value_t = 0)]
        window_days: u32,
        /// Record types of the selected pipelines, one each
        #[arg(long = "pipeline", value_name = "RECORD_TYPE_ID")]
        pipelines: Vec<String>,
        /// Deals of the parent account and of subsidiaries may be meant too
        #[arg(long)]
        group_deals: bool,
        /// Country of telephone numbers typed without one, as DE
        #[arg(long, default_value = "")]
        phone_region: String,
    },
}

/// How a domain is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DomainClass {
    /// Our own people
    Internal,
    /// A partner's people
    Partner,
    /// A customer's people
    Customer,
    /// Consumer mail
    Free,
    /// Another domain of an account
    Alternate,
}

/// Meetings.
#[derive(Debug, Subcommand)]
pub(crate) enum Meetings {
    /// The latest, newest first
    List {
        /// Rows, 1 to 200
        #[arg(long, default_value_t = 25)]
        page_size: u32,
        /// Where to go on, as the previous list said
        #[arg(long)]
        page_token: Option<String>,
    },
    /// One meeting from event to records, with every reason
    Show {
        /// Upstream's id of the meeting
        id: String,
    },
    /// Say which records a meeting belongs to: sticks until taken back
    Correct {
        /// Upstream's id of the meeting
        id: String,
        /// The account; without it: none fits
        #[arg(long, default_value = "")]
        account: String,
        /// The opportunity; without it: none
        #[arg(long, default_value = "")]
        opportunity: String,
    },
    /// Take a correction back: the rules decide again
    Revert {
        /// Upstream's id of the meeting
        id: String,
    },
}
