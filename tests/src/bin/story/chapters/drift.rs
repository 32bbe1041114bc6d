//! The org changes under the mapping, between two meetings, and nobody has read it since: the change is noticed before it
//! is written, what it hits is held, and what was held is written once a person took the repair.

use super::skipped;
use super::stage::{SHOWN_MAX, Stage, change_of};
use crate::tale::{label, reasons, state_word};
use crate::tell::step;
use anyhow::{Context, ensure};
use events::crm::v1::{DriftItem, DriftStatus, MappingEntry, OverwritePolicy};
use events::metadata::v1::SyncKind;
use events::writeback::v1::{ChangeSet, ChangeState, PermissionMode, PropertyPermission};
use serde_json::{Value, json};
use testkit::eventually::within;
use testkit::setup::Settings;
use testkit::stack::Simulator;

/// The sample meeting that is published again with other words.
const SAMPLE: &str = "clean-match";
const OBJECT: &str = "Opportunity";
/// The field the org renames, before and after.
const FIELD: &str = "Agreed_Step__c";
const RENAMED: &str = "Agreed_Move__c";
/// The mapping entry that fills it.
const ENTRY: &str = "agreed_step";

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let Some(simulator) = stage.set.simulator else {
        skipped("changing the org's fields");
        return Ok(());
    };
    let mut settings = map(stage, simulator).await?;
    let before = stage
        .publish(SAMPLE, "before-drift", "Agree on the pilot's goals")
        .await?;
    let before = stage.settled(&before).await?;
    ensure!(
        state(&before, FIELD)? == ChangeState::Applied,
        "{OBJECT}.{FIELD} is not written before the org changes: {}",
        reasons(change_of(&before, &place(FIELD))?).join("; ")
    );
    step(&format!(
        "a meeting before the change: {OBJECT}.{FIELD} applied"
    ));

    let rename =
        json!({"command": "rename_field", "object": OBJECT, "field": FIELD, "to": RENAMED});
    simulator.command(&rename).await?;
    allow(stage, simulator, RENAMED).await?;
    step(&format!(
        "an admin of the org renames {FIELD} to {RENAMED}; nobody reads the schema"
    ));
    let held = stage
        .publish(SAMPLE, "after-drift", "Send the pilot's contract")
        .await?;
    let held = stage.settled(&held).await?;
    let change = change_of(&held, &place(FIELD))?;
    ensure!(
        change.state() == ChangeState::Held,
        "{OBJECT}.{FIELD} is {}, not held: {}",
        state_word(change.state()),
        reasons(change).join("; ")
    );
    step(&format!(
        "the next meeting: the org is asked before it is written to, is read, and {OBJECT}.{FIELD} is held: {}",
        reasons(change).join("; ")
    ));
    let others: Vec<String> = held
        .changes
        .iter()
        .filter(|change| label(change) != place(FIELD))
        .map(|change| format!("{} {}", label(change), state_word(change.state())))
        .collect();
    step(&format!("the rest of that meeting: {}", others.join(", ")));

    let items = stage.set.admin.drift(false).await?;
    let item = items
        .into_iter()
        .find(|item| item.object == OBJECT && item.field == FIELD)
        .with_context(|| format!("nothing was found about {OBJECT}.{FIELD}"))?;
    step(&told(&item));
    ensure!(
        item.queued_changes_known && item.queued_changes >= 1,
        "the held change is not counted in the blast radius"
    );
    ensure!(item.repairable, "the rename is not repairable");
    let repaired = stage.set.admin.repair(&item).await?;
    let by = repaired.item.context("the repaired item is not answered")?;
    ensure!(
        by.status() == DriftStatus::Repaired,
        "the item is {:?} after its repair",
        by.status()
    );
    step(&format!(
        "the admin takes the repair: {}, by {}; mapping version {} is published",
        by.reason,
        by.resolved_by,
        repaired.mapping.map_or(0, |mapping| mapping.version)
    ));
    settings.permissions.push(permission(RENAMED));
    stage.set.admin.permit(&settings).await?;
    let verified = stage.set.admin.verify().await?;
    step(&format!(
        "they permit {OBJECT}.{RENAMED} and verify again, on {} values",
        verified.run.results.len()
    ));
    let released = within(SHOWN_MAX, || async {
        let set = stage.set.admin.change_set(&held.meeting_id).await.ok()??;
        (state(&set, RENAMED).ok()? == ChangeState::Applied).then_some(())
    });
    released
        .await
        .with_context(|| format!("the held change was not released to {OBJECT}.{RENAMED}"))?;
    step(&format!(
        "the held change is released under the new name: {OBJECT}.{RENAMED} applied"
    ));
    Ok(())
}

/// A field of the org's own, mapped beside the others, permitted and verified.
async fn map(stage: &Stage<'_>, simulator: &Simulator) -> anyhow::Result<Settings> {
    let add = json!({
        "command": "add_field", "object": OBJECT,
        "definition": format!("{FIELD} string(120) cunp \"Agreed step\""),
    });
    simulator.command(&add).await?;
    allow(stage, simulator, FIELD).await?;
    stage.set.admin.sync(SyncKind::Schema).await?;
    let mut settings = Settings::read()?;
    settings.mapping.entries.push(MappingEntry {
        id: ENTRY.into(),
        property: "next_step".into(),
        object: OBJECT.into(),
        field: FIELD.into(),
        overwrite: OverwritePolicy::ReplaceAlways.into(),
        confidence_min: 0.5,
        ..MappingEntry::default()
    });
    settings.permissions.push(permission(FIELD));
    let mapping = stage.set.admin.map(&settings).await?;
    stage.set.admin.permit(&settings).await?;
    stage.set.admin.verify().await?;
    step(&format!(
        "the org has a field {FIELD} of its own; an admin maps next_step to it, mapping version {}",
        mapping.version
    ));
    Ok(settings)
}

fn place(field: &str) -> String {
    format!("{OBJECT}.{field}")
}

fn permission(field: &str) -> PropertyPermission {
    PropertyPermission {
        object: OBJECT.into(),
        field: field.into(),
        mode: PermissionMode::Automatic.into(),
        ..PropertyPermission::default()
    }
}

fn state(set: &ChangeSet, field: &str) -> anyhow::Result<ChangeState> {
    Ok(change_of(set, &place(field))?.state())
}

/// What an admin of the org does in its setup.
async fn allow(stage: &Stage<'_>, simulator: &Simulator, field: &str) -> anyhow::Result<()> {
    let command: Value = json!({
        "command": "set_field_permission", "username": stage.set.org.username,
        "object": OBJECT, "field": field, "read": true, "edit": true,
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
