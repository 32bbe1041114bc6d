//! Drift: a change in the org suspends exactly the entries it breaks, before anything is written.

mod decision;
mod kinds;
mod objects;
mod repair;
mod suspension;

use events::crm::v1::{
    DriftDetected, DriftItem, DriftKind, DriftSeverity, DriftStatus, Mapping, MappingChanged,
};
use events::metadata::v1::{ListDriftRequest, SyncKind, SyncState};
use events::rpc::Role;
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use crate::world::{WORKSPACE, World, caller};

async fn newest(world: &World) -> Mapping {
    world.until_ended(2).await;
    let told = world.events::<MappingChanged>().await;
    told.last()
        .and_then(|event| event.mapping.clone())
        .expect("a mapping")
}

fn suspended(mapping: &Mapping) -> Vec<&str> {
    let entries = mapping.entries.iter().filter(|entry| entry.suspended);
    entries.map(|entry| entry.id.as_str()).collect()
}

async fn read_schema(world: &World) {
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
}

async fn open_items(world: &World) -> Vec<DriftItem> {
    let request = ListDriftRequest {
        workspace: WORKSPACE.into(),
        include_resolved: false,
        limit: 0,
    };
    world
        .client()
        .await
        .list_drift(&caller(Role::Viewer), request)
        .await
        .expect("drift")
        .items
}

/// Sends a command to the org, reads the schema, and answers what was told about the change.
async fn told_after(world: &World, command: Command) -> Vec<DriftItem> {
    let before = world.events::<DriftDetected>().await.len();
    world
        .sim
        .control()
        .send(&command)
        .await
        .expect("the org changes");
    read_schema(world).await;
    let told = world.events::<DriftDetected>().await.split_off(before);
    told.into_iter().flat_map(|event| event.items).collect()
}

/// Adds a field the connected user may write.
async fn add_field(world: &World, name: &str, definition: &str) {
    let control = world.sim.control();
    control
        .send(&Command::AddField {
            object: "Opportunity".into(),
            definition: format!("{name} {definition}"),
        })
        .await
        .expect("a field");
    control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", name, true, true)
        .await
        .expect("may be written");
}

/// What is told of one change of the org: its kind, how much it matters, the entries it breaks and those it touches.
type Told<'a> = (DriftKind, DriftSeverity, &'a [&'a str], &'a [&'a str]);

/// Asserts what a change of the org tells. What it undid by the way is told too; here it is about what is new.
async fn assert_told(world: &World, command: Command, expected: &[Told<'_>]) {
    let what = format!("{command:?}");
    let told = told_after(world, command).await;
    let found: Vec<(DriftKind, DriftSeverity, Vec<&str>, Vec<&str>)> = told
        .iter()
        .filter(|item| item.status() != DriftStatus::Repaired)
        // A stage is a picklist value as well.
        .filter(|item| item.field != "StageName" || stage(item.kind()))
        .map(|item| {
            (
                item.kind(),
                item.severity(),
                ids(&item.entry_ids),
                ids(&item.touched_entry_ids),
            )
        })
        .collect();
    let expected: Vec<(DriftKind, DriftSeverity, Vec<&str>, Vec<&str>)> = expected
        .iter()
        .map(|(kind, severity, broken, touched)| {
            (*kind, *severity, broken.to_vec(), touched.to_vec())
        })
        .collect();
    assert_eq!(found, expected, "{what}: {told:#?}");
}

fn ids(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn stage(kind: DriftKind) -> bool {
    matches!(
        kind,
        DriftKind::StageAdded | DriftKind::StageChanged | DriftKind::StageRemoved
    )
}
