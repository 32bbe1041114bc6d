//! The story `make demo` tells: from nothing to sample meetings written to Salesforce, each with its reasons.
//!
//! Everything it does to an org it does by ordinary REST and through the product, so that it runs against any org;
//! `SALESFORCE_URL` names one.

mod background;
mod chapters;
mod options;
mod table;
mod tale;
mod tell;
mod trace;
mod verdict;

use clap::{Parser, Subcommand};
use options::Options;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    about = "Runs the product on sample meetings and shows what became of each",
    version
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Tell the story and stop everything
    Demo(Options),
    /// Tell the story and leave everything running in the background
    Up(Options),
    /// Run one meeting and print its spans as a tree
    Trace(Options),
    /// Stop what `up` left running
    Down,
    /// What `up` leaves in the background
    #[command(hide = true)]
    Hold(Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
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
    let told = runtime.block_on(async {
        match cli.verb {
            Verb::Demo(options) => tell::demo(&options).await,
            Verb::Trace(options) => trace::print(&options).await,
            Verb::Up(options) => background::up(&options),
            Verb::Down => background::down(),
            Verb::Hold(options) => background::hold(&options).await,
        }
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
