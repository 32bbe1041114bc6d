//! The changes were approved already, and the org changes before they are written.

use super::{
    Case, DEACTIVATED, DELETED, LOCKED, RENAMED, RETYPED, SAID, SHORTENED, assert_held, change,
    map, refusals, saying, states,
};
use crate::world::{SETTLED_MAX, World};
use events::writeback::v1::ChangeState;
use salesforce_sim::Command;
use salesforce_sim::config::INTEGRATION_USERNAME;
use testkit::eventually::within;
use testkit::fixtures::Publication;

async fn approved(world: &World, meeting: &Publication, cases: &[Case]) {
    let approved = within(SETTLED_MAX, async || {
        let set = world.admin.change_set(&meeting.event.id).await.ok()??;
        let states = states(&set);
        let all = cases
            .iter()
            .all(|case| states.get(case.field) == Some(&ChangeState::Approved));
        all.then_some(())
    });
    if approved.await.is_none() {
        let set = world.admin.change_set(&meeting.event.id).await;
        panic!("not everything was approved: {set:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_before_the_org_changed_is_held_and_goes_on_when_it_may() {
    let world = World::live().await;
    let cases = [DELETED, RENAMED, RETYPED, LOCKED, SHORTENED, DEACTIVATED];
    map(&world, &cases).await;
    world.admin.live(false).await.expect("is stopped");
    let meeting = saying(&world, 0, &cases);
    world.publish(&meeting).await;
    approved(&world, &meeting, &cases).await;
    let refused = refusals(&world).await;
    change(&world, &cases).await;
    world.admin.live(true).await.expect("goes on");
    let set = world.settled(&meeting).await;
    assert_held(&set, &cases);
    assert_eq!(states(&set).get("NextStep"), Some(&ChangeState::Applied));
    assert_eq!(refusals(&world).await, refused, "nothing was refused");

    // The org's admin mends what can be mended; nobody asks for a read, the next meeting finds it.
    let object = || "Opportunity".to_owned();
    for command in [
        Command::SetLength {
            object: object(),
            field: SHORTENED.field.into(),
            length: 80,
        },
        Command::SetPicklist {
            object: object(),
            field: DEACTIVATED.field.into(),
            active: vec![SAID.into(), "other".into()],
            inactive: vec![],
        },
        Command::SetFieldPermission {
            username: INTEGRATION_USERNAME.into(),
            object: object(),
            field: LOCKED.field.into(),
            read: true,
            edit: true,
        },
    ] {
        world.control().send(&command).await.expect("is mended");
    }
    let next = world.meeting(1);
    world.publish(&next).await;
    world.settled(&next).await;
    let applied = within(SETTLED_MAX, async || {
        let set = world.admin.change_set(&meeting.event.id).await.ok()??;
        let states = states(&set);
        [SHORTENED.field, DEACTIVATED.field, LOCKED.field]
            .iter()
            .all(|field| states.get(field) == Some(&ChangeState::Applied))
            .then_some(())
    });
    if applied.await.is_none() {
        let set = world.admin.change_set(&meeting.event.id).await;
        panic!("what may be written again was not: {set:?}");
    }
    assert_eq!(refusals(&world).await, refused, "nothing was refused");
}
