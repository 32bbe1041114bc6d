//! `ergoctl meetings`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::queue::{Change, raw};
use super::{Out, items, page};
use crate::api::Api;
use crate::arguments::Meetings;
use crate::exit;
use crate::show::{cell, pairs, rows_table, value};

pub(super) async fn run(api: &Api, out: &Out, meetings: Meetings) -> anyhow::Result<u8> {
    match meetings {
        Meetings::List {
            page_size,
            page_token,
        } => {
            let query = [
                ("page_size", page_size.to_string()),
                ("page_token", page_token.unwrap_or_default()),
            ];
            let answer = api.get(&["meetings"], &query).await?;
            out.answer(&answer, |list| Ok(page(list, listed(items(list)))))?;
        }
        Meetings::Show { id } => {
            let answer = api.get(&["meetings", &id], &[]).await?;
            let set: Set = answer.read()?;
            let changes = set.change_set.map(|set| set.changes).unwrap_or_default();
            out.answer(&answer, |story| Ok(told(story, &changes)))?;
        }
        Meetings::Correct {
            id,
            account,
            opportunity,
        } => {
            let body = json!({"account_id": account, "opportunity_id": opportunity});
            let answer = api.post(&["meetings", &id, "correct"], body).await?;
            out.answer(&answer, |decision| Ok(value(&decision["explanation"])))?;
        }
        Meetings::Revert { id } => {
            let answer = api.post(&["meetings", &id, "revert"], json!({})).await?;
            out.answer(&answer, |decision| Ok(value(&decision["explanation"])))?;
        }
    }
    Ok(exit::DONE)
}

#[derive(Deserialize)]
struct Set {
    change_set: Option<Changes>,
}

#[derive(Deserialize)]
struct Changes {
    changes: Vec<Change>,
}

fn listed(meetings: &[Value]) -> String {
    let row = |meeting: &Value| {
        let writeback = &meeting["writeback"];
        let counts: Vec<String> = writeback["counts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|count| format!("{} {}", value(&count["count"]), value(&count["state"])))
            .collect();
        vec![
            value(&meeting["meeting_id"]),
            value(&meeting["title"]),
            value(&meeting["outcome"]),
            value(&writeback["state"]),
            counts.join(", "),
            value(&meeting["trace_id"]),
        ]
    };
    let headings = ["MEETING", "TITLE", "MATCH", "WRITEBACK", "CHANGES", "TRACE"];
    rows_table(&headings, meetings.iter().map(row).collect())
}

/// What came second, and how far behind.
fn next(runner_up: &Value) -> String {
    if runner_up.is_null() {
        return String::new();
    }
    format!(
        "{}, {:.1} bits behind",
        value(&runner_up["name"]),
        runner_up["margin_millibits"].as_f64().unwrap_or_default() / 1000.0
    )
}

fn told(story: &Value, changes: &[Change]) -> String {
    let decision = &story["decision"];
    let head = pairs(&[
        ("meeting", value(&story["meeting_id"])),
        ("title", value(&story["meeting"]["title"])),
        ("match", value(&decision["outcome"])),
        ("why", value(&decision["explanation"])),
        ("would settle it", value(&decision["would_settle"])),
        ("next", next(&decision["runner_up"])),
        ("account", value(&decision["account_id"])),
        ("lead", value(&decision["lead_id"])),
        ("opportunity", value(&decision["opportunity_id"])),
        ("contacts", value(&decision["contact_ids"])),
        (
            "nothing to write",
            value(&story["change_set"]["empty_reason"]),
        ),
        ("trace", value(&story["trace_id"])),
    ]);
    let candidates = decision["candidates"].as_array().into_iter().flatten();
    let weighed = candidates.flat_map(|candidate| {
        let evidence = candidate["evidence"].as_array().into_iter().flatten();
        evidence.map(|evidence| {
            let bits = evidence["millibits"].as_f64().unwrap_or_default() / 1000.0;
            vec![
                value(&candidate["object"]),
                value(&candidate["name"]),
                value(&evidence["signal"]),
                value(&evidence["value"]),
                format!("{bits:+.1}"),
            ]
        })
    });
    let headings = ["CANDIDATE", "NAME", "SIGNAL", "SEEN", "BITS"];
    let weighed = rows_table(&headings, weighed.collect());
    let headings = [
        "FIELD",
        "RECORD",
        "STATE",
        "WAS",
        "PROPOSED",
        "IN SALESFORCE",
    ];
    let row = |change: &Change| {
        vec![
            cell(&change.target()),
            cell(&change.record_id),
            cell(&change.state),
            raw(change.baseline.as_deref()),
            raw(change.proposed.as_deref()),
            raw(change.observed.as_deref()),
        ]
    };
    let written = rows_table(&headings, changes.iter().map(row).collect());
    let mut text = format!("{head}\n\ncandidates\n{weighed}\n\nchanges\n{written}");
    for change in changes {
        text.push_str(&format!("\n\n{}", cell(&change.target())));
        for reason in &change.reasons {
            text.push_str(&format!(
                "\n  {}  {}: {}",
                reason.verdict.as_deref().unwrap_or("-"),
                cell(&reason.gate),
                cell(&reason.message)
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meeting_is_told_from_match_to_record() {
        let text = r#"{"meeting_id":"m-1","meeting":{"title":"Kick-off"},"trace_id":"4bf9","decision":{"outcome":"matched",
            "explanation":"Ann's address is a contact of Acme","would_settle":"","account_id":"001A","lead_id":"",
            "opportunity_id":"","contact_ids":["003A","003B"],"candidates":[{"object":"Account","name":"Acme",
            "evidence":[{"signal":"contact_email","value":"ann@acme.com","millibits":9500}]}]},"change_set":{"empty_reason":"",
            "changes":[{"id":"c","version":1,"action":"create_task","object":"Task","record_id":"00TA","field":"",
            "baseline":null,"proposed":{"Subject":"Kick-off"},"observed":null,"state":"applied",
            "reasons":[{"gate":"egress","verdict":"pass","message":"a destination is mapped"}]}]}}"#;
        let story: Value = serde_json::from_str(text).expect("is read");
        let set: Set = serde_json::from_str(text).expect("is read");
        let changes = set.change_set.expect("is there").changes;
        insta::assert_snapshot!(told(&story, &changes), @r#"
        meeting   m-1
        title     Kick-off
        match     matched
        why       Ann's address is a contact of Acme
        account   001A
        contacts  003A, 003B
        trace     4bf9

        candidates
         CANDIDATE  NAME  SIGNAL         SEEN          BITS
         Account    Acme  contact_email  ann@acme.com  +9.5

        changes
         FIELD        RECORD  STATE    WAS  PROPOSED                IN SALESFORCE
         create task  00TA    applied       {"Subject":"Kick-off"}

        create task
          pass  egress: a destination is mapped
        "#);
    }
}
