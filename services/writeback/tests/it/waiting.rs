//! What cannot go on yet waits, and goes on by itself when it can. Nothing is dropped.

use crate::world::{LIMIT, World, entry, mapping, said, usual_mapping};
use events::crm::v1::ConnectionState;
use events::matching::v1::Outcome;
use events::writeback::v1::{ChangeSetState, ChangeState};
use salesforce_sim::{Fault, FaultKind};
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_came_before_everything_else_is_written_when_all_is_set_up() {
    let world = World::new().await;
    let _service = world.start().await;
    world.decided(&said("m-1", "call")).await;
    eventually(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        (set.state() == ChangeSetState::Waiting && set.empty_reason.contains("no mapping"))
            .then_some(())
    })
    .await;
    world.connect(1, ConnectionState::NotConnected).await;
    world.publish_mapping(usual_mapping()).await;
    let waiting = world.until("m-1", "NextStep", ChangeState::Blocked).await;
    // Nothing was permitted yet: our own lock refuses for good, and a second meeting waits for the rest.
    assert!(
        waiting
            .reasons
            .iter()
            .any(|reason| reason.gate == "property_permission")
    );
    world.permit().await;
    world.decided(&said("m-2", "call")).await;
    let waiting = world.until("m-2", "NextStep", ChangeState::Proposed).await;
    let codes: Vec<&str> = waiting
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    for code in ["not_connected", "schema_unknown", "not_verified"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
    world.connect(2, ConnectionState::Connected).await;
    world.publish_schema().await;
    world.until_settled(1).await;
    assert!(world.verify().await.passed);
    world.live(true).await;
    world.until("m-2", "NextStep", ChangeState::Applied).await;
    world.until("m-2", "", ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_connection_stops_writes_until_it_heals() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    world.connect(2, ConnectionState::Suspended).await;
    eventually(LIMIT, async || {
        let state: String = sqlx::query_scalar("select connection_state from writeback.workspace")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (state == "suspended").then_some(())
    })
    .await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", "NextStep", ChangeState::Proposed).await;
    world.connect(3, ConnectionState::Connected).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}

/// Nothing else moves: no connection, schema or setting wakes the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_could_not_be_read_when_its_meeting_came_is_read_again() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    let away = Fault::new(FaultKind::ResetBeforeCommit);
    world.control.fault(away).await.unwrap();
    world.decided(&said("m-1", "call")).await;
    let waiting = world.until("m-1", "NextStep", ChangeState::Proposed).await;
    assert!(
        waiting
            .reasons
            .iter()
            .any(|reason| reason.code == "baseline_unknown"),
        "{waiting:?}"
    );
    world.control.clear_faults().await.unwrap();
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_match_is_shown_and_a_new_decision_takes_its_place() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    let mut unclear = said("m-1", "call");
    unclear.outcome = Outcome::Ambiguous;
    world.decided(&unclear).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    assert!(held.reasons.iter().any(|reason| reason.code == "ambiguous"));
    let mut settled = said("m-1", "call");
    settled.sequence = 2;
    world.decided(&settled).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    let mut alone = said("m-2", "call");
    alone.outcome = Outcome::Internal;
    world.decided(&alone).await;
    eventually(LIMIT, async || {
        let set = world.set_of("m-2").await?;
        (set.state() == ChangeSetState::Empty && !set.empty_reason.is_empty()).then_some(())
    })
    .await;
}
