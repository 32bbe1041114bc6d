//! What an operator may set about talking to Salesforce.
//!
//! Flattened into each service's configuration. Consumer key and secret are not here: only the auth
//! service has them, and it passes them as arguments.

use clap::{Args, ValueEnum};

use crate::host;

/// The API version we are written and tested against (Summer '26). Never "the newest": sandboxes and
/// production run different releases for about six weeks, three times a year.
pub const API_VERSION_DEFAULT: &str = "v67.0";

/// How to reach Salesforce, and every limit of doing so.
#[derive(Debug, Clone, Args)]
#[group(id = "salesforce")]
pub struct Options {
    /// Where production users log in. Point it at a simulator or another host that speaks the API;
    /// plain http is accepted for loopback hosts only.
    #[arg(
        long,
        env = "SALESFORCE_LOGIN_URL",
        default_value = "https://login.salesforce.com"
    )]
    pub salesforce_login_url: String,

    /// Where sandbox users log in.
    #[arg(
        long,
        env = "SALESFORCE_SANDBOX_LOGIN_URL",
        default_value = "https://test.salesforce.com"
    )]
    pub salesforce_sandbox_login_url: String,

    /// Hosts (`host` or `host:port`, exact) that may receive tokens beside Salesforce's own, for
    /// simulators. The hosts of the two login addresses above must be listed here too unless they
    /// belong to Salesforce or are loopback.
    #[arg(long, env = "SALESFORCE_ALLOWED_HOSTS", value_delimiter = ',')]
    pub salesforce_allowed_hosts: Vec<String>,

    /// Salesforce clouds with their own domains, off unless named.
    #[arg(long, env = "SALESFORCE_SPECIAL_CLOUDS", value_delimiter = ',')]
    pub salesforce_special_clouds: Vec<SpecialCloud>,

    /// REST API version, as `v67.0`. Pinned: an org that does not list it is refused at connect time.
    #[arg(long, env = "SALESFORCE_API_VERSION", default_value = API_VERSION_DEFAULT)]
    pub salesforce_api_version: String,

    /// Seconds to establish a connection before it counts as not sent.
    #[arg(long, env = "SALESFORCE_CONNECT_TIMEOUT_S", default_value_t = 10)]
    pub salesforce_connect_timeout_s: u64,

    /// Seconds for a whole call, body included. Salesforce itself gives up on SOQL after about 120.
    #[arg(long, env = "SALESFORCE_REQUEST_TIMEOUT_S", default_value_t = 130)]
    pub salesforce_request_timeout_s: u64,

    /// Largest answer accepted, decompressed, in bytes. The largest recorded describe is 860 KB; a
    /// page of 2,000 wide rows may reach a few MB.
    #[arg(long, env = "SALESFORCE_RESPONSE_BYTES_MAX", default_value_t = 32 * 1024 * 1024)]
    pub salesforce_response_bytes_max: usize,

    /// Calls in flight at once per org. Salesforce caps long ones at 25 in production and 5 in
    /// Developer and trial orgs, shared with every other integration.
    #[arg(long, env = "SALESFORCE_ORG_CONCURRENCY_MAX", default_value_t = 5)]
    pub salesforce_org_concurrency_max: usize,

    /// Pages read for one query before it is refused; one page holds up to 2,000 rows.
    #[arg(long, env = "SALESFORCE_QUERY_PAGES_MAX", default_value_t = 1_000)]
    pub salesforce_query_pages_max: usize,

    /// Repeats of a read after a transient failure. Writes are never repeated here.
    #[arg(long, env = "SALESFORCE_READ_RETRIES_MAX", default_value_t = 4)]
    pub salesforce_read_retries_max: usize,

    /// Milliseconds before the first repeat of a read; doubles each time, with jitter, up to 8 s.
    #[arg(long, env = "SALESFORCE_READ_RETRY_DELAY_MS", default_value_t = 250)]
    pub salesforce_read_retry_delay_ms: u64,
}

/// A Salesforce cloud outside the commercial one, enabled by explicit configuration only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SpecialCloud {
    /// `*.my.salesforce.mil`
    UsDefence,
    /// `*.my.sfcrmproducts.cn`
    China,
}

impl Default for Options {
    /// The defaults of the command line, for callers that have none.
    fn default() -> Self {
        Self {
            salesforce_login_url: "https://login.salesforce.com".to_owned(),
            salesforce_sandbox_login_url: "https://test.salesforce.com".to_owned(),
            salesforce_allowed_hosts: Vec::new(),
            salesforce_special_clouds: Vec::new(),
            salesforce_api_version: API_VERSION_DEFAULT.to_owned(),
            salesforce_connect_timeout_s: 10,
            salesforce_request_timeout_s: 130,
            salesforce_response_bytes_max: 32 * 1024 * 1024,
            salesforce_org_concurrency_max: 5,
            salesforce_query_pages_max: 1_000,
            salesforce_read_retries_max: 4,
            salesforce_read_retry_delay_ms: 250,
        }
    }
}

/// Why options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A login address or an allowed host breaks the host rules.
    #[error("{option} is not usable")]
    Host {
        /// The option's environment name.
        option: &'static str,
        /// The rule it breaks.
        #[source]
        source: host::HostError,
    },
    /// The API version is not of the form `v67.0`.
    #[error("SALESFORCE_API_VERSION must look like v67.0, not {0:?}")]
    ApiVersion(String),
    /// A limit is zero.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// The HTTP client cannot be built.
    #[error("cannot build the HTTP client; are CA certificates installed?")]
    Client(#[source] reqwest::Error),
}

/// Whether `text` is `v<major>.<minor>` with digits only: it becomes a URL path segment.
pub(crate) fn is_api_version(text: &str) -> bool {
    let digits = |part: &str| {
        !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_default_options_are_those_of_the_command_line() {
        let parsed = Program::try_parse_from(["program"]).expect("no argument is required");
        assert_eq!(
            format!("{:?}", parsed.options),
            format!("{:?}", Options::default())
        );
    }

    #[test]
    fn an_api_version_is_v_and_two_numbers() {
        for good in ["v67.0", "v9.0", "v100.12"] {
            assert!(is_api_version(good), "{good}");
        }
        for bad in [
            "67.0", "v67", "v67.", "v.0", "v67.0/..", "v67.0 ", "v6700.0", "",
        ] {
            assert!(!is_api_version(bad), "{bad}");
        }
    }
}
