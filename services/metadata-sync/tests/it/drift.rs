//! Drift: a change in the org suspends exactly the entries it breaks, before anything is written.

use events::crm::v1::DriftSeverity;
use events::crm::v1::{DriftDetected, DriftItem, DriftKind, DriftStatus, Mapping, MappingChanged};
use events::metadata::v1::{
    ListDriftRequest, RepairDriftRequest, ResolveDriftRequest, SyncKind, SyncState,
};
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

#[tokio::test]
async fn each_further_kind_of_change_is_told_with_its_severity_and_what_it_hits() {
    let world = World::new().await;
    let control = world.sim.control();
    control
        .send(&Command::SetUserPermissions {
            username: INTEGRATION_USERNAME.into(),
            api_enabled: None,
            view_setup: Some(true),
            update_inactive_owners: None,
        })
        .await
        .expect("may view setup");
    for definition in [
        "Mood__c picklist(80) cun \"Mood\" values=Good|Bad|Ugly",
        "Words__c string(200) cun \"Words\"",
    ] {
        control
            .send(&Command::AddField {
                object: "Opportunity".into(),
                definition: definition.into(),
            })
            .await
            .expect("a field");
    }
    for field in ["Mood__c", "Words__c"] {
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", field, true, true)
            .await
            .expect("may be written");
    }
    let running = world.connected().await;
    let mood = events::crm::v1::MappingEntry {
        synonyms: vec![events::crm::v1::Synonym {
            from: "fine".into(),
            to: "Good".into(),
        }],
        ..entry("mood", "Opportunity", "Mood__c")
    };
    let stage = entry("stage", "Opportunity", "StageName");
    let stage = events::crm::v1::MappingEntry {
        property: "meeting.suggested_stage".into(),
        ..stage
    };
    publish(
        &world,
        vec![mood, entry("words", "Opportunity", "Words__c"), stage],
    )
    .await;
    let object = || "Opportunity".to_owned();
    let field = |name: &str| name.to_owned();
    let values = |active: &[&str], inactive: &[&str]| Command::SetPicklist {
        object: object(),
        field: field("Mood__c"),
        active: active.iter().map(|value| (*value).to_owned()).collect(),
        inactive: inactive.iter().map(|value| (*value).to_owned()).collect(),
    };
    let rule = |formula: &str, active: bool| Command::PutRule {
        object: object(),
        name: "Needs_Words".into(),
        formula: formula.into(),
        message: "say more".into(),
        error_field: None,
        active,
    };
    let length = |length: u32| Command::SetLength {
        object: object(),
        field: field("Words__c"),
        length,
    };
    let stage_active = |active: bool| Command::SetStageActive {
        stage: "Negotiation/Review".into(),
        active,
    };
    use {DriftKind as K, DriftSeverity as S};
    for (command, expected) in [
        (
            length(250),
            vec![(K::FieldLengthened, S::Info, vec![], vec!["words"])],
        ),
        (
            length(100),
            vec![(K::FieldShortened, S::Warning, vec![], vec!["words"])],
        ),
        (
            Command::SetRestricted {
                object: object(),
                field: field("Mood__c"),
                restricted: true,
            },
            vec![(K::PicklistRestricted, S::Warning, vec![], vec!["mood"])],
        ),
        (
            values(&["Good", "Bad", "Ugly", "New"], &[]),
            vec![(K::PicklistValueAdded, S::Info, vec![], vec!["mood"])],
        ),
        (
            values(&["Good", "Bad", "New"], &["Ugly"]),
            vec![(
                K::PicklistValueDeactivated,
                S::Warning,
                vec![],
                vec!["mood"],
            )],
        ),
        (
            values(&["Bad", "New"], &["Ugly"]),
            vec![(
                K::PicklistValueRemoved,
                S::Critical,
                vec!["mood"],
                vec!["mood"],
            )],
        ),
        (
            rule("ISBLANK(Words__c)", true),
            vec![(
                K::ValidationRuleAdded,
                S::Warning,
                vec![],
                vec!["mood", "words", "stage"],
            )],
        ),
        (
            rule("LEN(Words__c) < 3", true),
            vec![(
                K::ValidationRuleChanged,
                S::Warning,
                vec![],
                vec!["mood", "words", "stage"],
            )],
        ),
        (
            Command::RemoveRule {
                object: object(),
                name: "Needs_Words".into(),
            },
            vec![(
                K::ValidationRuleRemoved,
                S::Info,
                vec![],
                vec!["mood", "words", "stage"],
            )],
        ),
        (
            stage_active(false),
            vec![(K::StageRemoved, S::Warning, vec![], vec!["stage"])],
        ),
    ] {
        let found: Vec<(K, S, Vec<String>, Vec<String>)> = told_after(&world, command)
            .await
            .into_iter()
            // What was undone by the way is told too; here it is about what is new. A stage is a picklist value as well.
            .filter(|item| item.status() != DriftStatus::Repaired)
            .filter(|item| !(item.field == "StageName" && item.kind() != K::StageRemoved))
            .map(|item| {
                (
                    item.kind(),
                    item.severity(),
                    item.entry_ids,
                    item.touched_entry_ids,
                )
            })
            .collect();
        let expected: Vec<(K, S, Vec<String>, Vec<String>)> = expected
            .into_iter()
            .map(|(kind, severity, hit, touched)| {
                let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
                (kind, severity, owned(hit), owned(touched))
            })
            .collect();
        assert_eq!(found, expected);
    }
    let mapping = newest(&world).await;
    assert_eq!(suspended(&mapping), ["mood"], "the rest keeps working");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_rename_is_proven_by_the_fields_id_and_repaired_when_a_person_says_so() {
    let world = World::new().await;
    let control = world.sim.control();
    for definition in [
        "Mood__c string(80) cun \"Mood\"",
        "Twin__c string(80) cun \"Mood\"",
    ] {
        control
            .send(&Command::AddField {
                object: "Opportunity".into(),
                definition: definition.into(),
            })
            .await
            .expect("a field");
    }
    for name in ["Mood__c", "Twin__c"] {
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", name, true, true)
            .await
            .expect("may be written");
    }
    let running = world.connected().await;
    publish(&world, vec![entry("mood", "Opportunity", "Mood__c")]).await;
    // Both twins are renamed at once: by label and type nobody could tell which is which.
    control
        .send(&Command::RenameField {
            object: "Opportunity".into(),
            field: "Twin__c".into(),
            to: "Other__c".into(),
        })
        .await
        .expect("is renamed");
    let told = told_after(&world, field("rename")).await;
    assert_eq!(told.len(), 1);
    let item = &told[0];
    assert_eq!(
        (item.kind(), item.after.as_str(), item.repairable),
        (DriftKind::FieldRenamed, "Feeling__c", true)
    );
    assert_eq!(suspended(&newest(&world).await), ["mood"]);
    let client = world.client().await;
    let request = RepairDriftRequest {
        workspace: WORKSPACE.into(),
        id: item.id.clone(),
    };
    let refused = client
        .repair_drift(&caller(Role::Operator), request.clone())
        .await
        .expect_err("is refused");
    assert_eq!(refused.code, Code::PermissionDenied);
    let repaired = client
        .repair_drift(&caller(Role::Admin), request.clone())
        .await
        .expect("is repaired");
    assert_eq!(repaired.problems, []);
    let item = repaired.item.expect("the item");
    assert_eq!(
        (
            item.status(),
            item.resolved_by.as_str(),
            item.resolved_at.is_some()
        ),
        (DriftStatus::Repaired, "user:ann@acme.example", true)
    );
    let mapping = newest(&world).await;
    assert_eq!((mapping.version, suspended(&mapping)), (2, vec![]));
    assert_eq!(mapping.entries[0].field, "Feeling__c");
    let again = client
        .repair_drift(&caller(Role::Admin), request)
        .await
        .expect_err("is decided");
    assert_eq!(again.code, Code::FailedPrecondition);
    running.shutdown().await.expect("stops");
}
