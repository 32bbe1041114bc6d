//! What an operator sets for auth beside what every service has; the doc comments are the help text.

use anyhow::{Context as _, ensure};
use secrecy::SecretString;
use url::Url;

use crate::app::access_token::Limits;
use crate::seal;

/// How much longer a lease lasts than its two calls, in milliseconds: five short statements on a busy database.
const LEASE_SLACK_MS: u64 = 2_000;

/// Auth's own options.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connections")]
#[group(id = "auth")]
pub struct Options {
    /// Where browsers reach this service, as https://auth.example.com; the app's callback is this followed by /oauth/callback
    #[arg(long, env = "AUTH_PUBLIC_URL")]
    pub auth_public_url: String,

    /// Where browsers reach the console; without it auth shows its own page after connecting
    #[arg(long, env = "CONSOLE_PUBLIC_URL")]
    pub console_public_url: Option<String>,

    /// Consumer key of the Salesforce app
    #[arg(long, env = "SALESFORCE_CONSUMER_KEY")]
    pub salesforce_consumer_key: String,

    /// Consumer secret of the Salesforce app
    #[arg(long, env = "SALESFORCE_CONSUMER_SECRET", hide_env_values = true)]
    pub salesforce_consumer_secret: SecretString,

    /// How long callers wait for one answer of the token endpoint, in milliseconds
    #[arg(long, env = "AUTH_TOKEN_CALL_TIMEOUT_MS", default_value_t = 10_000)]
    pub auth_token_call_timeout_ms: u64,

    /// How long a late answer of a refresh is still awaited, in milliseconds: with rotation it holds the only valid token
    #[arg(long, env = "AUTH_TOKEN_ANSWER_MAX_MS", default_value_t = 60_000)]
    pub auth_token_answer_max_ms: u64,

    /// How long a token call without an answer may still be running at Salesforce after we gave it up, in milliseconds
    #[arg(long, env = "AUTH_REFRESH_SETTLE_MS", default_value_t = 20_000)]
    pub auth_refresh_settle_ms: u64,

    /// First pause after the token endpoint broke down, in milliseconds; it doubles up to 32 times as long
    #[arg(long, env = "AUTH_RETRY_PAUSE_MS", default_value_t = 5_000)]
    pub auth_retry_pause_ms: u64,

    /// How often suspended connections that are due are looked for, in milliseconds
    #[arg(long, env = "AUTH_PROBE_POLL_MS", default_value_t = 10_000)]
    pub auth_probe_poll_ms: u64,

    /// Age of an access token, in days, at which its grant is refreshed although nobody asked: orgs may end a grant that
    /// was idle for 30 days
    #[arg(long, env = "AUTH_KEEP_ALIVE_DAYS", default_value_t = 7, value_parser = clap::value_parser!(i32).range(1..=29))]
    pub auth_keep_alive_days: i32,

    /// Salesforce.
    #[command(flatten)]
    pub salesforce: salesforce::Options,

    /// Sealing.
    #[command(flatten)]
    pub seal: seal::Options,
}

impl Options {
    /// The limits of refreshing.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            call_ms: self.auth_token_call_timeout_ms,
            answer_ms_max: self
                .auth_token_answer_max_ms
                .max(self.auth_token_call_timeout_ms),
            settle_ms: self.auth_refresh_settle_ms,
            retry_pause_ms: self.auth_retry_pause_ms,
            lease_slack_ms: LEASE_SLACK_MS,
        }
    }
}

/// A public base address: http or https, no path, query or user; returned without a trailing slash.
///
/// # Errors
/// What is wrong with it, naming the option.
pub fn public_url(option: &str, text: &str) -> anyhow::Result<String> {
    let url =
        Url::parse(text).with_context(|| format!("{option} is not a URL; write https://host"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "{option} must begin with https:// (or http:// for a trial)"
    );
    ensure!(url.host().is_some(), "{option} has no host");
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    ensure!(
        bare && url.username().is_empty() && url.password().is_none(),
        "{option} must be scheme and host only"
    );
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Options, public_url};
    use clap::{CommandFactory as _, Parser};

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        config: chassis::Config<Options>,
    }

    #[test]
    fn the_command_line_holds_together() {
        Program::command().debug_assert();
        let parsed = Program::try_parse_from([
            "x",
            "--auth-public-url=https://auth.example",
            "--salesforce-consumer-key=key",
            "--salesforce-consumer-secret=hunter2",
            "--seal-keys=k:hunter2",
        ]);
        let config = parsed.expect("nothing else is required").config;
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_public_address_is_scheme_and_host() {
        assert_eq!(
            public_url("X", "https://a.example/").expect("fine"),
            "https://a.example"
        );
        assert_eq!(
            public_url("X", "http://127.0.0.1:8081").expect("fine"),
            "http://127.0.0.1:8081"
        );
        for bad in [
            "a.example",
            "ftp://a.example",
            "https://a.example/x",
            "https://u@a.example",
            "https://a.example/?q",
        ] {
            let error = public_url("AUTH_PUBLIC_URL", bad)
                .expect_err(bad)
                .to_string();
            assert!(error.starts_with("AUTH_PUBLIC_URL"), "{error}");
        }
    }
}
