//! Which entries a change suspends, and when they are released.

use events::crm::v1::{DriftDetected, DriftKind, DriftStatus};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use super::{newest, open_items, read_schema, suspended};
use crate::mapping::{entry, publish};
use crate::world::World;

pub(super) fn field(command: &str) -> Command {
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
