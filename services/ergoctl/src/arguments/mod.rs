//! The command line; doc comments are the help text.

mod audit;
mod backfill;
mod connection;
mod document;
mod matching;
mod org;
mod review;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

pub(crate) use self::audit::Audit;
pub(crate) use self::backfill::Backfill;
pub(crate) use self::connection::{Access, Connect, Missed, Verify};
pub(crate) use self::document::{Document, Format, FormatKind};
pub(crate) use self::matching::{Domains, Matching, Meetings, Moves, Phrases};
pub(crate) use self::org::{Drift, Mapping, MappingDocument, Owners, Sync};
pub(crate) use self::review::{Narrow, Queue, Refusals, Seen, Undo, Verdict, Why};

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
    /// Who or what changed which setting or decision
    #[command(subcommand)]
    Audit(Audit),
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

    use super::connection::Environment;
    use super::org::SyncKind;
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
            (
                "ergoctl audit list --action backfill. --page-size 100",
                true,
            ),
            ("ergoctl audit list --page-size 101", false),
            ("ergoctl audit", false),
            ("ergoctl backfill show b1 --wait", true),
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
