//! `ergoctl backfill`.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Out, items};
use crate::api::{Answer, Api};
use crate::arguments::Backfill;
use crate::exit;
use crate::show::{cell, plain, rows_table, value};

/// Pause between two looks, in milliseconds.
const LOOK_MS: u64 = 1_000;

pub(super) async fn run(api: &Api, out: &Out, wish: Backfill) -> anyhow::Result<u8> {
    match wish {
        Backfill::List => {
            let answer = api.get(&["backfills"], &[]).await?;
            out.answer(&answer, |json| Ok(listed(json)))?;
        }
        Backfill::Create {
            name,
            from,
            until,
            objects,
            sample,
            expected,
        } => {
            let day = |day: String| format!("{day}T00:00:00Z");
            let body = json!({
                "name": name,
                "window_from": day(from),
                "window_until": day(until),
                "objects": objects,
                "sample_meetings_max": sample,
                "meetings_expected": expected,
            });
            let answer = api.post(&["backfills"], body).await?;
            out.answer(&answer, |json| Ok(plain(&value(&json["id"]))))?;
        }
        Backfill::Show { id, wait } => {
            let answer = match wait {
                None => api.get(&["backfills", &id], &[]).await?,
                Some(limit_s) => until_still(api, &id, Duration::from_secs(limit_s)).await?,
            };
            out.answer(&answer, |json| Ok(shown(json)))?;
        }
        Backfill::Sample { id } => shift(api, out, &id, "sample", "").await?,
        Backfill::Start { id } => shift(api, out, &id, "start", "").await?,
        Backfill::Pause { id } => shift(api, out, &id, "pause", "").await?,
        Backfill::Resume { id } => shift(api, out, &id, "resume", "").await?,
        Backfill::Cancel { id, reason } => shift(api, out, &id, "cancel", &reason).await?,
        Backfill::Approve { id, slice, yes } => {
            let path = ["backfills", &id, "slices", &slice, "approve"];
            let preview = api.post(&path, json!({})).await?;
            if !yes {
                out.answer(&preview, |json| {
                    Ok(format!("{}; approve with --yes", meant(json)))
                })?;
                return Ok(exit::NO);
            }
            let seen: Value = preview.read()?;
            let body = json!({"seen_at": seen["seen_at"]});
            let answer = api.post(&path, body).await?;
            out.answer(&answer, |json| Ok(format!("approved: {}", meant(json))))?;
        }
        Backfill::Undo { id, slice, reason } => return undo(api, out, &id, slice, &reason).await,
    }
    Ok(exit::DONE)
}

/// The backfill once it neither samples nor writes.
async fn until_still(api: &Api, id: &str, limit: Duration) -> anyhow::Result<Answer> {
    let deadline = Instant::now() + limit;
    let progress = Progress::begin("looks");
    loop {
        let answer = api.get(&["backfills", id], &[]).await?;
        let backfill: Value = answer.read()?;
        let now = &backfill["progress"];
        let number = |name: &str| now[name].as_u64().unwrap_or(0);
        let ended = number("ended");
        progress.at(
            ended,
            ended + number("open"),
            now["sentence"].as_str().unwrap_or_default(),
        );
        if !matches!(backfill["state"].as_str(), Some("sampling" | "running")) {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!(
                "the backfill still goes on after {} s; look again with `ergoctl backfill show {id}`",
                limit.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

async fn shift(api: &Api, out: &Out, id: &str, asked: &str, reason: &str) -> anyhow::Result<()> {
    let body = json!({"move": asked, "reason": reason});
    let answer = api.post(&["backfills", id, "move"], body).await?;
    out.answer(&answer, |json| Ok(plain(&value(&json["state"]))))
}

/// Page by page, until nothing is left to take back.
async fn undo(
    api: &Api,
    out: &Out,
    id: &str,
    slice: Option<String>,
    reason: &str,
) -> anyhow::Result<u8> {
    let body = json!({"slice": slice.unwrap_or_default(), "reason": reason});
    let mut undone = 0;
    loop {
        let answer = api.post(&["backfills", id, "undo"], body.clone()).await?;
        let page: Value = answer.read()?;
        let now = page["undone"].as_u64().unwrap_or(0);
        undone += now;
        let refused = page["refusals"].as_array().map_or(0, Vec::len);
        if page["more"] == true && now > 0 {
            continue;
        }
        out.answer(&answer, |json| {
            let mut lines = vec![format!(
                "{undone} on their way back, {refused} refused; what somebody touched meanwhile comes to `ergoctl queue list`"
            )];
            lines.extend(super::queue::refused(json));
            Ok(lines.join("\n"))
        })?;
        return Ok(if refused == 0 { exit::DONE } else { exit::NO });
    }
}

fn meant(answer: &Value) -> String {
    format!(
        "{} changes, {} left for a look of their own",
        value(&answer["changes"]),
        value(&answer["left_for_review"])
    )
}

fn listed(answer: &Value) -> String {
    let row = |backfill: &Value| {
        vec![
            plain(&value(&backfill["id"])),
            cell(&value(&backfill["name"])),
            value(&backfill["state"]),
            cell(&value(&backfill["progress"]["sentence"])),
        ]
    };
    let headings = ["BACKFILL", "NAME", "STATE", "PROGRESS"];
    rows_table(&headings, items(answer).iter().map(row).collect())
}

fn shown(backfill: &Value) -> String {
    let mut lines = vec![format!(
        "{} ({}): {}",
        cell(&value(&backfill["name"])),
        value(&backfill["state"]),
        cell(&value(&backfill["progress"]["sentence"]))
    )];
    if let Some(at) = backfill["progress"]["finish_at"].as_str() {
        lines.push(format!(
            "what is approved is expected to be written by {}",
            plain(at)
        ));
    }
    let sample = &backfill["sample"];
    if sample.is_object() {
        lines.push(format!(
            "sample: {} meetings, {} changes; in all {} changes, {} calls, {} days",
            value(&sample["meetings"]),
            value(&sample["changes"]),
            value(&sample["changes_expected"]),
            value(&sample["calls_expected"]),
            value(&sample["days_expected"])
        ));
        let warnings = sample["warnings"].as_array().into_iter().flatten();
        lines.extend(warnings.map(|warning| format!("  {}", cell(&value(warning)))));
    }
    let row = |slice: &Value| {
        let counts = slice["counts"].as_array().into_iter().flatten();
        let counts: Vec<String> = counts
            .map(|count| format!("{} {}", value(&count["count"]), value(&count["state"])))
            .collect();
        vec![
            plain(&value(&slice["slice"])),
            value(&slice["meetings"]),
            counts.join(", "),
            value(&slice["held_low_risk"]),
            cell(&value(&slice["approved_by"])),
        ]
    };
    let slices = backfill["slices"].as_array().into_iter().flatten();
    let headings = ["SLICE", "MEETINGS", "CHANGES", "LOW RISK", "APPROVED BY"];
    lines.push(rows_table(&headings, slices.map(row).collect()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backfill_shows_its_sample_and_its_months() {
        let backfill = json!({"name": "last year", "state": "running",
            "progress": {"sentence": "4 of 8 changes ended", "finish_at": "2026-03-02T10:00:00Z"},
            "sample": {"meetings": 4, "changes": 8, "changes_expected": 800, "calls_expected": 20, "days_expected": 1,
                "warnings": ["the sample has 4 meetings"]},
            "slices": [{"slice": "2024-03", "meetings": 2, "held_low_risk": 0, "approved_by": "user:a",
                "counts": [{"state": "applied", "count": 4}]}]});
        insta::assert_snapshot!(shown(&backfill), @r"
        last year (running): 4 of 8 changes ended
        what is approved is expected to be written by 2026-03-02T10:00:00Z
        sample: 4 meetings, 8 changes; in all 800 changes, 20 calls, 1 days
          the sample has 4 meetings
         SLICE    MEETINGS  CHANGES    LOW RISK  APPROVED BY
         2024-03  2         4 applied  0         user:a
        ");
    }
}
