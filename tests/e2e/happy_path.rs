//! One meeting from publication to Salesforce.

use crate::world::World;
use events::writeback::v1::{Action, ChangeState};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_becomes_a_field_update_and_a_task() {
    let world = World::live().await;
    let meeting = world.meeting(0);
    let trace = world.publish(&meeting).await;
    let set = world.settled(&meeting).await;

    let applied: BTreeSet<Action> = set
        .changes
        .iter()
        .filter(|change| change.state() == ChangeState::Applied)
        .map(|change| change.action())
        .collect();
    assert_eq!(
        applied,
        BTreeSet::from([Action::UpdateField, Action::CreateTask]),
        "{:?}",
        set.changes
    );
    assert!(
        set.changes
            .iter()
            .all(|change| change.trace_id == trace.trace_id),
        "changes know the trace of their meeting"
    );
    world.assert_applied_once(0..1).await;
    let opportunity = &world.opportunities[0];
    let found = world
        .rest
        .record("Opportunity", opportunity, &["NextStep"])
        .await
        .expect("is read");
    assert_eq!(found["NextStep"], "Step 0");
}
