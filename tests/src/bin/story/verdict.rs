//! Whether the story showed what it is there to show.

use crate::tale::{Tale, reasons};
use anyhow::bail;
use events::writeback::v1::{Action, Change, ChangeState};

/// Fails when one of the four kinds of ending is missing, or, when strict, when a meeting ended unexpectedly.
pub(crate) fn check(tales: &[Tale], strict: bool) -> anyhow::Result<()> {
    let changes: Vec<&Change> = tales.iter().flat_map(Tale::changes).collect();
    let count =
        |wanted: &dyn Fn(&Change) -> bool| changes.iter().filter(|change| wanted(change)).count();
    let is = |change: &Change, state: ChangeState| change.state() == state;
    let with_reason =
        |change: &Change, state: ChangeState| is(change, state) && !reasons(change).is_empty();
    let kinds = [
        (
            "applied field updates",
            count(&|c| c.action() == Action::UpdateField && is(c, ChangeState::Applied)),
        ),
        (
            "applied activities",
            count(&|c| c.action() != Action::UpdateField && is(c, ChangeState::Applied)),
        ),
        (
            "held changes, each with its reason",
            count(&|c| with_reason(c, ChangeState::Held)),
        ),
        (
            "blocked changes, each with its reason",
            count(&|c| with_reason(c, ChangeState::Blocked)),
        ),
    ];
    for (kind, count) in kinds {
        println!("{count:>4}  {kind}");
    }
    let told = tales.iter().filter(|tale| tale.skipped.is_none()).count();
    let differing: Vec<&Tale> = tales
        .iter()
        .filter(|tale| !tale.differences.is_empty())
        .collect();
    println!(
        "{:>4}  of {told} meetings ended as their files expect",
        told - differing.len()
    );
    for tale in &differing {
        println!(
            "      {}: {}",
            tale.meeting.id(),
            tale.differences.join("; ")
        );
    }
    let missing: Vec<&str> = kinds
        .iter()
        .filter(|(_, count)| *count == 0)
        .map(|(kind, _)| *kind)
        .collect();
    if !missing.is_empty() {
        bail!("the story lacks {}", missing.join(", "));
    }
    if strict && !differing.is_empty() {
        bail!("{} meetings ended otherwise than expected", differing.len());
    }
    Ok(())
}
