//! The process: verbs, exit codes, signals.
//!
//! `serve` runs, `migrate` prepares database and broker, `check` says whether `serve` could start. Exit codes: 0 ended
//! as asked, 1 could not start or a part failed, 64 wrong usage (as in sysexits).

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    bus::{self, Bus},
    config::{Config, Options},
    service::Service,
    start::{connect_database, install_crypto, patiently, start},
    telemetry::Telemetry,
};

const EXIT_FAILURE: u8 = 1;
const EXIT_USAGE: u8 = 64;

#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli<O: clap::Args> {
    #[command(subcommand)]
    verb: Verb<O>,
}

#[derive(Subcommand)]
enum Verb<O: clap::Args> {
    /// Run the service
    Serve(Box<Config<O>>),
    /// Create or update the schema, its role, the streams and this service's consumers
    Migrate(Box<Options>),
    /// Say whether the service could start here, and change nothing
    Check(Box<Config<O>>),
}

/// The whole `main` of a service.
#[must_use]
pub fn boot<S: Service>() -> ExitCode {
    let command = Cli::<S::Options>::command().name(S::NAME);
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Cli::<S::Options>::from_arg_matches(&matches));
    let verb = match parsed {
        Ok(cli) => cli.verb,
        Err(error) => {
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{}: no runtime: {error}", S::NAME);
            return ExitCode::from(EXIT_FAILURE);
        }
    };
    match runtime.block_on(run::<S>(verb)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Telemetry may not exist yet, and a person reads this first.
            eprintln!("{}: {error:#}", S::NAME);
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

async fn run<S: Service>(verb: Verb<S::Options>) -> anyhow::Result<()> {
    install_crypto();
    let options = match &verb {
        Verb::Serve(config) | Verb::Check(config) => &config.chassis,
        Verb::Migrate(options) => options,
    };
    let telemetry = Telemetry::install(options, S::NAME)?;
    let result = match verb {
        Verb::Serve(config) => serve::<S>(*config).await,
        Verb::Migrate(options) => crate::migrate::<S>(&options).await,
        Verb::Check(config) => check::<S>(&config.chassis).await,
    };
    telemetry.shutdown().await;
    result
}

async fn serve<S: Service>(config: Config<S::Options>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let mut running = tokio::select! {
        started = start::<S>(config) => started?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let failure = tokio::select! {
        error = running.failed() => Some(error),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    if let Some(error) = &failure {
        tracing::error!(error = format!("{error:#}"), "a part failed, stopping");
    }
    // A second signal means: now.
    let stopped = tokio::select! {
        stopped = running.shutdown() => stopped,
        _ = terminate.recv() => Err(anyhow::anyhow!("stopped at once by a second signal")),
        _ = interrupt.recv() => Err(anyhow::anyhow!("stopped at once by a second signal")),
    };
    match failure {
        Some(error) => Err(error),
        None => stopped,
    }
}

/// Everything `serve` would find out before it serves.
async fn check<S: Service>(options: &Options) -> anyhow::Result<()> {
    if let Some(store) = S::STORE {
        connect_database(&store, options, S::NAME).await?;
    }
    let bus = patiently(options, "nats", || Bus::connect(options, S::NAME)).await?;
    bus::check(&bus, options, &S::consumers()).await?;
    tracing::info!(service = S::NAME, "could start");
    Ok(())
}
