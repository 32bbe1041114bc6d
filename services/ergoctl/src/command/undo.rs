//! `ergoctl undo`.

use serde_json::{Value, json};

use super::Out;
use super::queue::refused;
use crate::api::Api;
use crate::arguments::Undo;
use crate::exit;

pub(super) async fn run(api: &Api, out: &Out, undo: Undo) -> anyhow::Result<u8> {
    let body = json!({
        "change_ids": undo.changes,
        "change_set_id": undo.change_set.unwrap_or_default(),
        "reason": undo.reason,
    });
    let answer = api.post(&["changes", "undo"], body).await?;
    let made: Value = answer.read()?;
    let refusals = made["refusals"].as_array().map_or(0, Vec::len);
    out.answer(&answer, |made| {
        let undos = made["changes"].as_array().map_or(0, Vec::len);
        let mut lines = vec![format!(
            "{undos} on their way, {refusals} refused; what somebody touched meanwhile comes to `ergoctl queue list`"
        )];
        lines.extend(refused(made));
        Ok(lines.join("\n"))
    })?;
    Ok(if refusals == 0 { exit::DONE } else { exit::NO })
}
