//! `ergoctl refusals`.

use serde_json::{Value, json};

use super::{Out, items};
use crate::api::Api;
use crate::arguments::Refusals;
use crate::exit;
use crate::show::{cell, rows_table, value};

pub(super) async fn run(api: &Api, out: &Out, wish: Refusals) -> anyhow::Result<u8> {
    match wish {
        Refusals::List => {
            let answer = api.get(&["refusals"], &[]).await?;
            out.answer(&answer, |json| Ok(shown(json)))?;
            Ok(exit::DONE)
        }
        Refusals::Release { cause, reason } => {
            let mut released = 0;
            let mut superseded = 0;
            loop {
                let body = json!({"cause": cause, "reason": reason});
                let answer = api.post(&["refusals", "release"], body).await?;
                let done: Value = answer.read()?;
                let number = |name: &str| done[name].as_u64().unwrap_or(0);
                released += number("released");
                superseded += number("superseded");
                let stuck = number("released") + number("superseded") == 0;
                if number("remaining") == 0 || stuck {
                    out.answer(&answer, |_| {
                        Ok(format!(
                            "{released} on their way again, {superseded} replaced by a newer revision, {} left",
                            number("remaining")
                        ))
                    })?;
                    return Ok(if number("remaining") == 0 {
                        exit::DONE
                    } else {
                        exit::NO
                    });
                }
            }
        }
    }
}

fn shown(answer: &Value) -> String {
    let row = |group: &Value| {
        let watched = if group["watched"] == true { "yes" } else { "" };
        vec![
            value(&group["changes"]),
            value(&group["scope"]),
            cell(&value(&group["cause"])),
            cell(&value(&group["message"])),
            watched.to_owned(),
        ]
    };
    let headings = [
        "CHANGES",
        "MENDED AT",
        "CAUSE",
        "SALESFORCE SAYS",
        "WATCHED",
    ];
    rows_table(&headings, items(answer).iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_shown_as_it_is_released() {
        let answer = json!({"items": [{"changes": 3, "scope": "rule", "cause": "rule/Opportunity/X/No calls.",
            "message": "No calls.", "watched": true}], "changes": 3});
        insta::assert_snapshot!(shown(&answer), @r"
         CHANGES  MENDED AT  CAUSE                         SALESFORCE SAYS  WATCHED
         3        rule       rule/Opportunity/X/No calls.  No calls.        yes
        ");
    }
}
