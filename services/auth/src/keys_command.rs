//! `ergo-auth keys`: making, checking and rotating the keys that seal the tokens.
//!
//! Rotation: put a new line first in the key file, restart auth (it now seals with the new key and opens with both), run
//! `keys rotate`, and when it reports no rows under the old key, remove the old line. Services run all the while.

use std::process::ExitCode;

use anyhow::Context as _;
use chassis::{Db, Scope};
use clap::{Parser, Subcommand};
use secrecy::SecretString;

use crate::seal::{self, Ring, generate_line};
use crate::store;

const EXIT_FAILURE: u8 = 1;
const EXIT_USAGE: u8 = 64;

#[derive(Parser)]
#[command(
    name = "ergo-auth",
    about = "Make, check and rotate the keys that seal the tokens"
)]
struct Cli {
    #[command(subcommand)]
    group: Group,
}

#[derive(Subcommand)]
enum Group {
    /// Make, check and rotate the keys that seal the tokens
    #[command(subcommand)]
    Keys(Verb),
}

#[derive(Subcommand)]
enum Verb {
    /// Print a line with a new random key, for the key file
    Generate {
        /// The key's id, for example the month it was made: 2026-11
        id: String,
    },
    /// Check that the keys open what is stored, and count rows per key
    Verify(Target),
    /// Wrap every stored secret's data key under the first key of the file
    Rotate(Target),
}

#[derive(clap::Args)]
struct Target {
    /// Postgres, as postgres://user:password@host:port/database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: SecretString,
    #[command(flatten)]
    seal: seal::Options,
}

/// Whether the command line asks for this verb, which is auth's own beside those all services have.
#[must_use]
pub fn wanted() -> bool {
    std::env::args().nth(1).as_deref() == Some("keys")
}

/// Runs the verb.
#[must_use]
pub fn run() -> ExitCode {
    let verb = match Cli::try_parse() {
        Ok(Cli {
            group: Group::Keys(verb),
        }) => verb,
        Err(error) => {
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { 0 });
        }
    };
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(execute(verb)));
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("ergo-auth keys: {error:#}");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

async fn execute(verb: Verb) -> anyhow::Result<String> {
    match verb {
        Verb::Generate { id } => {
            let line = generate_line(&id);
            Ring::parse(&line).context("this id cannot be used")?;
            Ok(format!("{}\n", *line))
        }
        Verb::Verify(target) => {
            let (scope, ring) = open(&target).await?;
            store::keys::verify(&scope, &ring).await?;
            report(&scope, "keys open what is stored").await
        }
        Verb::Rotate(target) => {
            let (scope, ring) = open(&target).await?;
            store::keys::verify(&scope, &ring).await?;
            let rows = rotate(&scope, &ring).await?;
            report(
                &scope,
                &format!("{rows} rows wrapped again under {}", ring.current_id()),
            )
            .await
        }
    }
}

/// Wraps everything under the current key; returns how many rows there were.
///
/// # Errors
/// When a row does not open or Postgres refuses; rows done stay done.
pub async fn rotate(scope: &Scope, ring: &Ring) -> anyhow::Result<usize> {
    let mut db = scope.acquire().await?;
    let mut rows = 0;
    loop {
        let done = store::keys::rewrap_some(&mut db, ring).await?;
        if done == 0 {
            store::keys::forget_retired(&mut db, ring).await?;
            return Ok(rows);
        }
        rows += done;
    }
}

async fn open(target: &Target) -> anyhow::Result<(Scope, Ring)> {
    let ring = Ring::load(&target.seal)?;
    let db = Db::connect(&target.database_url, "auth").await?;
    // Keys belong to the installation: rows of every workspace are wrapped again.
    Ok((db.all_workspaces(), ring))
}

async fn report(scope: &Scope, headline: &str) -> anyhow::Result<String> {
    let mut db = scope.acquire().await?;
    let mut text = format!("{headline}\n");
    for (kek_id, rows) in store::keys::usage(&mut db).await? {
        text.push_str(&format!("{kek_id}: {rows} rows\n"));
    }
    Ok(text)
}
