//! The operator's command line, on the console's API.
//!
//! Results go to standard output, as tables for people or with `--json` as the API answered them; everything else goes to
//! standard error. Exit codes are in [`exit`].

mod api;
mod arguments;
mod command;
mod exit;
mod saved;
mod show;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is all that can go wrong, and then nobody reads what would be said about it.
            let _ = error.print();
            return if error.use_stderr() {
                exit::USAGE.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    // One TLS implementation for the process; a second call would change nothing.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(command::run(arguments)),
        Err(error) => Err(anyhow::Error::new(error).context("the runtime cannot be started")),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("error: {}", show::plain(&format!("{error:#}")));
            exit::of(&error).into()
        }
    }
}
