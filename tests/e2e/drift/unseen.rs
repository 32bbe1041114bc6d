//! The meeting comes first: the org changed, and nobody has read it since. Writeback notices before it writes, has the
//! org read, and what is hit is held as if it had been known.

use super::{
    DEACTIVATED, DELETED, LOCKED, RENAMED, RETYPED, SHORTENED, UNLISTED, assert_held, automatic,
    change, map, refusals, saying, states,
};
use crate::world::{SETTLED_MAX, World};
use events::crm::v1::DriftKind;
use events::writeback::v1::{ChangeState, PermissionMode};
use salesforce_sim::Command;
use std::collections::BTreeMap;
use testkit::eventually::within;
use testkit::fixtures::Publication;

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_before_the_read_of_a_change_is_held_by_it_and_no_write_fails() {
    let world = World::live().await;
    let cases = [
        DELETED,
        RENAMED,
        RETYPED,
        LOCKED,
        SHORTENED,
        DEACTIVATED,
        UNLISTED,
    ];
    map(&world, &cases).await;
    let before = world.admin.drift(true).await.expect("drift is told").len();
    let refused = refusals(&world).await;
    change(&world, &cases).await;

    let meeting = saying(&world, 0, &cases);
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    assert_held(&set, &cases);
    assert_eq!(
        states(&set).get("NextStep"),
        Some(&ChangeState::Applied),
        "the rest keeps working"
    );
    assert_eq!(refusals(&world).await, refused, "nothing was refused");

    // Nobody asked for a read but writeback.
    let items = world.admin.drift(true).await.expect("drift is told");
    let found: BTreeMap<&str, DriftKind> = items
        .iter()
        .map(|item| (item.field.as_str(), item.kind()))
        .collect();
    assert_eq!(items.len() - before, cases.len(), "{items:?}");
    for (field, kind) in [
        ("Deleted__c", DriftKind::FieldRemoved),
        ("Renamed__c", DriftKind::FieldRenamed),
        ("Retyped__c", DriftKind::FieldRetyped),
        ("Locked__c", DriftKind::PermissionLost),
        ("Shortened__c", DriftKind::FieldShortened),
        ("Deactivated__c", DriftKind::PicklistValueDeactivated),
        ("Unlisted__c", DriftKind::PicklistValueRemoved),
    ] {
        assert_eq!(found.get(field), Some(&kind), "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_nobody_read_is_repaired_by_a_person_and_the_held_change_goes_to_the_new_name() {
    let world = World::live().await;
    let cases = [RENAMED];
    let mut settings = map(&world, &cases).await;
    change(&world, &cases).await;
    let meeting = saying(&world, 0, &cases);
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    assert_held(&set, &cases);
    // The org's admin lets the connected user write the field under its new name.
    world
        .control()
        .set_field_permission(
            salesforce_sim::config::INTEGRATION_USERNAME,
            "Opportunity",
            "Other__c",
            true,
            true,
        )
        .await
        .expect("may be written");
    let items = world.admin.drift(false).await.expect("drift is told");
    let item = items
        .iter()
        .find(|item| item.field == "Renamed__c")
        .expect("the rename was found");
    assert!(item.repairable, "{item:?}");
    world.admin.repair(item).await.expect("is repaired");
    // The new field is permitted after that. However often it is judged until then, it waits: for the setup, not for a person.
    for mode in [PermissionMode::Review, PermissionMode::Automatic] {
        waits_for_permission(&world, &meeting).await;
        let next_step = settings.permissions.iter_mut();
        let next_step = next_step
            .filter(|one| one.field == "NextStep")
            .last()
            .expect("is permitted");
        next_step.mode = mode.into();
        world.admin.permit(&settings).await.expect("is permitted");
    }
    waits_for_permission(&world, &meeting).await;
    settings.permissions.push(automatic("Other__c"));
    world.admin.permit(&settings).await.expect("is permitted");
    world.admin.verify().await.expect("passes");
    let applied = within(SETTLED_MAX, async || {
        let set = world.admin.change_set(&meeting.event.id).await.ok()??;
        (states(&set).get("Other__c") == Some(&ChangeState::Applied)).then_some(())
    });
    if applied.await.is_none() {
        let set = world.admin.change_set(&meeting.event.id).await;
        panic!("the change did not go to the new name: {set:?}");
    }
}

async fn waits_for_permission(world: &World, meeting: &Publication) {
    let waits = within(SETTLED_MAX, async || {
        let set = world.admin.change_set(&meeting.event.id).await.ok()??;
        let change = set.changes.iter().find(|one| one.field == "Other__c")?;
        let off = change.reasons.iter().any(|reason| reason.code == "off");
        (off && change.state() == ChangeState::Proposed).then_some(())
    });
    if waits.await.is_none() {
        let set = world.admin.change_set(&meeting.event.id).await;
        panic!("the change does not wait for the permission: {set:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_org_that_hits_nothing_delays_and_holds_nothing() {
    let world = World::live().await;
    let unmapped = Command::AddField {
        object: "Account".into(),
        definition: "Unmapped__c string(80) cunp \"Unmapped\"".into(),
    };
    world.control().send(&unmapped).await.expect("a field");
    let meeting = world.meeting(0);
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    assert_eq!(states(&set).get("NextStep"), Some(&ChangeState::Applied));
    assert_eq!(world.admin.drift(true).await.expect("drift is told"), []);
}
