//! The change of the org was read before the meeting came.

use super::{
    DELETED, LOCKED, RENAMED, RETYPED, assert_held, change, map, refusals, saying, states,
};
use crate::world::World;
use events::crm::v1::DriftKind;
use events::metadata::v1::SyncKind;
use events::writeback::v1::ChangeState;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread")]
async fn a_field_deleted_renamed_retyped_or_locked_is_held_and_no_write_fails() {
    let world = World::live().await;
    let cases = [DELETED, RENAMED, RETYPED, LOCKED];
    map(&world, &cases).await;
    change(&world, &cases).await;
    world.admin.sync(SyncKind::Schema).await.expect("is read");
    let refused = refusals(&world).await;
    let meeting = saying(&world, 0, &cases);
    world.publish(&meeting).await;
    let set = world.settled(&meeting).await;
    assert_held(&set, &cases);
    assert_eq!(
        states(&set).get("NextStep"),
        Some(&ChangeState::Applied),
        "the rest keeps working"
    );
    assert_eq!(refusals(&world).await, refused);

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
        ])
    );
    for item in &items {
        assert!(
            item.queued_changes_known && item.queued_changes == 1,
            "{item:?}"
        );
    }
}
