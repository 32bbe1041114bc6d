//! What may be told to the story.

use testkit::org::OrgChoice;

/// Where the story takes place; by default in a simulated org.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The org.
    #[command(flatten)]
    pub(crate) org: OrgChoice,

    /// Where spans are sent; otherwise the story collects them itself
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,

    /// Fail when a sample meeting ends otherwise than its file expects
    #[arg(long, env = "STORY_STRICT", default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) strict: bool,
}
