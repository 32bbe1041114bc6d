//! The org changes under the mapping, between two meetings: the change is found, what it hits is held, and what was held
//! is written once the org is mended.

use super::skipped;
use super::stage::{SHOWN_MAX, Stage, change_of};
use crate::tale::{label, reasons, state_word};
use crate::tell::step;
use anyhow::{Context, ensure};
use events::crm::v1::{DriftItem, DriftStatus};
use events::metadata::v1::SyncKind;
use events::writeback::v1::{ChangeSet, ChangeState};
use serde_json::json;
use testkit::eventually::within;
use testkit::stack::Simulator;

/// The sample meeting that is published again with other words, and the field the org takes away.
const SAMPLE: &str = "clean-match";
const OBJECT: &str = "Opportunity";
const FIELD: &str = "NextStep";
const LABEL: &str = "Opportunity.NextStep";

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let Some(simulator) = stage.set.simulator else {
        skipped("changing the org's permissions");
        return Ok(());
    };
    let before = stage
        .publish(SAMPLE, "before-drift", "Agree on the pilot's goals")
        .await?;
    ensure!(
        state(&stage.settled(&before).await?)? == ChangeState::Applied,
        "{LABEL} is not written before the org changes"
    );
    step(&format!("a meeting before the change: {LABEL} applied"));

    allow(stage, simulator, false).await?;
    let read = stage.set.admin.sync(SyncKind::Schema).await?;
    let found = open(stage)
        .await?
        .with_context(|| format!("nothing was found about {LABEL}"))?;
    step(&format!(
        "an admin of the org takes {LABEL} from the connected user; the next read of the schema ({} calls) finds it",
        read.api_calls
    ));

    let held = stage
        .publish(SAMPLE, "after-drift", "Send the pilot's contract")
        .await?;
    let held = stage.settled(&held).await?;
    let change = change_of(&held, LABEL)?;
    ensure!(
        change.state() == ChangeState::Held,
        "{LABEL} is {}, not held: {}",
        state_word(change.state()),
        reasons(change).join("; ")
    );
    step(&format!(
        "a meeting after it: {LABEL} held: {}",
        reasons(change).join("; ")
    ));
    let others: Vec<String> = held
        .changes
        .iter()
        .filter(|change| label(change) != LABEL)
        .map(|change| format!("{} {}", label(change), state_word(change.state())))
        .collect();
    step(&format!("the rest of that meeting: {}", others.join(", ")));
    let item = open(stage).await?.unwrap_or(found);
    step(&told(&item));
    ensure!(
        item.queued_changes_known && item.queued_changes >= 1,
        "the held change is not counted in the blast radius"
    );

    allow(stage, simulator, true).await?;
    stage.set.admin.sync(SyncKind::Schema).await?;
    let item = stage
        .set
        .admin
        .drift(true)
        .await?
        .into_iter()
        .find(|known| known.id == item.id)
        .context("the drift item is gone")?;
    ensure!(
        item.status() == DriftStatus::Repaired,
        "the item is {:?} after the org was mended",
        item.status()
    );
    step(&format!(
        "the repair in the org is found: {}, by {}: {}",
        "repaired", item.resolved_by, item.reason
    ));
    let released = within(SHOWN_MAX, || async {
        let set = stage.set.admin.change_set(&held.meeting_id).await.ok()??;
        (state(&set).ok()? == ChangeState::Applied).then_some(())
    });
    released
        .await
        .with_context(|| format!("the held change of {LABEL} was not released"))?;
    step(&format!("the held change is released: {LABEL} applied"));
    Ok(())
}

fn state(set: &ChangeSet) -> anyhow::Result<ChangeState> {
    Ok(change_of(set, LABEL)?.state())
}

/// The open item about the field, when there is one.
async fn open(stage: &Stage<'_>) -> anyhow::Result<Option<DriftItem>> {
    let items = stage.set.admin.drift(false).await?;
    Ok(items
        .into_iter()
        .find(|item| item.object == OBJECT && item.field == FIELD))
}

/// What an admin of the org does in its setup.
async fn allow(stage: &Stage<'_>, simulator: &Simulator, edit: bool) -> anyhow::Result<()> {
    let command = json!({
        "command": "set_field_permission", "username": stage.set.org.username,
        "object": OBJECT, "field": FIELD, "read": true, "edit": edit,
    });
    simulator.command(&command).await?;
    Ok(())
}

fn told(item: &DriftItem) -> String {
    let severity = item.severity().as_str_name();
    let kind = item.kind().as_str_name();
    format!(
        "drift: {} {} of {}.{}: {} > {}; it hits mapping entries {} ({} suspended) and {} waiting changes; proposed: {}",
        severity
            .trim_start_matches("DRIFT_SEVERITY_")
            .to_lowercase(),
        kind.trim_start_matches("DRIFT_KIND_").to_lowercase(),
        item.object,
        item.field,
        item.before,
        item.after,
        item.touched_entry_ids.join(", "),
        item.entry_ids.len(),
        item.queued_changes,
        item.proposed_repair
    )
}
