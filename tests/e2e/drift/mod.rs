//! The org changes under the mapping: what it hits is held, and Salesforce never refuses a write.

mod known;
mod queued;
mod unseen;

use crate::world::World;
use events::crm::v1::{Mapping, MappingEntry, OverwritePolicy};
use events::meeting::v1::{ExtractedValue, Value, value};
use events::metadata::v1::SyncKind;
use events::writeback::v1::{ChangeSet, ChangeState, PermissionMode, PropertyPermission};
use salesforce_sim::Command;
use salesforce_sim::config::INTEGRATION_USERNAME;
use std::collections::BTreeMap;
use testkit::fixtures::Publication;
use testkit::setup::Settings;

/// A field of the deal, and what happens to it.
struct Case {
    /// The property mapped to it.
    property: &'static str,
    /// The field.
    field: &'static str,
    /// Its definition before.
    definition: &'static str,
    /// What an admin of the org does.
    change: fn(object: String, field: String) -> Command,
}

/// What every property says: it fits every field before the org changes, and none after.
const SAID: &str = "said";

const DELETED: Case = Case {
    property: "deleted",
    field: "Deleted__c",
    definition: "string(80)",
    change: |object, field| Command::DeleteField { object, field },
};
const RENAMED: Case = Case {
    property: "renamed",
    field: "Renamed__c",
    definition: "string(80)",
    change: |object, field| Command::RenameField {
        object,
        field,
        to: "Other__c".into(),
    },
};
const RETYPED: Case = Case {
    property: "retyped",
    field: "Retyped__c",
    definition: "string(80)",
    change: |object, field| Command::RetypeField {
        object,
        field,
        definition: "Retyped__c double(18,2) cunp \"Retyped__c\"".into(),
    },
};
const LOCKED: Case = Case {
    property: "locked",
    field: "Locked__c",
    definition: "string(80)",
    change: |object, field| Command::SetFieldPermission {
        username: INTEGRATION_USERNAME.into(),
        object,
        field,
        read: true,
        edit: false,
    },
};
const SHORTENED: Case = Case {
    property: "shortened",
    field: "Shortened__c",
    definition: "string(80)",
    change: |object, field| Command::SetLength {
        object,
        field,
        length: 3,
    },
};
const DEACTIVATED: Case = Case {
    property: "deactivated",
    field: "Deactivated__c",
    definition: "picklist(80)",
    change: |object, field| Command::SetPicklist {
        object,
        field,
        active: vec!["other".into()],
        inactive: vec![SAID.into()],
    },
};
const UNLISTED: Case = Case {
    property: "unlisted",
    field: "Unlisted__c",
    definition: "picklist(80)",
    change: |object, field| Command::SetPicklist {
        object,
        field,
        active: vec!["other".into()],
        inactive: vec![],
    },
};

/// Adds the fields, maps them beside `NextStep`, permits and verifies; answers what was set.
async fn map(world: &World, cases: &[Case]) -> Settings {
    let control = world.control();
    for case in cases {
        let values = if case.definition.starts_with("picklist") {
            " values=said|other"
        } else {
            ""
        };
        let command = Command::AddField {
            object: "Opportunity".into(),
            definition: format!(
                "{} {} cunp \"{}\"{values}",
                case.field, case.definition, case.field
            ),
        };
        control.send(&command).await.expect("a field");
        if !values.is_empty() {
            let restrict = Command::SetRestricted {
                object: "Opportunity".into(),
                field: case.field.into(),
                restricted: true,
            };
            control.send(&restrict).await.expect("is restricted");
        }
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", case.field, true, true)
            .await
            .expect("may be written");
    }
    world.admin.sync(SyncKind::Schema).await.expect("is read");
    let all = Settings::read().expect("settings are understood");
    let entry = |case: &Case| MappingEntry {
        id: case.property.into(),
        property: case.property.into(),
        object: "Opportunity".into(),
        field: case.field.into(),
        overwrite: OverwritePolicy::ReplaceAlways.into(),
        confidence_min: 0.5,
        ..MappingEntry::default()
    };
    let next_step = all
        .mapping
        .entries
        .iter()
        .find(|entry| entry.id == "next_step");
    let permitted = cases.iter().map(|case| case.field);
    let settings = Settings {
        mapping: Mapping {
            entries: next_step
                .cloned()
                .into_iter()
                .chain(cases.iter().map(entry))
                .collect(),
            ..all.mapping.clone()
        },
        permissions: all
            .permissions
            .iter()
            .cloned()
            .chain(permitted.map(automatic))
            .collect(),
        ..all
    };
    world.admin.map(&settings).await.expect("is published");
    world.admin.permit(&settings).await.expect("is permitted");
    world.admin.verify().await.expect("passes");
    settings
}

/// Lets a field be written without asking.
fn automatic(field: &str) -> PropertyPermission {
    PropertyPermission {
        object: "Opportunity".into(),
        field: field.into(),
        mode: PermissionMode::Automatic.into(),
        ..PropertyPermission::default()
    }
}

/// What an admin of the org does to each field.
async fn change(world: &World, cases: &[Case]) {
    for case in cases {
        let command = (case.change)("Opportunity".into(), case.field.into());
        let control = world.control();
        control.send(&command).await.expect("the org changes");
    }
}

/// A meeting that says something for every field.
fn saying(world: &World, number: usize, cases: &[Case]) -> Publication {
    let mut meeting = world.meeting(number);
    for case in cases {
        meeting.event.extracted_values.push(ExtractedValue {
            property: case.property.into(),
            value: Some(Value {
                kind: Some(value::Kind::Text(SAID.into())),
            }),
            confidence: 0.95,
            ..ExtractedValue::default()
        });
    }
    meeting
}

/// Where the change of each field stands.
fn states(set: &ChangeSet) -> BTreeMap<&str, ChangeState> {
    set.changes
        .iter()
        .filter(|change| !change.field.is_empty())
        .map(|change| (change.field.as_str(), change.state()))
        .collect()
}

/// Asserts that every field's change is held, by what it says of each.
fn assert_held(set: &ChangeSet, cases: &[Case]) {
    let states = states(set);
    for case in cases {
        let state = states.get(case.field).copied();
        assert!(
            matches!(state, Some(ChangeState::Held | ChangeState::Blocked)),
            "{} is {state:?}: {:?}",
            case.field,
            set.changes
        );
    }
}

/// Writes the org refused so far.
async fn refusals(world: &World) -> usize {
    let attempts = world.control().attempts(0).await;
    attempts.expect("attempts are told").len()
}
