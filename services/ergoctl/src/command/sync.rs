//! `ergoctl sync`.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Out, items};
use crate::api::{Answer, Api};
use crate::arguments::{Sync, word};
use crate::exit;
use crate::show::table;

/// Pause between two looks at a run, in milliseconds.
const LOOK_MS: u64 = 500;

const COLUMNS: [(&str, &str); 6] = [
    ("RUN", "/id"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("ITEMS", "/items"),
    ("CALLS", "/api_calls"),
    ("ERROR", "/error"),
];

pub(super) async fn run(api: &Api, out: &Out, sync: Sync) -> anyhow::Result<u8> {
    match sync {
        Sync::List => {
            let answer = api.get(&["sync"], &[]).await?;
            out.answer(&answer, |runs| Ok(table(items(runs), &COLUMNS)))?;
            Ok(exit::DONE)
        }
        Sync::Start { kind, wait } => {
            let started = api.post(&["sync"], json!({"kind": word(kind)})).await?;
            let ended = match wait {
                None => started,
                Some(limit_s) => until_ended(api, started, Duration::from_secs(limit_s)).await?,
            };
            out.answer(&ended, |run| Ok(table(std::slice::from_ref(run), &COLUMNS)))?;
            let run: Value = ended.read()?;
            Ok(if run["state"] == "failed" {
                exit::NO
            } else {
                exit::DONE
            })
        }
    }
}

async fn until_ended(api: &Api, started: Answer, limit: Duration) -> anyhow::Result<Answer> {
    let run: Value = started.read()?;
    let deadline = Instant::now() + limit;
    let progress = Progress::begin("waits for its turn");
    loop {
        let runs: Value = api
            .get(&["sync"], &[("page_size", "200".to_owned())])
            .await?
            .read()?;
        let found = items(&runs).iter().find(|found| found["id"] == run["id"]);
        if let Some(found) = found
            && matches!(found["state"].as_str(), Some("done" | "failed"))
        {
            return Ok(Answer {
                text: found.to_string(),
            });
        }
        if let Some(found) = found {
            let number = |name: &str| found[name].as_u64().unwrap_or(0);
            let step = found["step"].as_str().unwrap_or_default();
            progress.at(number("items"), number("items_expected"), step);
        }
        if Instant::now() >= deadline {
            bail!(
                "the run has not ended within {} s; look again with `ergoctl sync list`",
                limit.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}
