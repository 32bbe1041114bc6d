//! Egress: content leaves only where an admin configured a destination for it.

use super::{Reason, Subject};
use crate::domain::change::{Action, Verdict};
use crate::domain::mapping::{ActivityKind, Content};
use crate::domain::note;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let proposal = subject.proposal;
    let Some(mapping) = subject.around.settings.mapping.as_ref() else {
        return Vec::new();
    };
    let kind = match proposal.action {
        // A mapping entry is itself the destination of the property it names.
        Action::UpdateField if !proposal.entry_id.is_empty() => return Vec::new(),
        // Taking back sends nothing.
        Action::DeleteRecord => return Vec::new(),
        // Names and addresses of people are no content of the meeting; that they may go is the admin's permission to create.
        Action::CreateContact
        | Action::CreateRole
        | Action::CreateRelation
        | Action::CreateOpportunity => return Vec::new(),
        // A newer revision's text goes where the older one's went.
        Action::UpdateField if proposal.object == "Task" => ActivityKind::Task,
        Action::UpdateField if proposal.object == note::OBJECT => ActivityKind::Note,
        Action::UpdateField | Action::CreateEvent => ActivityKind::Event,
        Action::CreateTask => ActivityKind::Task,
        Action::CreateNote => ActivityKind::Note,
    };
    let allowed = mapping.contents(kind);
    let leaking: Vec<&str> = proposal
        .contents
        .iter()
        .filter(|content| !allowed.contains(content))
        .map(|content| Content::as_str(*content))
        .collect();
    if leaking.is_empty() {
        return Vec::new();
    }
    vec![Reason::new(
        "",
        Verdict::Block,
        "no_destination",
        format!(
            "{} may not leave as {}: no destination is configured",
            leaking.join(", "),
            proposal.object
        ),
    )]
}
