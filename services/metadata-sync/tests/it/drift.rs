//! Drift: a change in the org suspends exactly the entries it breaks, before anything is written.

use events::crm::v1::{DriftDetected, DriftItem, DriftKind, DriftStatus, Mapping, MappingChanged};
use events::metadata::v1::{ListDriftRequest, ResolveDriftRequest, SyncKind, SyncState};
use events::rpc::{Code, Role};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use crate::mapping::{entry, publish};
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

fn field(command: &str) -> Command {
    let (object, field) = ("Opportunity".to_owned(), "Mood__c".to_owned());
    match command {
        "delete" => Command::DeleteField { object, field },
        "rename" => Command::RenameField {
            object,
            field,
            to: "Feeling__c".into(),
        },
        "retype" => Command::RetypeField {
            object,
            field,
            definition: "Mood__c double(18,2) cunp \"Mood\"".into(),
        },
        _ => Command::SetFieldPermission {
            username: INTEGRATION_USERNAME.into(),
            object,
            field,
            read: true,
            edit: false,
        },
    }
}

#[tokio::test]
async fn a_field_deleted_renamed_retyped_or_locked_suspends_its_entry_and_no_other() {
    for (command, kind) in [
        ("delete", DriftKind::FieldRemoved),
        ("rename", DriftKind::FieldRenamed),
        ("retype", DriftKind::FieldRetyped),
        ("lock", DriftKind::PermissionLost),
    ] {
        let world = World::new().await;
        let control = world.sim.control();
        control
            .send(&Command::AddField {
                object: "Opportunity".into(),
                definition: "Mood__c string(80) cunp \"Mood\"".into(),
            })
            .await
            .expect("a field");
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "Mood__c", true, true)
            .await
            .expect("may be written");
        let running = world.connected().await;
        publish(
            &world,
            vec![
                entry("mood", "Opportunity", "Mood__c"),
                entry("next_step", "Opportunity", "NextStep"),
            ],
        )
        .await;
        control
            .send(&field(command))
            .await
            .expect("the org changes");
        read_schema(&world).await;

        let mapping = newest(&world).await;
        assert_eq!(suspended(&mapping), ["mood"], "{command}");
        assert_eq!((mapping.version, mapping.revision), (1, 2), "{command}");
        let items = open_items(&world).await;
        let found: Vec<(DriftKind, &str, &[String])> = items
            .iter()
            .map(|item| (item.kind(), item.field.as_str(), item.entry_ids.as_slice()))
            .collect();
        assert_eq!(
            found,
            [(kind, "Mood__c", &["mood".to_owned()][..])],
            "{command}"
        );
        assert!(!items[0].proposed_repair.is_empty());
        let told = world.events::<DriftDetected>().await;
        assert_eq!(
            told.last().map(|event| event.items.clone()),
            Some(items),
            "{command}"
        );
        running.shutdown().await.expect("stops");
    }
}

#[tokio::test]
async fn an_entry_is_released_when_the_org_is_as_before() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    let edit = async |edit| {
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, edit)
            .await
            .expect("permission changes");
        read_schema(&world).await;
    };
    edit(false).await;
    assert_eq!(suspended(&newest(&world).await), ["next_step"]);
    edit(true).await;
    let mapping = newest(&world).await;
    assert_eq!((suspended(&mapping), mapping.revision), (vec![], 3));
    assert_eq!(open_items(&world).await, []);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn accepting_releases_only_what_works() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, false)
        .await
        .expect("is locked");
    read_schema(&world).await;
    let item = open_items(&world).await.remove(0);
    let client = world.client().await;
    let resolve = |status: DriftStatus, reason: &str| ResolveDriftRequest {
        workspace: WORKSPACE.into(),
        id: item.id.clone(),
        status: status.into(),
        reason: reason.into(),
    };
    let admin = caller(Role::Admin);
    let early = client
        .resolve_drift(&admin, resolve(DriftStatus::Repaired, ""))
        .await
        .expect_err("is refused");
    assert_eq!(early.code, Code::FailedPrecondition);
    let unreasoned = client
        .resolve_drift(&admin, resolve(DriftStatus::Ignored, " "))
        .await
        .expect_err("is refused");
    assert_eq!(unreasoned.code, Code::InvalidArgument);
    let decided = client
        .resolve_drift(&admin, resolve(DriftStatus::Ignored, "as agreed"))
        .await
        .expect("is decided");
    assert_eq!(
        decided.item.map(|item| item.status()),
        Some(DriftStatus::Ignored)
    );
    assert_eq!(
        suspended(&newest(&world).await),
        ["next_step"],
        "it still cannot be written"
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn what_nobody_mapped_is_no_drift_and_what_only_widens_needs_nobody() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    for command in [
        Command::AddField {
            object: "Opportunity".into(),
            definition: "Mood__c string(80) cunp \"Mood\"".into(),
        },
        Command::SetLength {
            object: "Opportunity".into(),
            field: "NextStep".into(),
            length: 300,
        },
    ] {
        control.send(&command).await.expect("the org changes");
    }
    read_schema(&world).await;
    assert_eq!(open_items(&world).await, []);
    let told: Vec<(DriftKind, DriftStatus)> = world
        .events::<DriftDetected>()
        .await
        .iter()
        .flat_map(|event| &event.items)
        .map(|item| (item.kind(), item.status()))
        .collect();
    assert_eq!(told, [(DriftKind::FieldLengthened, DriftStatus::Accepted)]);
    assert_eq!(newest(&world).await.revision, 1);
    running.shutdown().await.expect("stops");
}
