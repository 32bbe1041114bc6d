//! `ergoctl why`.

use serde_json::Value;

use super::Out;
use crate::api::Api;
use crate::arguments::Why;
use crate::exit;
use crate::show::value;

pub(super) async fn run(api: &Api, out: &Out, why: Why) -> anyhow::Result<u8> {
    let query = [
        ("object", why.record.object),
        ("record_id", why.record.id),
        ("field", why.field.unwrap_or_default()),
    ];
    let answer = api.get(&["why"], &query).await?;
    out.answer(&answer, |why| Ok(told(why)))?;
    Ok(exit::DONE)
}

fn told(why: &Value) -> String {
    let mut lines = Vec::new();
    for story in why["stories"].as_array().into_iter().flatten() {
        let mark = if story["current"] == true { "* " } else { "  " };
        lines.push(format!("{mark}{}", value(&story["sentence"])));
        let change = &story["change"];
        for quote in change["evidence"].as_array().into_iter().flatten() {
            lines.push(format!(
                "    said: {} ({})",
                value(&quote["quote"]),
                value(&quote["speaker"])
            ));
        }
        for reason in change["reasons"].as_array().into_iter().flatten() {
            lines.push(format!(
                "    {}: {}",
                value(&reason["gate"]),
                value(&reason["message"])
            ));
        }
        for attempt in story["attempts"].as_array().into_iter().flatten() {
            lines.push(format!(
                "    request {}: {}",
                value(&attempt["request_id"]),
                value(&attempt["result"])
            ));
        }
        lines.push(format!(
            "    change {}, decision {}, trace {}",
            value(&change["id"]),
            value(&story["decision_id"]),
            value(&change["trace_id"])
        ));
    }
    if lines.is_empty() {
        return "nothing of ours is there".to_owned();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_followed_to_the_meeting_and_the_request() {
        let why = json!({"stories": [{"sentence": "Opportunity.NextStep was written", "current": true,
            "decision_id": "d-1", "attempts": [{"request_id": "r-1", "result": "applied"}],
            "change": {"id": "c-1", "trace_id": "4bf9", "reasons": [{"gate": "budget", "message": "enough"}],
            "evidence": [{"quote": "I will call", "speaker": "Ann"}]}}]});
        insta::assert_snapshot!(told(&why), @r"
        * Opportunity.NextStep was written
            said: I will call (Ann)
            budget: enough
            request r-1: applied
            change c-1, decision d-1, trace 4bf9
        ");
        assert_eq!(told(&json!({"stories": []})), "nothing of ours is there");
    }
}
