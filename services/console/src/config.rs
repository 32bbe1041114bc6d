//! Console's own options; their doc comments are the help text.

use std::num::NonZeroU32;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};

/// This service's own options.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Where browsers reach the console, as https://console.example.com; without it, http on HTTP_ADDR
    #[arg(long, env = "CONSOLE_PUBLIC_URL")]
    pub console_public_url: Option<String>,

    /// E-mail address of the first super-admin, created at start when there is no such user
    #[arg(
        long,
        env = "CONSOLE_BOOTSTRAP_EMAIL",
        requires = "console_bootstrap_password_file"
    )]
    pub console_bootstrap_email: Option<String>,

    /// File with the first super-admin's password; changes nothing once the user exists
    #[arg(
        long,
        env = "CONSOLE_BOOTSTRAP_PASSWORD_FILE",
        requires = "console_bootstrap_email"
    )]
    pub console_bootstrap_password_file: Option<PathBuf>,

    /// Workspace the first super-admin becomes a member of, so that it is listed before it is connected
    #[arg(long, env = "CONSOLE_BOOTSTRAP_WORKSPACE")]
    pub console_bootstrap_workspace: Option<String>,

    /// File with an API token for automation, as ergo_<id>_<secret>; it may do everything, and only its hash is kept
    #[arg(long, env = "CONSOLE_BOOTSTRAP_API_TOKEN_FILE")]
    pub console_bootstrap_api_token_file: Option<PathBuf>,

    /// Signing in through an identity provider
    #[command(flatten)]
    pub single_sign_on: crate::SingleSignOnOptions,

    /// Requests one caller of the API may make in a minute, all of them at once if need be; 3000 when not set
    #[arg(long, env = "CONSOLE_CALLER_REQUESTS_PER_MINUTE")]
    pub console_caller_requests_per_minute: Option<NonZeroU32>,

    /// Header in which a trusted proxy puts the browser's address, as x-real-ip; without it, the peer's address counts
    #[arg(long, env = "CONSOLE_CLIENT_ADDRESS_HEADER")]
    pub console_client_address_header: Option<String>,
}

/// Where browsers reach the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// Scheme, host and port, without a trailing slash: also the value of `Origin` on our own requests.
    pub(crate) origin: String,
    /// Whether cookies travel on https only.
    pub(crate) secure: bool,
}

impl PublicUrl {
    /// Reads `CONSOLE_PUBLIC_URL`.
    ///
    /// # Errors
    /// When it is no origin: the console lives at the root of its host.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let url = url::Url::parse(text)
            .with_context(|| format!("CONSOLE_PUBLIC_URL {text:?} is not a URL"))?;
        ensure!(
            matches!(url.scheme(), "http" | "https"),
            "CONSOLE_PUBLIC_URL must begin with https:// (or http:// on this machine)"
        );
        ensure!(
            url.path() == "/" && url.query().is_none() && url.username().is_empty(),
            "CONSOLE_PUBLIC_URL must be scheme, host and port only, as https://console.example.com"
        );
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            secure: url.scheme() == "https",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        _options: Options,
    }

    #[test]
    fn the_options_are_a_command_line() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let good = PublicUrl::parse("https://console.example.com/").expect("is an origin");
        assert_eq!(
            (good.origin.as_str(), good.secure),
            ("https://console.example.com", true)
        );
        for bad in [
            "console.example.com",
            "ftp://x",
            "https://x/console",
            "https://u@x/",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
