//! One command per file: ask, show, answer with an exit code.

mod access;
mod alike;
mod audit;
mod backfill;
mod connect;
mod document;
mod domains;
mod drift;
mod formula;
mod login;
mod mapping;
mod matching;
mod meetings;
mod owners;
mod progress;
mod quarantine;
mod queue;
mod refusals;
mod status;
mod sync;
mod undo;
mod verify;
mod why;

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;
use clap::CommandFactory as _;
use serde_json::{Value, json};

use crate::api::{Answer, Api};
use crate::arguments::{Arguments, Command, OnOff};
use crate::{exit, saved};

/// Where results go.
pub(crate) struct Out {
    json: bool,
}

impl Out {
    /// The answer itself with `--json`, else what `human` makes of it.
    fn answer(
        &self,
        answer: &Answer,
        human: impl FnOnce(&Value) -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        if self.json {
            return line(&answer.text);
        }
        line(&human(&answer.read()?)?)
    }
}

/// One line, or several, on standard output.
fn line(text: &str) -> anyhow::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match writeln!(std::io::stdout().lock(), "{text}") {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// The items of a list.
fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map_or(&[], Vec::as_slice)
}

/// A table, and how to see the next page.
fn page(answer: &Value, table: String) -> String {
    match answer["next_page_token"].as_str() {
        Some(token) => format!(
            "{table}\nmore with --page-token {}",
            crate::show::plain(token)
        ),
        None => table,
    }
}

/// Does what the command line says.
pub(crate) async fn run(mut arguments: Arguments) -> anyhow::Result<u8> {
    let out = Out {
        json: arguments.json,
    };
    let asks = !matches!(
        arguments.command,
        Command::Formula(_) | Command::Completions { .. } | Command::Man
    );
    if asks {
        saved::complete(&mut arguments.target)?;
    }
    let api = || Api::new(&arguments.target);
    match arguments.command {
        Command::Status => status::run(&api()?, &out).await,
        Command::Connect(connect) => connect::run(&api()?, &out, &connect).await,
        Command::Disconnect => connect::disconnect(&api()?, &out).await,
        Command::Access(wish) => access::run(&api()?, &out, wish).await,
        Command::Missed(wish) => access::missed(&api()?, &out, wish).await,
        Command::Sync(sync) => sync::run(&api()?, &out, sync).await,
        Command::Drift(drift) => drift::run(&api()?, &out, drift).await,
        Command::Mapping(mapping) => mapping::run(&api()?, &out, mapping).await,
        Command::Permissions(wish) => document::run(&api()?, &out, "permissions", wish).await,
        Command::Stages(wish) => document::run(&api()?, &out, "stage-controls", wish).await,
        Command::Owners(owners) => owners::run(&api()?, &out, owners).await,
        Command::Pipelines => owners::pipelines(&api()?, &out).await,
        Command::Domains(domains) => domains::run(&api()?, &out, domains).await,
        Command::Phrases(phrases) => matching::phrases(&api()?, &out, phrases).await,
        Command::Moves(moves) => matching::moves(&api()?, &out, moves).await,
        Command::Matching(wish) => matching::matching(&api()?, &out, wish).await,
        Command::Queue(queue) => queue::run(&api()?, &out, queue).await,
        Command::Refusals(wish) => refusals::run(&api()?, &out, wish).await,
        Command::Backfill(wish) => backfill::run(&api()?, &out, wish).await,
        Command::Why(why) => why::run(&api()?, &out, why).await,
        Command::Undo(undo) => undo::run(&api()?, &out, undo).await,
        Command::Meetings(meetings) => meetings::run(&api()?, &out, meetings).await,
        Command::Verify(verify) => verify::run(&api()?, &out, verify).await,
        Command::Live { state } => {
            let live = state == OnOff::On;
            let answer = api()?.put(&["live"], json!({ "live": live })).await?;
            out.answer(&answer, |_| {
                Ok(if live { "live" } else { "not live" }.to_owned())
            })?;
            Ok(exit::DONE)
        }
        Command::Audit(audit) => audit::run(&api()?, &out, audit).await,
        Command::Quarantine(quarantine) => quarantine::run(&api()?, &out, quarantine).await,
        Command::Login => login::login(&out, arguments.target.clone()).await,
        Command::Logout => login::logout(&arguments.target),
        Command::Keys(wish) => login::keys(&api()?, &out, wish).await,
        Command::Formula(wish) => formula::run(&wish),
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .context("the manual page cannot be written")?;
            line(&String::from_utf8_lossy(&page))?;
            Ok(exit::DONE)
        }
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            // Into memory first: the generator panics when a pipe closes.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "ergoctl", &mut script);
            line(&String::from_utf8_lossy(&script))?;
            Ok(exit::DONE)
        }
    }
}
