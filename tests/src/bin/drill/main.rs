//! Drills: the whole product under load while parts of it are taken away, and afterwards a count of what each meeting left
//! in the org. Nothing may be missing and nothing may be there twice. Needs the simulator, whose write log is the proof.

mod cluster;
mod count;
mod faults;
mod upstream;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    about = "Takes parts of the product away under load and counts what is lost or doubled",
    version
)]
struct Cli {
    #[command(subcommand)]
    drill: Drill,
}

#[derive(Subcommand)]
enum Drill {
    /// Three NATS servers: each killed, cut off, all restarted; then every service restarted in turn
    Cluster(cluster::Options),
    /// Everything killed, cut, slowed, reset and refused at random, against the same meetings in peace
    Faults(faults::Options),
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
    let held = runtime.block_on(async {
        match cli.drill {
            Drill::Cluster(options) => cluster::hold(&options).await,
            Drill::Faults(options) => faults::hold(&options).await,
        }
    });
    match held {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
