//! Before meetings are planned: the texts a mapping asks for and that are kept outside the event are fetched. What cannot
//! be had is held with the reason, and asked for again whenever the change is gated again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::gating::Item;
use crate::adapters::claims::Claims;
use crate::domain::mapping::{Content, Mapping};
use crate::domain::meeting::{self, Meeting};
use crate::domain::settings::Settings;

/// Longest all texts of a batch may take, in seconds: far below the handler's own limit.
const BATCH_S: u64 = 10;

/// Puts the texts that are needed into the meetings.
pub(super) async fn fetch(
    claims: &Claims,
    items: &[Item],
    settings: &HashMap<String, Arc<Settings>>,
) -> Vec<Option<Meeting>> {
    let until = Instant::now() + Duration::from_secs(BATCH_S);
    let mut fetched = Vec::with_capacity(items.len());
    for item in items {
        let mapping = settings
            .get(&item.workspace)
            .and_then(|of| of.mapping.as_ref());
        let needed = mapping.is_some_and(|mapping| {
            item.meeting
                .claims
                .iter()
                .any(|claim| needs(mapping, claim.content))
        });
        fetched.push(match (needed, mapping) {
            (true, Some(mapping)) => Some(with_texts(claims, item, mapping, until).await),
            _ => None,
        });
    }
    fetched
}

async fn with_texts(claims: &Claims, item: &Item, mapping: &Mapping, until: Instant) -> Meeting {
    let mut meeting = item.meeting.clone();
    for claim in item
        .meeting
        .claims
        .iter()
        .filter(|claim| needs(mapping, claim.content))
    {
        let text = match tokio::time::timeout_at(until, claims.fetch(claim)).await {
            Ok(text) => text,
            Err(_elapsed) => Err("other texts took too long".to_owned()),
        };
        match text {
            Ok(text) => meeting.set_text(claim.content, meeting::Content::Inline(text)),
            Err(why) => {
                tracing::warn!(
                    workspace.id = item.workspace,
                    meeting.id = item.meeting.id,
                    error = why,
                    "a text kept outside its event could not be fetched"
                );
                meeting.unfetched = format!(
                    "the {} kept outside the event could not be fetched: {why}",
                    claim.content.as_str()
                );
            }
        }
    }
    meeting
}

/// Whether anything of the mapping asks for a text.
fn needs(mapping: &Mapping, content: Content) -> bool {
    let property = match content {
        Content::Notes => "meeting.notes",
        Content::Summary => "meeting.summary",
        Content::Meeting | Content::RecordingLink => return false,
    };
    mapping
        .destinations
        .iter()
        .any(|destination| destination.content == content)
        || mapping
            .entries
            .iter()
            .any(|entry| entry.property == property)
}
