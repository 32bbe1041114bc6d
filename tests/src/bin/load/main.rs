//! The figures `make bench` prints: how fast meetings go through the whole product, at what price in Salesforce calls, and
//! what each service needs. Everything is seeded and measured by ordinary REST and the bus, so that it runs against any
//! org; only the run with added latency needs the simulator.

mod disk;
mod first_load;
mod queued;
mod report;
mod run;
mod watch;

use clap::Parser;
use std::process::ExitCode;
use testkit::org::OrgChoice;

/// What may be told to the load driver.
#[derive(Debug, Clone, Parser)]
#[command(about = "Measures the product from publication to Salesforce", version)]
pub(crate) struct Options {
    /// The org.
    #[command(flatten)]
    org: OrgChoice,

    /// Meetings published at once; each has one field to update and one task to create
    #[arg(long, env = "BENCH_MEETINGS", default_value_t = 3_000)]
    meetings: usize,

    /// Meetings published one after another on an idle system
    #[arg(long, env = "BENCH_SINGLE_MEETINGS", default_value_t = 200)]
    single_meetings: usize,

    /// Accounts seeded, each with a contact, an opportunity and a contact role; fewer than meetings makes them compete
    #[arg(long, env = "BENCH_ACCOUNTS", default_value_t = 3_000)]
    accounts: usize,

    /// Latency added to every Salesforce call in the second bulk run, in milliseconds; simulator only
    #[arg(long, env = "BENCH_LATENCY_MS", default_value_t = 80)]
    latency_ms: u64,

    /// Changes that queue before they are written, to see what the executor needs; a fifth of it against the slow org; 0
    /// leaves that out
    #[arg(long, env = "BENCH_QUEUED_CHANGES", default_value_t = 100_000)]
    queued_changes: usize,

    /// Contacts of the org whose first load is measured; 0 leaves that out; simulator only
    #[arg(long, env = "BENCH_FIRST_LOAD_CONTACTS", default_value_t = 1_000_000)]
    first_load_contacts: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run::run(&options)) {
        Ok(figures) => {
            println!("\n{}", figures.render());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
