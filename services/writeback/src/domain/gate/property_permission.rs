//! Our own permission, the first of the two locks.

use super::{Reason, Subject};
use crate::domain::change::{Action, Verdict};
use crate::domain::settings::Mode;

/// Code of a change to what the admin did not permit.
pub const PERMISSION_OFF: &str = "off";

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let proposal = subject.proposal;
    let permissions = &subject.around.settings.permissions;
    let (mode, what) = if proposal.action.creates() {
        // Further people of an activity come with it.
        let object = match proposal.object.as_str() {
            "TaskRelation" => "Task",
            "EventRelation" => "Event",
            other => other,
        };
        (
            permissions.create(object),
            format!("creating {} records", proposal.object),
        )
    } else if proposal.entry_id.is_empty() && proposal.action == Action::UpdateField {
        // Text added to a calendar Event stands in for creating one.
        (
            permissions.create(&proposal.object),
            format!("adding to {} records", proposal.object),
        )
    } else {
        (
            permissions.update(&proposal.object, &proposal.field),
            format!("writing {}.{}", proposal.object, proposal.field),
        )
    };
    let (verdict, code, text) = match mode {
        Mode::Automatic => return Vec::new(),
        Mode::Review => (Verdict::Hold, "review", "is set to review"),
        Mode::ReadOnly => (Verdict::Block, "read_only", "is set to read-only"),
        Mode::Off => (Verdict::Block, PERMISSION_OFF, "is off"),
    };
    vec![Reason::new(
        "",
        verdict,
        code,
        format!("{what} {text} in this workspace"),
    )]
}
