//! The org changes between two reads of its schema: what it hits is held, and Salesforce never refuses a write.

use crate::world::{WORKSPACE, World};
use events::crm::v1::{DriftKind, Mapping, MappingEntry, OverwritePolicy};
use events::meeting::v1::{ExtractedValue, Value, value};
use events::metadata::v1::SyncKind;
use events::writeback::v1::{ChangeState, PermissionMode, PropertyPermission};
use salesforce_sim::Command;
use std::collections::BTreeMap;
use testkit::setup::Settings;

/// Properties and the fields they go to; each field changes in another way.
const FIELDS: [(&str, &str); 4] = [
    ("deleted", "Deleted__c"),
    ("renamed", "Renamed__c"),
    ("retyped", "Retyped__c"),
    ("locked", "Locked__c"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_field_deleted_renamed_retyped_or_locked_is_held_and_no_write_fails() {
    let world = World::live().await;
    let control = world.control();
    let username = salesforce_sim::config::INTEGRATION_USERNAME;
    for (_, field) in FIELDS {
        let command = Command::AddField {
            object: "Opportunity".into(),
            definition: format!("{field} string(80) cunp \"{field}\""),
        };
        control.send(&command).await.expect("a field");
        control
            .set_field_permission(username, "Opportunity", field, true, true)
            .await
            .expect("may be written");
    }
    world.admin.sync(SyncKind::Schema).await.expect("is read");
    let all = Settings::read().expect("settings are understood");
    let entry = |(property, field): (&str, &str)| MappingEntry {
        id: property.into(),
        property: property.into(),
        object: "Opportunity".into(),
        field: field.into(),
        overwrite: OverwritePolicy::ReplaceAlways.into(),
        confidence_min: 0.5,
        ..MappingEntry::default()
    };
    let next_step = all
        .mapping
        .entries
        .iter()
        .find(|entry| entry.id == "next_step");
    let entries = next_step.cloned().into_iter().chain(FIELDS.map(entry));
    let permission = |(_, field): (&str, &str)| PropertyPermission {
        object: "Opportunity".into(),
        field: field.into(),
        mode: PermissionMode::Automatic.into(),
        ..PropertyPermission::default()
    };
    let settings = Settings {
        mapping: Mapping {
            entries: entries.collect(),
            ..all.mapping.clone()
        },
        permissions: all
            .permissions
            .iter()
            .cloned()
            .chain(FIELDS.map(permission))
            .collect(),
        ..all
    };
    world.admin.map(&settings).await.expect("is published");
    world.admin.permit(&settings).await.expect("is permitted");
    world.admin.verify().await.expect("passes");

    let object = || "Opportunity".to_owned();
    for command in [
        Command::DeleteField {
            object: object(),
            field: "Deleted__c".into(),
        },
        Command::RenameField {
            object: object(),
            field: "Renamed__c".into(),
            to: "Other__c".into(),
        },
        Command::RetypeField {
            object: object(),
            field: "Retyped__c".into(),
            definition: "Retyped__c double(18,2) cunp \"Retyped__c\"".into(),
        },
        Command::SetFieldPermission {
            username: username.into(),
            object: object(),
            field: "Locked__c".into(),
            read: true,
            edit: false,
        },
    ] {
        control.send(&command).await.expect("the org changes");
    }
    world.admin.sync(SyncKind::Schema).await.expect("is read");
    let attempts = control.attempts(0).await.expect("attempts are told").len();
    let mut meeting = world.meeting(0);
    for (property, _) in FIELDS {
        meeting.event.extracted_values.push(ExtractedValue {
            property: property.into(),
            value: Some(Value {
                kind: Some(value::Kind::Text("said".into())),
            }),
            confidence: 0.95,
            ..ExtractedValue::default()
        });
    }
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    let states: BTreeMap<&str, ChangeState> = set
        .changes
        .iter()
        .filter(|change| !change.field.is_empty())
        .map(|change| (change.field.as_str(), change.state()))
        .collect();
    for (_, field) in FIELDS {
        let state = states.get(field).copied();
        assert!(
            matches!(state, Some(ChangeState::Held | ChangeState::Blocked)),
            "{field} is {state:?}"
        );
    }
    assert_eq!(
        states.get("NextStep"),
        Some(&ChangeState::Applied),
        "the rest keeps working"
    );
    let failed = control.attempts(0).await.expect("attempts are told");
    assert_eq!(failed.len(), attempts, "{failed:?}");

    let items = world.admin.drift(false).await.expect("drift is told");
    let found: BTreeMap<&str, DriftKind> = items
        .iter()
        .map(|item| (item.field.as_str(), item.kind()))
        .collect();
    assert_eq!(
        found,
        BTreeMap::from([
            ("Deleted__c", DriftKind::FieldRemoved),
            ("Renamed__c", DriftKind::FieldRenamed),
            ("Retyped__c", DriftKind::FieldRetyped),
            ("Locked__c", DriftKind::PermissionLost),
        ]),
        "in {WORKSPACE}"
    );
    for item in &items {
        assert!(
            item.queued_changes_known && item.queued_changes == 1,
            "{item:?}"
        );
    }
}
