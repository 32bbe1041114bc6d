//! Which org to use, as a person says it on the command line or in the environment.

use super::Target;
use anyhow::Context;
use url::Url;

/// An org that exists already, or none.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Salesforce")]
pub struct OrgChoice {
    /// Login address of an org that exists; https, or http on this machine. Without it a simulated org is started
    #[arg(long, env = "SALESFORCE_URL")]
    pub salesforce_url: Option<Url>,

    /// Consumer key of a connected app in that org whose callback is http://127.0.0.1:<AUTH_PORT>/oauth/callback
    #[arg(long, env = "SALESFORCE_CONSUMER_KEY", default_value = "")]
    pub salesforce_consumer_key: String,

    /// Its secret
    #[arg(
        long,
        env = "SALESFORCE_CONSUMER_SECRET",
        default_value = "",
        hide_env_values = true
    )]
    pub salesforce_consumer_secret: String,

    /// API version, as v67.0
    #[arg(long, env = "SALESFORCE_API_VERSION", default_value = "v67.0")]
    pub salesforce_api_version: String,

    /// Who logs in; without it a person is asked to open the address
    #[arg(long, env = "SALESFORCE_USERNAME", default_value = "")]
    pub salesforce_username: String,

    /// Their password
    #[arg(
        long,
        env = "SALESFORCE_PASSWORD",
        default_value = "",
        hide_env_values = true
    )]
    pub salesforce_password: String,

    /// Port of the auth service, which the connected app's callback names; 8081 with SALESFORCE_URL, else any free one
    #[arg(long, env = "AUTH_PORT")]
    pub auth_port: Option<u16>,
}

/// Port of the auth service when an org of one's own is named: a callback has to be registered beforehand.
const AUTH_PORT: u16 = 8081;

impl OrgChoice {
    /// The org named, if one is.
    ///
    /// # Errors
    /// When its address is unsafe to log in to or its app is not named.
    pub fn target(&self) -> anyhow::Result<Option<Target>> {
        let Some(url) = self.salesforce_url.clone() else {
            return Ok(None);
        };
        let version = &self.salesforce_api_version;
        let target = Target {
            url,
            consumer_key: self.salesforce_consumer_key.clone(),
            consumer_secret: self.salesforce_consumer_secret.clone(),
            api_version: format!("v{}", version.trim_start_matches('v')),
            username: self.salesforce_username.clone(),
            password: self.salesforce_password.clone(),
        };
        target.check()?;
        let key = Some(&target.consumer_key).filter(|key| !key.is_empty());
        key.context("SALESFORCE_URL needs SALESFORCE_CONSUMER_KEY of a connected app in that org")?;
        Ok(Some(target))
    }

    /// Port of the auth service; 0 lets the system choose.
    #[must_use]
    pub fn auth_port(&self) -> u16 {
        let named = if self.salesforce_url.is_some() {
            AUTH_PORT
        } else {
            0
        };
        self.auth_port.unwrap_or(named)
    }
}
