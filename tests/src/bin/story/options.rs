//! What may be told to the story.

use anyhow::Context;
use testkit::org::Target;
use url::Url;

/// Where the story takes place; by default in a simulated org.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Login address of an org that exists; https, or http on this machine. Without it a simulated org is started
    #[arg(long, env = "SALESFORCE_URL")]
    pub(crate) salesforce_url: Option<Url>,

    /// Consumer key of a connected app in that org whose callback is this story's auth service
    #[arg(long, env = "SALESFORCE_CONSUMER_KEY", default_value = "")]
    pub(crate) salesforce_consumer_key: String,

    /// Its secret
    #[arg(
        long,
        env = "SALESFORCE_CONSUMER_SECRET",
        default_value = "",
        hide_env_values = true
    )]
    pub(crate) salesforce_consumer_secret: String,

    /// API version, as v67.0
    #[arg(long, env = "SALESFORCE_API_VERSION", default_value = "v67.0")]
    pub(crate) salesforce_api_version: String,

    /// Who logs in; without it a person is asked to open the address
    #[arg(long, env = "SALESFORCE_USERNAME", default_value = "")]
    pub(crate) salesforce_username: String,

    /// Their password
    #[arg(
        long,
        env = "SALESFORCE_PASSWORD",
        default_value = "",
        hide_env_values = true
    )]
    pub(crate) salesforce_password: String,

    /// Port of the auth service, which the connected app's callback names; 0 lets the system choose
    #[arg(long, env = "AUTH_PORT", default_value_t = 0)]
    pub(crate) auth_port: u16,

    /// Where spans are sent; otherwise the story collects them itself
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,

    /// Fail when a sample meeting ends otherwise than its file expects
    #[arg(long, env = "STORY_STRICT", default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) strict: bool,
}

impl Options {
    /// The org named, if one is.
    pub(crate) fn org(&self) -> anyhow::Result<Option<Target>> {
        let Some(url) = self.salesforce_url.clone() else {
            return Ok(None);
        };
        let target = Target {
            url,
            consumer_key: self.salesforce_consumer_key.clone(),
            consumer_secret: self.salesforce_consumer_secret.clone(),
            api_version: self.salesforce_api_version.clone(),
            username: self.salesforce_username.clone(),
            password: self.salesforce_password.clone(),
        };
        target.check()?;
        let key = Some(&target.consumer_key).filter(|key| !key.is_empty());
        key.context("SALESFORCE_URL needs SALESFORCE_CONSUMER_KEY of a connected app in that org")?;
        Ok(Some(target))
    }
}
