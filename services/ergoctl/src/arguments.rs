//! The command line; doc comments are the help text.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

/// Operates Ergo for Salesforce through the console's API.
#[derive(Debug, Parser)]
#[command(name = "ergoctl", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where the console is and who asks.
    #[command(flatten)]
    pub(crate) target: Target,

    /// Print what the API answered instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the console is and who asks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// Address of the console, as https://console.example.com; http://127.0.0.1:8080 when nothing says otherwise
    #[arg(long, global = true, env = "ERGO_URL")]
    pub(crate) url: Option<url::Url>,

    /// API token, as ergo_<id>_<secret>; better given by the environment, where other users cannot see it
    #[arg(long, global = true, env = "ERGO_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<SecretString>,

    /// Workspace to act on
    #[arg(long, short, global = true, env = "ERGO_WORKSPACE")]
    pub(crate) workspace: Option<String>,

    /// File that login writes; ~/.config/ergo/login.json when not set
    #[arg(long, global = true, env = "ERGO_LOGIN_FILE", hide = true)]
    pub(crate) login_file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How the workspace is doing: connection, live, verified, what waits, API budget
    Status,
    /// Print the link an admin opens in a browser to connect Salesforce
    Connect(Connect),
    /// Revoke our access at Salesforce and destroy the stored token
    Disconnect,
    /// What the connected user can reach, and what is missing
    #[command(subcommand)]
    Access(Access),
    /// What was missed while there was no connection
    #[command(subcommand)]
    Missed(Missed),
    /// Read the org
    #[command(subcommand)]
    Sync(Sync),
    /// What changed in the org since it was mapped
    #[command(subcommand)]
    Drift(Drift),
    /// The field mapping
    #[command(subcommand)]
    Mapping(Mapping),
    /// Our permissions on objects and fields
    #[command(subcommand)]
    Permissions(Document),
    /// How opportunity stages may move
    #[command(subcommand)]
    Stages(Document),
    /// Salesforce users, and who of ours they are
    #[command(subcommand)]
    Owners(Owners),
    /// Pipelines with their stages, what the analysis is told about them, and how they may move
    Pipelines,
    /// How e-mail domains are read
    #[command(subcommand)]
    Domains(Domains),
    /// Phrases in titles that mean an account or a deal
    #[command(subcommand)]
    Phrases(Phrases),
    /// Better matches that appeared for matched meetings
    #[command(subcommand)]
    Moves(Moves),
    /// How meetings are matched
    #[command(subcommand)]
    Matching(Matching),
    /// Changes held for a person
    #[command(subcommand)]
    Queue(Queue),
    /// What Salesforce refused, by cause
    #[command(subcommand)]
    Refusals(Refusals),
    /// Write what past meetings hold: sampled, approved month by month, never before live work
    #[command(subcommand)]
    Backfill(Backfill),
    /// Take back what was written: restores only what is still ours, the rest goes to review
    Undo(Undo),
    /// Why a value is in Salesforce: the meeting, the words, the gates, the reviewer, the requests
    Why(Why),
    /// Meetings, their records and what was written
    #[command(subcommand)]
    Meetings(Meetings),
    /// Rehearse the mapping on a few records, leaving nothing behind
    Verify(Verify),
    /// Let approved changes be written, or stop them
    Live {
        /// Whether changes are written
        state: OnOff,
    },
    /// Messages that could not be handled
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// The Salesforce formula language, on this machine
    #[command(subcommand)]
    Formula(Formula),
    /// Keep the address, a token and the workspace, so that they need not be said again; the token is read from
    /// standard input
    Login,
    /// Forget what login kept
    Logout,
    /// API tokens of whoever asks
    #[command(subcommand)]
    Keys(Keys),
    /// Print the manual page, as man reads it
    Man,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// API tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// All of them; never their secrets
    List,
    /// End one: whoever uses it is refused from then on
    Revoke {
        /// Its id, between ergo_ and the next _
        id: String,
    },
}

/// How to connect.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Where to log in
    #[arg(long, value_enum, default_value_t = Environment::Production)]
    pub(crate) environment: Environment,
    /// My Domain label, as acme or acme--uat
    #[arg(long, required_if_eq("environment", "custom-domain"))]
    pub(crate) my_domain: Option<String>,
    /// Log in as somebody else than before
    #[arg(long)]
    pub(crate) different_user: bool,
    /// Give up the org connected before; mappings hold its ids
    #[arg(long)]
    pub(crate) start_over: bool,
    /// Connect at once with a key of the org's own app instead of a link (JWT bearer)
    #[arg(long, requires_all = ["consumer_key", "username", "private_key_file"], conflicts_with = "different_user")]
    pub(crate) jwt: bool,
    /// Consumer key of the org's own app
    #[arg(long, requires = "jwt")]
    pub(crate) consumer_key: Option<String>,
    /// Login name of the user to act as; pre-authorised for the app
    #[arg(long, requires = "jwt")]
    pub(crate) username: Option<String>,
    /// File with the RSA private key in PEM, or - for standard input; the app has its certificate
    #[arg(long, requires = "jwt")]
    pub(crate) private_key_file: Option<PathBuf>,
}

/// Where to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    /// login.salesforce.com, or the address the operator set
    Production,
    /// test.salesforce.com
    Sandbox,
    /// The org's own domain
    CustomDomain,
}

/// The access review.
#[derive(Debug, Subcommand)]
pub(crate) enum Access {
    /// The newest review; exits 1 when something is missing
    Show,
    /// Look again now
    Review,
}

/// Times without a connection.
#[derive(Debug, Subcommand)]
pub(crate) enum Missed {
    /// The latest, newest first, and what waits for a person because of them
    List,
    /// Send what was missed through the gates again
    Release {
        /// The gap's id
        gap: String,
        /// Only these meetings
        #[arg(long = "meeting")]
        meetings: Vec<String>,
    },
}

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

/// Backfills.
#[derive(Debug, Subcommand)]
pub(crate) enum Backfill {
    /// The latest, newest first
    List,
    /// Draft one; prints its id
    Create {
        /// For people
        name: String,
        /// Meetings from this day on, as 2025-01-01, UTC
        #[arg(long, value_parser = day)]
        from: String,
        /// Up to this day, without it
        #[arg(long, value_parser = day)]
        until: String,
        /// Only this object; several times for several
        #[arg(long = "object")]
        objects: Vec<String>,
        /// Meetings a sample is taken of, at most 1,000
        #[arg(long, default_value_t = 100)]
        sample: u32,
        /// Meetings expected in the window, for the estimate
        #[arg(long, default_value_t = 0)]
        expected: u64,
    },
    /// Its sample, its months and how far it is
    Show {
        /// Its id
        id: String,
    },
    /// Gather meetings of the window and estimate
    Sample {
        /// Its id
        id: String,
    },
    /// Let approved months be written
    Start {
        /// Its id
        id: String,
    },
    /// Approve what carries little risk in one month; counts it first
    Approve {
        /// Its id
        id: String,
        /// The month, as 2025-03
        slice: String,
        /// Approve what is counted now
        #[arg(long)]
        yes: bool,
    },
    /// Stop writing
    Pause {
        /// Its id
        id: String,
    },
    /// Go on
    Resume {
        /// Its id
        id: String,
    },
    /// Give up; what was not written is dismissed
    Cancel {
        /// Its id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take back what it wrote
    Undo {
        /// Its id
        id: String,
        /// Only this month, as 2025-03
        #[arg(long)]
        slice: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// A day as people write it.
fn day(text: &str) -> Result<String, String> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if plain {
        Ok(text.to_owned())
    } else {
        Err("is not a day as 2025-01-01".to_owned())
    }
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

/// Rehearsing.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Records to rehearse on, as Opportunity/006...; without any, recent ones are chosen
    #[arg(value_name = "OBJECT/ID", num_args = 0..=5)]
    pub(crate) records: Vec<Record>,
    /// Only show the newest run
    #[arg(long, conflicts_with = "records")]
    pub(crate) last: bool,
}

/// A record: `<object>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// sObject name.
    pub(crate) object: String,
    /// Record id.
    pub(crate) id: String,
}

impl std::str::FromStr for Record {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((object, id)) if !object.is_empty() && !id.is_empty() => Ok(Self {
                object: object.to_owned(),
                id: id.to_owned(),
            }),
            Some(_) | None => {
                Err("is not <object>/<id>, as Opportunity/006000000000001AAA".to_owned())
            }
        }
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    /// Approved changes are written
    On,
    /// Nothing is written
    Off,
}

/// Messages that were set aside.
#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// Oldest first
    List {
        /// Only those this service refused
        #[arg(long)]
        service: Option<String>,
        /// Where to go on, as the previous list said
        #[arg(long)]
        page_token: Option<u64>,
    },
    /// One with its payload
    Show {
        /// Its number in the list
        sequence: u64,
    },
    /// Publish again as they were, once their cause is mended
    Replay {
        /// Their numbers in the list
        #[arg(required = true)]
        sequences: Vec<u64>,
    },
    /// Remove for good
    Forget {
        /// Their numbers in the list
        #[arg(required = true)]
        sequences: Vec<u64>,
    },
}

/// Formulas.
#[derive(Debug, Subcommand)]
pub(crate) enum Formula {
    /// Answer each case, a JSON line on standard input, with a JSON line on standard output
    Check,
}

/// The word the API knows a value by.
pub(crate) fn word(value: impl ValueEnum) -> String {
    let value = value
        .to_possible_value()
        .expect("no value of ours is hidden from the command line");
    value.get_name().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn command_lines_are_understood_or_refused() {
        for (line, understood) in [
            ("ergoctl status --json", true),
            ("ergoctl --workspace acme status", true),
            ("ergoctl connect --environment sandbox", true),
            ("ergoctl connect --jwt", false),
            ("ergoctl connect --username u@acme.example", false),
            (
                "ergoctl connect --jwt --consumer-key k --username u --private-key-file -",
                true,
            ),
            ("ergoctl connect --environment custom-domain", false),
            (
                "ergoctl connect --environment custom-domain --my-domain acme",
                true,
            ),
            ("ergoctl sync start schema --wait", true),
            ("ergoctl sync start everything", false),
            ("ergoctl drift resolve d1 --status ignored", false),
            (
                "ergoctl drift resolve d1 --status ignored --reason moved",
                true,
            ),
            ("ergoctl drift repair d1", true),
            ("ergoctl drift repair", false),
            ("ergoctl mapping versions", true),
            ("ergoctl mapping diff 1", true),
            ("ergoctl mapping diff 1 2", true),
            ("ergoctl mapping diff", false),
            ("ergoctl mapping document export --version 3", true),
            ("ergoctl mapping document import -", true),
            ("ergoctl owners list --search rosa", true),
            ("ergoctl owners overrides --set -", true),
            ("ergoctl pipelines", true),
            ("ergoctl mapping export --format json", true),
            ("ergoctl mapping import - --publish", true),
            ("ergoctl queue approve c1@4 c2@1", true),
            ("ergoctl queue approve c1", false),
            ("ergoctl queue approve", false),
            ("ergoctl queue dismiss c1@4", false),
            ("ergoctl verify Opportunity/006000000000001AAA", true),
            ("ergoctl verify Opportunity", false),
            ("ergoctl why Opportunity/006000000000001AAA NextStep", true),
            ("ergoctl why Opportunity", false),
            ("ergoctl undo c1 c2 --reason wrong-deal", true),
            ("ergoctl undo --change-set s1 --reason wrong-deal", true),
            ("ergoctl undo c1 --change-set s1 --reason wrong-deal", false),
            ("ergoctl undo c1", false),
            ("ergoctl queue rehearse c1@4 c2", true),
            ("ergoctl live on", true),
            ("ergoctl live maybe", false),
            ("ergoctl quarantine replay 1 2", true),
            ("ergoctl formula check", true),
            ("ergoctl completions bash", true),
            ("ergoctl", false),
        ] {
            assert_eq!(parse(line).is_ok(), understood, "{line}");
        }
    }

    #[test]
    fn words_are_the_apis() {
        assert_eq!(word(SyncKind::RecordsFull), "records_full");
        assert_eq!(word(Environment::CustomDomain), "custom_domain");
    }

    #[test]
    fn a_token_is_never_shown() {
        let arguments = parse("ergoctl --token ergo_a_secret status").expect("is understood");
        assert!(!format!("{arguments:?}").contains("secret"));
    }
}
