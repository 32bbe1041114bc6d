//! `ergoctl phrases`, `ergoctl moves` and `ergoctl matching`.

use serde_json::{Value, json};

use super::{Out, items};
use crate::api::Api;
use crate::arguments::{Matching, Moves, Phrases};
use crate::exit;
use crate::show::{pairs, rows_table, table, value};

pub(super) async fn phrases(api: &Api, out: &Out, phrases: Phrases) -> anyhow::Result<u8> {
    match phrases {
        Phrases::List => {
            let columns = [
                ("PHRASE", "/phrase"),
                ("ACCOUNT", "/account_id"),
                ("OPPORTUNITY", "/opportunity_id"),
            ];
            let answer = api.get(&["phrases"], &[]).await?;
            out.answer(&answer, |list| Ok(table(items(list), &columns)))?;
        }
        Phrases::Set(phrase) => {
            let body = json!({"phrase": phrase.phrase, "account_id": phrase.account, "opportunity_id": phrase.opportunity});
            api.put(&["phrases"], body).await?;
        }
        Phrases::Remove { phrase } => {
            api.delete(&["phrases", &phrase], &[]).await?;
        }
        Phrases::Preview { phrase, remove } => {
            let body = json!({"phrase": phrase.phrase, "account_id": phrase.account, "opportunity_id": phrase.opportunity,
                "remove": remove});
            let answer = api.post(&["phrases", "preview"], body).await?;
            out.answer(&answer, |preview| Ok(previewed(preview)))?;
        }
    }
    Ok(exit::DONE)
}

pub(super) async fn moves(api: &Api, out: &Out, moves: Moves) -> anyhow::Result<u8> {
    let (meeting, accept) = match moves {
        Moves::List => {
            let answer = api.get(&["moves"], &[]).await?;
            out.answer(&answer, |list| Ok(proposed(items(list))))?;
            return Ok(exit::DONE);
        }
        Moves::Accept { meeting } => (meeting, true),
        Moves::Decline { meeting } => (meeting, false),
    };
    let answer = api
        .post(&["moves", &meeting, "settle"], json!({"accept": accept}))
        .await?;
    out.answer(&answer, |settled| {
        Ok(value(&settled["decision"]["explanation"]))
    })?;
    Ok(exit::DONE)
}

pub(super) async fn matching(api: &Api, out: &Out, matching: Matching) -> anyhow::Result<u8> {
    match matching {
        Matching::Show => {
            let answer = api.get(&["matching-settings"], &[]).await?;
            out.answer(&answer, |settings| Ok(set(settings)))?;
        }
        Matching::Set {
            account_threshold,
            opportunity_threshold,
            window_days,
            pipelines,
            group_deals,
            phone_region,
        } => {
            let body = json!({
                "account_threshold": account_threshold,
                "opportunity_threshold": opportunity_threshold,
                "window_days": window_days,
                "pipeline_record_type_ids": pipelines,
                "group_deals": group_deals,
                "phone_region": phone_region,
            });
            api.put(&["matching-settings"], body).await?;
        }
    }
    Ok(exit::DONE)
}

fn set(settings: &Value) -> String {
    let or_default = |key: &str| match &settings[key] {
        Value::Number(number) if number.as_f64() == Some(0.0) => "default".to_owned(),
        other => value(other),
    };
    pairs(&[
        ("account taken from", or_default("account_threshold")),
        (
            "opportunity taken from",
            or_default("opportunity_threshold"),
        ),
        ("window, days", or_default("window_days")),
        ("pipelines", value(&settings["pipeline_record_type_ids"])),
        ("deals of the group", value(&settings["group_deals"])),
        ("country of numbers", value(&settings["phone_region"])),
    ])
}

fn proposed(proposals: &[Value]) -> String {
    let row = |proposal: &Value| {
        let changes: Vec<String> = proposal["changes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(value)
            .collect();
        vec![
            value(&proposal["meeting_id"]),
            value(&proposal["title"]),
            value(&proposal["reason"]),
            changes.join("; "),
        ]
    };
    rows_table(
        &["MEETING", "TITLE", "BECAUSE", "WOULD CHANGE"],
        proposals.iter().map(row).collect(),
    )
}

/// What a rule or phrase would change.
pub(super) fn previewed(preview: &Value) -> String {
    let flips = preview["flips"].as_array().cloned().unwrap_or_default();
    let records = |decision: &Value| {
        let named = [&decision["account_id"], &decision["opportunity_id"]];
        let named: Vec<&str> = named
            .into_iter()
            .filter_map(Value::as_str)
            .filter(|id| !id.is_empty())
            .collect();
        format!("{} {}", value(&decision["outcome"]), named.join(" "))
    };
    let row = |flip: &Value| {
        vec![
            value(&flip["meeting_id"]),
            value(&flip["title"]),
            records(&flip["before"]),
            records(&flip["after"]),
            value(&flip["labelled"]),
        ]
    };
    let table = rows_table(
        &["MEETING", "TITLE", "IS", "WOULD BE", "A PERSON SAYS"],
        flips.iter().map(row).collect(),
    );
    let more = if preview["truncated"] == true {
        ", there are more"
    } else {
        ""
    };
    format!(
        "{table}\n\n{} of {} meetings would change{more}",
        flips.len(),
        value(&preview["looked_at"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_says_what_flips_and_out_of_how_many() {
        let preview = json!({"looked_at": 12, "truncated": true, "flips": [{"meeting_id": "m-1", "title": "Falcon",
            "before": {"outcome": "ambiguous", "account_id": "", "opportunity_id": ""},
            "after": {"outcome": "matched", "account_id": "001A", "opportunity_id": "006A"}, "labelled": "right"}]});
        let text = previewed(&preview);
        assert!(text.contains("matched 001A 006A"), "{text}");
        assert!(
            text.ends_with("1 of 12 meetings would change, there are more"),
            "{text}"
        );
    }

    #[test]
    fn settings_left_alone_are_called_default() {
        let text = set(
            &json!({"account_threshold": 0.0, "opportunity_threshold": 0.9, "window_days": 0,
            "pipeline_record_type_ids": [], "group_deals": true, "phone_region": "DE"}),
        );
        assert!(
            text.contains("default") && text.contains("0.9") && text.contains("DE"),
            "{text}"
        );
    }
}
