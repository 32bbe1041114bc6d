//! The process: verbs, exit codes, signals.
//!
//! `serve` runs, `migrate` prepares database and broker, `check` says whether `serve` could start, `erase-workspace` forgets
//! one workspace. Exit codes: 0 ended
//! as asked, 1 could not start or a part failed, 64 wrong usage (as in sysexits).

use std::{ffi::OsString, process::ExitCode};

use anyhow::Context as _;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use events::WorkspaceId;
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
    /// Erase everything this service keeps of one workspace, and print what that was
    EraseWorkspace(Box<Erasure>),
}

/// What is erased, and where.
#[derive(clap::Args)]
struct Erasure {
    #[command(flatten)]
    chassis: Options,

    /// The workspace, disconnected before; what is erased is gone
    #[arg(long)]
    workspace: WorkspaceId,
}

/// The whole `main` of a service.
#[must_use]
pub fn boot<S: Service>() -> ExitCode {
    let verb = match parse::<S>(std::env::args_os()) {
        Ok(verb) => verb,
        Err(error) => {
            error.print().ok();
            return ExitCode::from(exit_code(&error));
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

fn parse<S: Service>(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Verb<S::Options>, clap::Error> {
    let matches = Cli::<S::Options>::command()
        .name(S::NAME)
        .try_get_matches_from(arguments)?;
    Ok(Cli::<S::Options>::from_arg_matches(&matches)?.verb)
}

/// Help and version were asked for; everything else is a wrong call.
fn exit_code(error: &clap::Error) -> u8 {
    if error.use_stderr() { EXIT_USAGE } else { 0 }
}

async fn run<S: Service>(verb: Verb<S::Options>) -> anyhow::Result<()> {
    install_crypto();
    let options = match &verb {
        Verb::Serve(config) | Verb::Check(config) => &config.chassis,
        Verb::Migrate(options) => options,
        Verb::EraseWorkspace(erasure) => &erasure.chassis,
    };
    let telemetry = Telemetry::install(options, S::NAME)?;
    let result = match verb {
        Verb::Serve(config) => serve::<S>(*config).await,
        Verb::Migrate(options) => crate::migrate::<S>(&options).await,
        Verb::Check(config) => check::<S>(&config.chassis).await,
        Verb::EraseWorkspace(erasure) => erase::<S>(&erasure).await,
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

/// Erases a workspace and prints the report: one line per table, with how many rows went.
async fn erase<S: Service>(erasure: &Erasure) -> anyhow::Result<()> {
    let Some(store) = S::STORE else {
        println!("{} keeps nothing", S::NAME);
        return Ok(());
    };
    let database = connect_database(&store, &erasure.chassis, S::NAME).await?;
    let erased = database.db.erase_workspace(&erasure.workspace).await?;
    for table in &erased {
        println!("{}.{}: {} rows", store.schema, table.table, table.rows);
    }
    let rows: u64 = erased.iter().map(|table| table.rows).sum();
    tracing::info!(workspace.id = %erasure.workspace, rows, "a workspace was erased");
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConsumerSpec, Rig, Store};

    struct Demo;

    #[derive(Clone, Debug, clap::Args)]
    struct DemoOptions {
        /// How far back to look, in days
        #[arg(long, default_value_t = 7)]
        lookback_days: u32,
    }

    impl Service for Demo {
        const NAME: &'static str = "demo";
        const STORE: Option<Store> = None;
        type Options = DemoOptions;

        fn consumers() -> Vec<ConsumerSpec> {
            Vec::new()
        }

        async fn build(_: DemoOptions, _: &mut Rig) -> anyhow::Result<()> {
            Ok(())
        }
    }

    fn parsed(line: &str) -> Result<Verb<DemoOptions>, u8> {
        parse::<Demo>(line.split(' ').map(OsString::from)).map_err(|error| exit_code(&error))
    }

    #[test]
    fn usage_errors_are_64_and_help_is_not_an_error() {
        for (line, expected) in [
            ("demo", EXIT_USAGE),
            ("demo dance", EXIT_USAGE),
            ("demo serve --unknown", EXIT_USAGE),
            ("demo serve --shutdown-timeout-s soon", EXIT_USAGE),
            ("demo serve --nats-user u", EXIT_USAGE),
            ("demo --help", 0),
            ("demo serve --help", 0),
            ("demo erase-workspace", EXIT_USAGE),
            ("demo erase-workspace --workspace a.b", EXIT_USAGE),
            ("demo --version", 0),
        ] {
            assert_eq!(parsed(line).err(), Some(expected), "{line}");
        }
    }

    #[test]
    fn a_verb_takes_shared_and_own_options() {
        let verb = parsed("demo serve --lookback-days 3 --nats-url nats://n:1");
        let Ok(Verb::Serve(config)) = verb else {
            panic!("not serve");
        };
        assert_eq!(config.service.lookback_days, 3);
        assert_eq!(config.chassis.nats_url, "nats://n:1");
    }

    #[test]
    fn migrate_needs_none_of_the_services_own_options() {
        assert!(parsed("demo migrate --lookback-days 3").is_err());
        assert!(matches!(parsed("demo migrate"), Ok(Verb::Migrate(_))));
    }
}
