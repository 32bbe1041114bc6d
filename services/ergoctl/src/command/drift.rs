//! `ergoctl drift`.

use serde_json::json;

use super::{Out, items};
use crate::api::Api;
use crate::arguments::{Drift, word};
use crate::exit;
use crate::show::table;

const COLUMNS: [(&str, &str); 11] = [
    ("ID", "/id"),
    ("WHAT", "/kind"),
    ("OBJECT", "/object"),
    ("FIELD", "/field"),
    ("BEFORE", "/before"),
    ("AFTER", "/after"),
    ("SUSPENDS", "/entry_ids"),
    ("TOUCHES", "/touched_entry_ids"),
    ("WAITING", "/queued_changes"),
    ("REPAIRABLE", "/repairable"),
    ("STATUS", "/status"),
];

pub(super) async fn run(api: &Api, out: &Out, drift: Drift) -> anyhow::Result<u8> {
    match drift {
        Drift::List { all } => {
            let query = [("include_resolved", all.to_string())];
            let answer = api.get(&["drift"], &query).await?;
            out.answer(&answer, |list| Ok(table(items(list), &COLUMNS)))?;
        }
        Drift::Repair { id } => {
            let answer = api.post(&["drift", &id, "repair"], json!({})).await?;
            out.answer(&answer, |item| {
                Ok(table(std::slice::from_ref(item), &COLUMNS))
            })?;
        }
        Drift::Resolve { id, status, reason } => {
            let wish = json!({"status": word(status), "reason": reason});
            let answer = api.post(&["drift", &id, "resolve"], wish).await?;
            out.answer(&answer, |item| {
                Ok(table(std::slice::from_ref(item), &COLUMNS))
            })?;
        }
    }
    Ok(exit::DONE)
}
