//! `ergoctl queue alike`: held changes by kind, and decisions about one kind together.

use serde_json::{Value, json};

use super::Out;
use super::queue::refused;
use crate::api::Api;
use crate::arguments::{Narrow, Verdict};
use crate::exit;
use crate::show::{plain, rows_table, value};

/// A filter as query parameters; what is empty does not narrow.
pub(super) fn query(filter: &Narrow) -> Vec<(&'static str, String)> {
    let low_risk = if filter.low_risk { "true" } else { "" };
    [
        ("object", filter.object.as_str()),
        ("field", &filter.field),
        ("gate", &filter.gate),
        ("code", &filter.code),
        ("record_id", &filter.record),
        ("meeting_id", &filter.meeting),
        ("owner_id", &filter.owner),
        ("proposed_until", &filter.before),
        ("risk", &filter.risk),
        ("low_risk", low_risk),
        ("text", &filter.text),
        ("alike", &filter.alike),
        ("backfill_id", &filter.backfill),
        ("slice", &filter.slice),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(name, text)| (name, text.to_owned()))
    .collect()
}

/// The same as a JSON object.
fn body(filter: &Narrow) -> Value {
    let mut object = serde_json::Map::new();
    for (name, text) in query(filter) {
        let value = if name == "low_risk" {
            Value::Bool(true)
        } else {
            Value::String(text)
        };
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

pub(super) async fn run(
    api: &Api,
    out: &Out,
    filter: &Narrow,
    decide: Option<Verdict>,
    reason: &str,
) -> anyhow::Result<u8> {
    let decision = match decide {
        Some(Verdict::Dismiss) => "dismiss",
        Some(Verdict::Approve) | None => "approve",
    };
    let path = ["changes", "decide-alike"];
    let mut wish = json!({"filter": body(filter), "decision": decision, "reason": reason});
    let preview = api.post(&path, wish.clone()).await?;
    if decide.is_none() {
        out.answer(&preview, |json| Ok(kinds(json)))?;
        return Ok(exit::DONE);
    }
    let seen: Value = preview.read()?;
    wish["seen_at"] = seen["seen_at"].clone();
    let (mut decided, mut refusals) = (0, Vec::new());
    loop {
        let answer = api.post(&path, wish.clone()).await?;
        let page: Value = answer.read()?;
        let now = page["decided"].as_u64().unwrap_or(0);
        decided += now;
        refusals.extend(refused(&page));
        if page["remaining"].as_u64().unwrap_or(0) > 0 && now > 0 {
            continue;
        }
        let refused = refusals.len();
        out.answer(&answer, |_| {
            let mut lines = vec![format!("{decided} decided, {refused} refused")];
            lines.append(&mut refusals);
            Ok(lines.join("\n"))
        })?;
        return Ok(if refused == 0 { exit::DONE } else { exit::NO });
    }
}

fn kinds(answer: &Value) -> String {
    let row = |kind: &Value| {
        vec![
            plain(&value(&kind["alike"])),
            value(&kind["action"]),
            format!("{}.{}", value(&kind["object"]), value(&kind["field"])),
            value(&kind["reasons"]),
            value(&kind["changes"]),
            value(&kind["low_risk"]),
        ]
    };
    let kinds = answer["kinds"].as_array().into_iter().flatten();
    let headings = [
        "ALIKE", "ACTION", "FIELD", "HELD FOR", "CHANGES", "LOW RISK",
    ];
    rows_table(&headings, kinds.map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_with_what_may_be_decided_together() {
        let answer = json!({"kinds": [{"alike": "abc", "action": "update_field", "object": "Opportunity",
            "field": "NextStep", "reasons": ["backfill.from_history"], "changes": 3, "low_risk": 2}]});
        insta::assert_snapshot!(kinds(&answer), @r"
         ALIKE  ACTION        FIELD                 HELD FOR               CHANGES  LOW RISK
         abc    update_field  Opportunity.NextStep  backfill.from_history  3        2
        ");
    }
}
