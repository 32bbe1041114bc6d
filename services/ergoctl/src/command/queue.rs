//! `ergoctl queue`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Out, alike, page};
use crate::api::Api;
use crate::arguments::{Queue, Seen};
use crate::exit;
use crate::show::{cell, plain, rows_table, value};

pub(super) async fn run(api: &Api, out: &Out, queue: Queue) -> anyhow::Result<u8> {
    match queue {
        Queue::List {
            state,
            filter,
            page_token,
        } => {
            let order = if state == "held" { "risk" } else { "" };
            let mut query = alike::query(&filter);
            query.extend([
                ("state", state),
                ("order", order.to_owned()),
                ("page_token", page_token.unwrap_or_default()),
            ]);
            let answer = api.get(&["changes"], &query).await?;
            let list: List = answer.read()?;
            out.answer(&answer, |json| {
                let table = page(json, shown(&list.items));
                Ok(format!("{table}\n{} in all", json["total"]))
            })?;
            Ok(exit::DONE)
        }
        Queue::Approve { changes } => decide(api, out, &changes, "approve", "").await,
        Queue::Alike {
            filter,
            decide,
            reason,
        } => alike::run(api, out, &filter, decide, &reason).await,
        Queue::Rehearse { changes } => rehearse(api, out, &changes).await,
        Queue::Dismiss { changes, reason } => decide(api, out, &changes, "dismiss", &reason).await,
    }
}

/// Money is shown as it is written, so values stay text.
#[derive(Deserialize)]
struct List {
    items: Vec<Change>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    id: String,
    version: u64,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) record_id: String,
    pub(super) field: String,
    pub(super) baseline: Option<Box<RawValue>>,
    pub(super) proposed: Option<Box<RawValue>>,
    pub(super) observed: Option<Box<RawValue>>,
    pub(super) state: String,
    pub(super) reasons: Vec<Reason>,
}

#[derive(Deserialize)]
pub(super) struct Reason {
    pub(super) gate: String,
    pub(super) verdict: Option<String>,
    pub(super) message: String,
}

impl Change {
    /// `Opportunity.NextStep`, or what is created.
    pub(super) fn target(&self) -> String {
        if self.field.is_empty() {
            self.action.replace('_', " ")
        } else {
            format!("{}.{}", self.object, self.field)
        }
    }

    fn why(&self) -> String {
        let reasons = self.reasons.iter();
        let told: Vec<String> = reasons
            .filter(|reason| reason.verdict.as_deref() != Some("pass"))
            .map(|reason| format!("{}: {}", reason.gate, reason.message))
            .collect();
        cell(&told.join("; "))
    }
}

/// A value without the quotes of JSON.
pub(super) fn raw(json: Option<&RawValue>) -> String {
    match json.map(RawValue::get) {
        None | Some("null") => String::new(),
        Some(text) => {
            cell(&serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()))
        }
    }
}

fn shown(changes: &[Change]) -> String {
    let row = |change: &Change| {
        vec![
            plain(&format!("{}@{}", change.id, change.version)),
            cell(&change.target()),
            cell(&change.record_id),
            raw(change.baseline.as_deref()),
            raw(change.proposed.as_deref()),
            change.why(),
        ]
    };
    let headings = ["CHANGE", "FIELD", "RECORD", "NOW", "PROPOSED", "WHY"];
    rows_table(&headings, changes.iter().map(row).collect())
}

async fn decide(
    api: &Api,
    out: &Out,
    changes: &[Seen],
    decision: &str,
    reason: &str,
) -> anyhow::Result<u8> {
    let one = |seen: &Seen| json!({"change_id": seen.id, "version": seen.version, "decision": decision, "reason": reason});
    let decisions: Vec<Value> = changes.iter().map(one).collect();
    let answer = api
        .post(&["changes", "decide"], json!({"decisions": decisions}))
        .await?;
    let decided: Value = answer.read()?;
    let refusals = decided["refusals"].as_array().map_or(0, Vec::len);
    out.answer(&answer, |decided| {
        let taken = changes.len().saturating_sub(refusals);
        let mut lines = vec![format!("{taken} decided, {refusals} refused")];
        lines.extend(refused(decided));
        Ok(lines.join("\n"))
    })?;
    Ok(if refusals == 0 { exit::DONE } else { exit::NO })
}

/// What was not done, one line each.
pub(super) fn refused(answer: &Value) -> Vec<String> {
    let refusals = answer["refusals"].as_array().into_iter().flatten();
    refusals
        .map(|refusal| {
            format!(
                "{}: {}",
                value(&refusal["change_id"]),
                value(&refusal["message"])
            )
        })
        .collect()
}

async fn rehearse(api: &Api, out: &Out, changes: &[String]) -> anyhow::Result<u8> {
    let id = |change: &String| match change.rsplit_once('@') {
        Some((id, _)) => id.to_owned(),
        None => change.clone(),
    };
    let ids: Vec<String> = changes.iter().map(id).collect();
    let answer = api
        .post(&["changes", "rehearse"], json!({"change_ids": ids}))
        .await?;
    let rehearsed: Value = answer.read()?;
    out.answer(&answer, |rehearsed| Ok(rehearsal(rehearsed)))?;
    let all = rehearsed["refusals"].as_array().is_none_or(Vec::is_empty)
        && rehearsed["changes"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|change| change["rehearsal"]["accepted"] == true);
    Ok(if all { exit::DONE } else { exit::NO })
}

/// What Salesforce would say to each change.
fn rehearsal(rehearsed: &Value) -> String {
    let mut lines = Vec::new();
    for change in rehearsed["changes"].as_array().into_iter().flatten() {
        let rehearsal = &change["rehearsal"];
        let said: Vec<String> = rehearsal["said"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|reason| reason["gate"] == "salesforce")
            .map(|reason| value(&reason["message"]))
            .collect();
        let verdict = if rehearsal["accepted"] == true {
            "Salesforce would accept it".to_owned()
        } else {
            format!("Salesforce would refuse it: {}", said.join("; "))
        };
        lines.push(format!("{}: {verdict}", value(&change["id"])));
    }
    lines.extend(refused(rehearsed));
    lines.push(value(&rehearsed["limits"]));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_says_what_salesforce_would_say() {
        let rehearsed = json!({"changes": [
            {"id": "c-1", "rehearsal": {"accepted": true, "said": []}},
            {"id": "c-2", "rehearsal": {"accepted": false, "said": [
                {"gate": "salesforce", "message": "Name the competitor."},
                {"gate": "advice", "message": "correct the value"}]}}],
            "refusals": [{"change_id": "c-3", "message": "is not known in this workspace"}],
            "limits": "rolled back"});
        insta::assert_snapshot!(rehearsal(&rehearsed), @r"
        c-1: Salesforce would accept it
        c-2: Salesforce would refuse it: Name the competitor.
        c-3: is not known in this workspace
        rolled back
        ");
    }

    #[test]
    fn a_queue_shows_what_is_decided_on() {
        let list: List = serde_json::from_str(
            r#"{"items":[{"id":"c-1","version":4,"action":"update_field","object":"Opportunity","record_id":"006A",
            "field":"Amount","baseline":null,"proposed":1200.50,"observed":null,"state":"held","reasons":[
            {"gate":"overwrite_policy","verdict":"hold","message":"a person edited it"},
            {"gate":"budget","verdict":"pass","message":"enough"}]}]}"#,
        )
        .expect("is read");
        insta::assert_snapshot!(shown(&list.items), @r"
         CHANGE  FIELD               RECORD  NOW  PROPOSED  WHY
         c-1@4   Opportunity.Amount  006A         1200.50   overwrite_policy: a person edited it
        ");
    }
}
