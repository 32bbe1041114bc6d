//! Messages that were set aside, as far as they belong to a workspace.
//!
//! A message belongs to the workspace its subject ends with. One whose subject names none, or not a valid one, is seen
//! by super-admins only, in whichever workspace they look.

use chassis::bus::Quarantine;
use events::WorkspaceId;
use events::rpc::{Code, Role, RpcError};

use super::Asking;
use crate::wire::Page;
use crate::wire::quarantine::{QuarantineEntry, QuarantineItem};

/// Items looked at for one page, so that a workspace with few among many answers in bounded time.
const SCANNED_ITEMS_MAX: usize = 2_000;
/// Items read from the store at once.
const READ_ITEMS_MAX: usize = 500;

/// Oldest first, after `after`; the next page begins after its token.
pub(crate) async fn list(
    quarantine: &Quarantine,
    asking: &Asking,
    service: Option<&str>,
    mut after: u64,
    page_size: usize,
) -> Result<Page<QuarantineItem>, RpcError> {
    let mut items = Vec::new();
    let mut scanned = 0;
    loop {
        let read = quarantine
            .list(service, after, READ_ITEMS_MAX)
            .await
            .map_err(away)?;
        let last = read.len() < READ_ITEMS_MAX;
        scanned += read.len();
        for item in read {
            after = item.sequence;
            if !visible(&item.subject, asking) {
                continue;
            }
            items.push(item.into());
            if items.len() == page_size {
                return Ok(Page::new(items, after.to_string()));
            }
        }
        if last {
            return Ok(Page::new(items, String::new()));
        }
        if scanned >= SCANNED_ITEMS_MAX {
            return Ok(Page::new(items, after.to_string()));
        }
    }
}

pub(crate) async fn show(
    quarantine: &Quarantine,
    asking: &Asking,
    sequence: u64,
) -> Result<QuarantineEntry, RpcError> {
    // Sequences begin at 1; of 0 the store would say that the question is wrong, which is not that it is away.
    if sequence == 0 {
        return Err(unknown(sequence));
    }
    let entry = quarantine.show(sequence).await.map_err(away)?;
    let entry = entry.filter(|entry| visible(&entry.item.subject, asking));
    Ok(entry.ok_or_else(|| unknown(sequence))?.into())
}

/// Publishes it again on its own subject.
pub(crate) async fn replay(
    quarantine: &Quarantine,
    asking: &Asking,
    sequence: u64,
) -> Result<QuarantineItem, RpcError> {
    show(quarantine, asking, sequence).await?;
    // What keeps an item that is there from being replayed is its own state, and the reason says which.
    let replayed = quarantine
        .replay(sequence, &asking.context.caller.actor)
        .await
        .map_err(|error| RpcError::new(Code::FailedPrecondition, format!("{error:#}")))?;
    Ok(replayed.into())
}

/// Removes it for good.
pub(crate) async fn forget(
    quarantine: &Quarantine,
    asking: &Asking,
    sequence: u64,
) -> Result<(), RpcError> {
    show(quarantine, asking, sequence).await?;
    quarantine.forget(sequence).await.map_err(away)?;
    tracing::info!(
        quarantine.sequence = sequence,
        actor = asking.context.caller.actor,
        "quarantined message forgotten"
    );
    Ok(())
}

fn visible(subject: &str, asking: &Asking) -> bool {
    match workspace_of(subject) {
        Some(workspace) => workspace == asking.workspace,
        None => asking.role() == Role::SuperAdmin,
    }
}

/// The workspace an event's subject ends with.
fn workspace_of(subject: &str) -> Option<WorkspaceId> {
    events::event::EVENTS.iter().find_map(|(kind, _, _)| {
        let last = subject.strip_prefix(kind)?.strip_prefix('.')?;
        last.parse().ok()
    })
}

fn unknown(sequence: u64) -> RpcError {
    RpcError::not_found(&format!("quarantine item {sequence}"))
}

fn away(error: anyhow::Error) -> RpcError {
    tracing::warn!(
        error = format!("{error:#}"),
        "the quarantine cannot be read"
    );
    RpcError::new(
        Code::Unavailable,
        "the quarantine does not answer; try again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_seen_in_its_own_workspace_only() {
        let asking = |role| Asking::new("acme".parse().expect("valid"), "user:a", role, "r");
        for (subject, role, expected) in [
            ("ergo.meeting.processed.v1.acme", Role::Viewer, true),
            ("ergo.meeting.processed.v1.other", Role::Admin, false),
            ("ergo.meeting.processed.v1.other", Role::SuperAdmin, false),
            ("ergo.meeting.processed.v1", Role::SuperAdmin, true),
            ("", Role::SuperAdmin, true),
            ("", Role::Admin, false),
        ] {
            assert_eq!(
                visible(subject, &asking(role)),
                expected,
                "{subject} {role}"
            );
        }
    }
}
