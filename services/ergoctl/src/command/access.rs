//! `ergoctl access` and `ergoctl missed`.

use serde_json::{Value, json};

use super::Out;
use crate::api::Api;
use crate::arguments::{Access, Missed};
use crate::exit;
use crate::show::{pairs, table, value};

const MISSING: [(&str, &str); 3] = [
    ("MISSING", "/message"),
    ("SET IT AT", "/fix"),
    ("NEEDED BY", "/entry_ids"),
];

const GAPS: [(&str, &str); 7] = [
    ("GAP", "/id"),
    ("SINCE", "/since"),
    ("UNTIL", "/until"),
    ("MEETINGS", "/meetings_arrived"),
    ("RESUMED", "/changes_resumed"),
    ("MISSED", "/changes_missed"),
    ("WAIT", "/changes_waiting"),
];

pub(super) async fn run(api: &Api, out: &Out, access: Access) -> anyhow::Result<u8> {
    match access {
        Access::Show => {
            let answer = api.get(&["access"], &[]).await?;
            out.answer(&answer, |access| Ok(shown(access)))?;
            let access: Value = answer.read()?;
            Ok(if access["review"]["complete"] == false {
                exit::NO
            } else {
                exit::DONE
            })
        }
        Access::Review => {
            let answer = api.post(&["access"], json!({})).await?;
            out.answer(&answer, |run| {
                Ok(format!(
                    "asked for with run {}; see it with `ergoctl access show`",
                    value(&run["id"])
                ))
            })?;
            Ok(exit::DONE)
        }
    }
}

fn shown(access: &Value) -> String {
    let review = &access["review"];
    if review.is_null() {
        return "not reviewed yet".to_owned();
    }
    let owners = &review["owners"];
    let head = pairs(&[
        ("complete", value(&review["complete"])),
        ("missing", value(&review["missing_count"])),
        ("as of", value(&review["confirmed_at"])),
        ("mapping version", value(&review["mapping_version"])),
        ("api enabled", value(&review["api_enabled"])),
        (
            "owners",
            format!(
                "{}, {} hidden",
                value(&owners["owners"]),
                value(&owners["hidden"])
            ),
        ),
        (
            "open opportunities",
            value(&review["pipeline"]["open_opportunities"]),
        ),
    ]);
    match review["missing"].as_array() {
        Some(missing) if !missing.is_empty() => format!("{head}\n{}", table(missing, &MISSING)),
        Some(_) | None => head,
    }
}

pub(super) async fn missed(api: &Api, out: &Out, missed: Missed) -> anyhow::Result<u8> {
    match missed {
        Missed::List => {
            let answer = api.get(&["missed"], &[]).await?;
            out.answer(&answer, |list| {
                let gaps = list["gaps"].as_array().map_or(&[][..], Vec::as_slice);
                Ok(table(gaps, &GAPS))
            })?;
        }
        Missed::Release { gap, meetings } => {
            let wish = json!({"gap_id": gap, "meeting_ids": meetings});
            let answer = api.post(&["missed", "release"], wish).await?;
            out.answer(&answer, |released| {
                Ok(format!(
                    "{} changes released",
                    value(&released["changes_released"])
                ))
            })?;
        }
    }
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_says_what_is_missing_and_where_it_is_set() {
        assert_eq!(shown(&json!({"review": null})), "not reviewed yet");
        let access = json!({"review": {"complete": false, "missing_count": 1, "confirmed_at": "2026-03-02T10:00:00Z",
            "mapping_version": 3, "api_enabled": true, "owners": {"owners": 4, "hidden": 0},
            "pipeline": {"open_opportunities": 12},
            "missing": [{"message": "may not edit Account records", "fix": "Setup > Permission Sets", "entry_ids": ["about"]}]}});
        insta::assert_snapshot!(shown(&access), @r"
        complete            no
        missing             1
        as of               2026-03-02T10:00:00Z
        mapping version     3
        api enabled         yes
        owners              4, 0 hidden
        open opportunities  12
         MISSING                       SET IT AT                NEEDED BY
         may not edit Account records  Setup > Permission Sets  about
        ");
    }
}
