//! The connection to Salesforce: connect, access, missed, verify.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Record;

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
