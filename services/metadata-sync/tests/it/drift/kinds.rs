//! Each kind of change of a field, its values, its rules and its stages: told with how much it matters and what it hits.

use events::crm::v1::{DriftKind as K, DriftSeverity as S, MappingEntry, Synonym};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use super::{add_field, assert_told, newest, suspended};
use crate::mapping::{entry, publish};
use crate::world::World;

fn object() -> String {
    "Opportunity".to_owned()
}

/// An entry that knows one further spelling of a value.
fn mood(value: &str) -> MappingEntry {
    MappingEntry {
        synonyms: vec![Synonym {
            from: "fine".into(),
            to: value.into(),
        }],
        ..entry("mood", "Opportunity", "Mood__c")
    }
}

#[tokio::test]
async fn a_field_that_takes_more_or_less_must_be_filled_or_edited() {
    let world = World::new().await;
    add_field(&world, "Words__c", "string(200) cunp \"Words\"").await;
    let running = world.connected().await;
    publish(&world, vec![entry("words", "Opportunity", "Words__c")]).await;
    let length = |length: u32| Command::SetLength {
        object: object(),
        field: "Words__c".into(),
        length,
    };
    let required = |required: bool| Command::SetRequired {
        object: object(),
        field: "Words__c".into(),
        required,
    };
    let editable = |edit: bool| Command::SetFieldPermission {
        username: INTEGRATION_USERNAME.into(),
        object: object(),
        field: "Words__c".into(),
        read: true,
        edit,
    };
    let words: &[&str] = &["words"];
    assert_told(
        &world,
        length(250),
        &[(K::FieldLengthened, S::Info, &[], words)],
    )
    .await;
    assert_told(
        &world,
        length(100),
        &[(K::FieldShortened, S::Warning, &[], words)],
    )
    .await;
    let lost = [(K::PermissionLost, S::Critical, words, words)];
    assert_told(&world, editable(false), &lost).await;
    assert_eq!(suspended(&newest(&world).await), ["words"]);
    let gained = [(K::PermissionGained, S::Info, &[][..], words)];
    assert_told(&world, editable(true), &gained).await;
    assert_eq!(suspended(&newest(&world).await), Vec::<&str>::new());
    // A field every record must have cannot be locked, so it comes last.
    assert_told(
        &world,
        required(true),
        &[(K::FieldRequired, S::Warning, &[], words)],
    )
    .await;
    let unmapped = Command::AddField {
        object: object(),
        definition: "Unmapped__c string(80) cunp \"Unmapped\"".into(),
    };
    assert_told(&world, unmapped, &[]).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_picklist_restricted_and_its_values_added_deactivated_renamed_relabelled_removed() {
    let world = World::new().await;
    add_field(
        &world,
        "Mood__c",
        "picklist(80) cun \"Mood\" values=Good|Bad|Ugly",
    )
    .await;
    let running = world.connected().await;
    publish(&world, vec![mood("Good")]).await;
    let values = |active: &[&str], inactive: &[&str]| Command::SetPicklist {
        object: object(),
        field: "Mood__c".into(),
        active: active.iter().map(|value| (*value).to_owned()).collect(),
        inactive: inactive.iter().map(|value| (*value).to_owned()).collect(),
    };
    let restricted = Command::SetRestricted {
        object: object(),
        field: "Mood__c".into(),
        restricted: true,
    };
    let renamed = |value: &str, to: &str, label: &str| Command::SetPicklistValue {
        object: object(),
        field: "Mood__c".into(),
        value: value.into(),
        to: to.into(),
        label: label.into(),
    };
    let hit: &[&str] = &["mood"];
    for (command, kind, severity, broken) in [
        (restricted, K::PicklistRestricted, S::Warning, &[][..]),
        (
            values(&["Good", "Bad", "Ugly", "New"], &[]),
            K::PicklistValueAdded,
            S::Info,
            &[],
        ),
        (
            values(&["Good", "Bad", "New"], &["Ugly"]),
            K::PicklistValueDeactivated,
            S::Warning,
            &[],
        ),
        (
            renamed("Bad", "Bad", "Not so good"),
            K::PicklistValueRelabelled,
            S::Info,
            &[],
        ),
        (
            renamed("Good", "Fine", "Good"),
            K::PicklistValueRenamed,
            S::Critical,
            hit,
        ),
        (
            values(&["Bad", "Fine"], &["Ugly"]),
            K::PicklistValueRemoved,
            S::Warning,
            &[],
        ),
    ] {
        assert_told(&world, command, &[(kind, severity, broken, hit)]).await;
    }
    assert_eq!(suspended(&newest(&world).await), ["mood"]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_validation_rule_added_changed_removed() {
    let world = World::new().await;
    let view_setup = Command::SetUserPermissions {
        username: INTEGRATION_USERNAME.into(),
        api_enabled: None,
        view_setup: Some(true),
        update_inactive_owners: None,
    };
    world.sim.control().send(&view_setup).await.expect("may");
    let running = world.connected().await;
    publish(
        &world,
        vec![
            entry("next_step", "Opportunity", "NextStep"),
            entry("title", "Contact", "Title"),
        ],
    )
    .await;
    let rule = |formula: &str| Command::PutRule {
        object: object(),
        name: "Needs_Step".into(),
        formula: formula.into(),
        message: "say more".into(),
        error_field: None,
        active: true,
    };
    let removed = Command::RemoveRule {
        object: object(),
        name: "Needs_Step".into(),
    };
    for (command, kind, severity) in [
        (
            rule("ISBLANK(NextStep)"),
            K::ValidationRuleAdded,
            S::Warning,
        ),
        (
            rule("LEN(NextStep) < 3"),
            K::ValidationRuleChanged,
            S::Warning,
        ),
        (removed, K::ValidationRuleRemoved, S::Info),
    ] {
        // Whatever of the object is mapped may meet the rule; other objects do not.
        assert_told(&world, command, &[(kind, severity, &[], &["next_step"])]).await;
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_stage_removed_added_changed() {
    let world = World::new().await;
    let running = world.connected().await;
    let stage = MappingEntry {
        property: "meeting.suggested_stage".into(),
        ..entry("stage", "Opportunity", "StageName")
    };
    publish(&world, vec![stage]).await;
    let active = |active: bool| Command::SetStageActive {
        stage: "Negotiation/Review".into(),
        active,
    };
    let probability = Command::SetStageProbability {
        stage: "Qualification".into(),
        probability: 15,
    };
    for (command, kind, severity) in [
        (active(false), K::StageRemoved, S::Warning),
        (active(true), K::StageAdded, S::Info),
        (probability, K::StageChanged, S::Warning),
    ] {
        assert_told(&world, command, &[(kind, severity, &[], &["stage"])]).await;
    }
    running.shutdown().await.expect("stops");
}
