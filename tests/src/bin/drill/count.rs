//! What each meeting left in the org, counted in the simulator's write log.

use anyhow::Context;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::stack::Simulator;

/// Entries of one page of the write log.
const PAGE_ENTRIES_MAX: usize = 1_000;

/// The counts of a drill.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) meetings: usize,
    /// Meetings whose field was written once and whose task was created once.
    pub(crate) exactly_once: usize,
    pub(crate) missing: Vec<String>,
    pub(crate) doubled: Vec<String>,
}

/// Counts the effects of meetings 0 to `meetings`, each on the opportunity of its number.
pub(crate) async fn count(
    simulator: &Simulator,
    opportunities: &[String],
    meetings: usize,
) -> anyhow::Result<Counts> {
    let mut fields: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut tasks: BTreeMap<String, usize> = BTreeMap::new();
    for entry in writes(simulator, 0).await? {
        let after = |field: &str| entry["after"][field].as_str().map(str::to_owned);
        match (entry["operation"].as_str(), entry["object"].as_str()) {
            (Some("update"), Some("Opportunity")) => {
                if let (Some(id), Some(step)) = (entry["id"].as_str(), after("NextStep")) {
                    *fields.entry((id.to_owned(), step)).or_default() += 1;
                }
            }
            (Some("create"), Some("Task")) => {
                *tasks
                    .entry(after("Subject").unwrap_or_default())
                    .or_default() += 1;
            }
            _ => {}
        }
    }
    let mut counts = Counts {
        meetings,
        ..Counts::default()
    };
    for (number, opportunity) in opportunities.iter().enumerate().take(meetings) {
        let key = (opportunity.clone(), next_step(number));
        let field = fields.get(&key).copied().unwrap_or_default();
        let title = title(number);
        let of_meeting = tasks.iter().filter(|(subject, _)| subject.contains(&title));
        let task: usize = of_meeting.map(|(_, count)| count).sum();
        for (what, found) in [("field", field), ("task", task)] {
            match found {
                0 => counts.missing.push(format!("{what} of meeting {number}")),
                1 => {}
                _ => counts
                    .doubled
                    .push(format!("{what} of meeting {number}, {found} times")),
            }
        }
        counts.exactly_once += usize::from((field, task) == (1, 1));
    }
    Ok(counts)
}

/// Never part of another meeting's.
pub(crate) fn title(number: usize) -> String {
    format!("Meeting [{number}]")
}

pub(crate) fn next_step(number: usize) -> String {
    format!("Step [{number}]")
}

/// The write log after a position.
pub(crate) async fn writes(simulator: &Simulator, after_seq: u64) -> anyhow::Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all
            .last()
            .and_then(|last| last["seq"].as_u64())
            .unwrap_or(after_seq);
        let command =
            json!({ "command": "write_log", "after_seq": after, "limit": PAGE_ENTRIES_MAX });
        let Value::Array(page) = simulator
            .command(&command)
            .await
            .context("read the write log")?
        else {
            anyhow::bail!("the write log is not a list");
        };
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
