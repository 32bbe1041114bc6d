//! Who or what changed which setting or decision.

use clap::Subcommand;

/// The audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Newest first
    List {
        /// Only this action, as permission.set, or those that begin so, as backfill.
        #[arg(long, default_value = "")]
        action: String,
        /// Part of who did it
        #[arg(long, default_value = "")]
        actor: String,
        /// Part of what it was done to
        #[arg(long, default_value = "")]
        subject: String,
        /// From this moment on, as 2026-03-02T10:00:00Z
        #[arg(long)]
        since: Option<String>,
        /// Before this moment
        #[arg(long)]
        until: Option<String>,
        /// Entries on a page, at most 100
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
        page_size: Option<u32>,
        /// Where to go on, as the previous list said
        #[arg(long)]
        page_token: Option<String>,
    },
}
