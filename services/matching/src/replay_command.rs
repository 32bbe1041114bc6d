//! `ergo-matching replay`: announces decisions again, for a broker that lost its streams.
//!
//! Everything announced is in Postgres, so a lost stream is derived again: decisions go through the outbox as when they
//! were made, and a running service publishes them. Whoever knows a decision already changes nothing, so too much is
//! harmless and the moment may be chosen generously.

use std::process::ExitCode;

use anyhow::Context as _;
use chassis::{Cause, Db};
use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};
use events::WorkspaceId;
use events::matching::v1::{Decision, MatchDecided};
use events::meeting::v1::MeetingProcessed;
use prost::Message;
use secrecy::SecretString;

use crate::store::replay::{self, Announced};

const EXIT_FAILURE: u8 = 1;
const EXIT_USAGE: u8 = 64;
/// Decisions announced in one transaction.
const BATCH_DECISIONS_MAX: i64 = 64;

#[derive(Parser)]
#[command(
    name = "ergo-matching",
    about = "Announce decisions again after streams were lost"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Announce the newest decision of every meeting decided since a moment; what is known already changes nothing
    Replay(Options),
}

#[derive(clap::Args)]
struct Options {
    /// Decisions made since then, as 2026-11-24T09:00:00Z
    #[arg(long)]
    since: DateTime<Utc>,

    /// Postgres, as postgres://user:password@host:port/database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
}

/// Whether the command line asks for this verb, which is matching's own beside those all services have.
#[must_use]
pub fn wanted() -> bool {
    std::env::args().nth(1).as_deref() == Some("replay")
}

/// Runs the verb.
#[must_use]
pub fn run() -> ExitCode {
    let options = match Cli::try_parse() {
        Ok(Cli {
            verb: Verb::Replay(options),
        }) => options,
        Err(error) => {
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { 0 });
        }
    };
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(execute(&options)));
    match outcome {
        Ok(count) => {
            println!("{count} decisions are announced again");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ergo-matching replay: {error:#}");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

async fn execute(options: &Options) -> anyhow::Result<usize> {
    let db = Db::connect(&options.database_url, "matching").await?;
    announce(&db, options.since).await
}

/// Puts the newest decision of every meeting decided since a moment into the outbox; answers how many there were.
///
/// # Errors
/// When Postgres fails or a stored decision cannot be read; batches done stay done.
pub async fn announce(db: &Db, since: DateTime<Utc>) -> anyhow::Result<usize> {
    // A lost stream held the work of every workspace.
    let all = db.all_workspaces();
    let mut after = (String::new(), String::new());
    let mut count = 0;
    loop {
        let page = replay::page(&all, since, &after, BATCH_DECISIONS_MAX).await?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = (last.workspace.clone(), last.meeting_id.clone());
        count += page.len();
        let mut unit = all.begin().await?;
        for announced in &page {
            let (workspace, event) = read(announced)
                .with_context(|| format!("the decision of meeting {}", announced.meeting_id))?;
            let cause = Cause::restored(announced.traceparent.clone(), None);
            unit.emit(&workspace, &event, &cause);
        }
        unit.commit().await?;
    }
}

fn read(announced: &Announced) -> anyhow::Result<(WorkspaceId, MatchDecided)> {
    let event = MatchDecided {
        decision: Some(Decision::decode(announced.decision.as_slice())?),
        meeting: Some(MeetingProcessed::decode(announced.meeting.as_slice())?),
    };
    Ok((announced.workspace.parse()?, event))
}
