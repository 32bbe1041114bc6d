//! A Salesforce org as the harness sees it: where it is, who logs in, and its records over the ordinary REST API.
//! Works on the simulator and on any other host that speaks Salesforce's API.

mod choice;
mod consent;
mod crowd;
mod page;
mod records;
mod rest;

pub use choice::OrgChoice;
pub use consent::{Arrival, Consent};
pub use crowd::{contact_email, prepare_crowd};
pub use records::{Records, Sample};
pub use rest::{Rest, RestError, quoted};

use anyhow::ensure;
use url::{Host, Url};

/// An org, and how to get in.
#[derive(Clone)]
pub struct Target {
    /// Login address; http for loopback only.
    pub url: Url,
    /// Consumer key of the connected app.
    pub consumer_key: String,
    /// Its secret.
    pub consumer_secret: String,
    /// As `v67.0`.
    pub api_version: String,
    /// Who logs in, when the page is to be driven.
    pub username: String,
    /// Their password.
    pub password: String,
}

impl Target {
    /// Host and, unless it is the scheme's own, port: as an allow-list names it.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Refuses addresses a password must not be sent to.
    ///
    /// # Errors
    /// When the address is neither https nor on this machine.
    pub fn check(&self) -> anyhow::Result<()> {
        let loopback = match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        ensure!(
            self.url.scheme() == "https" || (self.url.scheme() == "http" && loopback),
            "SALESFORCE_URL must be https; http is for this machine only"
        );
        Ok(())
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("url", &self.url.as_str())
            .field("api_version", &self.api_version)
            .finish_non_exhaustive()
    }
}
