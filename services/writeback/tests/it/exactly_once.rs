//! One effect, whatever happens to the answer or to us.

use crate::world::{LIMIT, World, entry, mapping, said, task_destination, usual_mapping};
use events::writeback::v1::ChangeState;
use salesforce_sim::{Fault, FaultBody, FaultKind, SimConfig};
use serde_json::json;
use testkit::eventually;

/// The collections resource itself, not the reads below it.
const CREATE: &str = "/composite/sobjects";

async fn with_task_only(world: &World) {
    world
        .set_up(mapping(vec![], vec![task_destination()]))
        .await;
    world.live(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_answer_was_lost_is_found_and_not_created_again() {
    let world = World::new().await;
    let _service = world.start().await;
    with_task_only(&world).await;
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path(CREATE)
        .on_method("POST")
        .times(1);
    world.control.fault(lost).await.unwrap();
    world.decided(&said("m-1", "x")).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("create Task"), Some(&1));
    let id = task.record.expect("a record").id;
    assert_eq!(world.record(&id).await["WhatId"], json!(world.opportunity));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_key_field_a_lost_task_is_found_by_its_key() {
    let world = World::with(SimConfig {
        external_id_fields: true,
        ..SimConfig::default()
    })
    .await;
    let _service = world.start().await;
    with_task_only(&world).await;
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path(CREATE)
        .on_method("POST")
        .times(1);
    world.control.fault(lost).await.unwrap();
    world.decided(&said("m-1", "x")).await;
    world.until("m-1", "", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("create Task"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_never_arrived_is_created() {
    let world = World::new().await;
    let _service = world.start().await;
    with_task_only(&world).await;
    for kind in [
        FaultKind::ResetBeforeCommit,
        FaultKind::Status {
            status: 503,
            body: FaultBody::Html,
        },
    ] {
        let fault = Fault::new(kind).on_path(CREATE).on_method("POST").times(1);
        world.control.fault(fault).await.unwrap();
    }
    world.decided(&said("m-1", "x")).await;
    world.until("m-1", "", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("create Task"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_was_lost_is_recognised() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_method("PATCH")
        .times(1);
    world.control.fault(lost).await.unwrap();
    world.decided(&said("m-1", "call back")).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
    let ours: i64 = sqlx::query_scalar("select count(*) from writeback.provenance")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(ours, 1);
}

/// A crash after Salesforce committed and before the result was stored leaves an intent and a lease that ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_intent_and_result_repeats_nothing() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-1", "call back")).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    world.until("m-1", "", ChangeState::Applied).await;
    service.shutdown().await.unwrap();
    for statement in [
        "update writeback.change set state = 'executing', version = version - 1, observed = null,
           record_id = case when action = 'create_task' then '' else record_id end",
        "update writeback.attempt set result = null, result_at = null",
        "delete from writeback.provenance",
        "update writeback.lane set ready_at = now(), lease_until = now() + interval '1 second'",
    ] {
        sqlx::query(statement).execute(&world.pool).await.unwrap();
    }
    let _service = world.start().await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    assert!(!task.record.expect("found again").id.is_empty());
    let writes = world.writes().await;
    assert_eq!(writes.get("update Opportunity"), Some(&1), "{writes:?}");
    assert_eq!(writes.get("create Task"), Some(&1), "{writes:?}");
}

/// A process that dies while Salesforce works: the next one waits for the lease, looks, and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_during_a_call_loses_nothing() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    let slow = Fault::new(FaultKind::LatencyMs(60_000))
        .on_method("PATCH")
        .times(1);
    world.control.fault(slow).await.unwrap();
    world.decided(&said("m-1", "call back")).await;
    world.until("m-1", "NextStep", ChangeState::Executing).await;
    // The intent comes first: the process dies "during" the call only when the org has it.
    eventually(LIMIT, async || {
        let hits = world.control.stats().await.unwrap().fault_hits;
        (hits == 1).then_some(())
    })
    .await;
    drop(service);
    let _service = world.start().await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    world.until("m-1", "", ChangeState::Applied).await;
    let writes = world.writes().await;
    assert_eq!(writes.get("update Opportunity"), Some(&1), "{writes:?}");
    assert_eq!(writes.get("create Task"), Some(&1), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_org_pauses_and_drops_nothing() {
    let world = World::new().await;
    let _service = world.start().await;
    with_task_only(&world).await;
    let limit = Fault::new(FaultKind::ConcurrentLimit)
        .on_path(CREATE)
        .on_method("POST")
        .times(1);
    world.control.fault(limit).await.unwrap();
    world.decided(&said("m-1", "x")).await;
    eventually(LIMIT, async || {
        let paused: Option<bool> =
            sqlx::query_scalar("select paused_until > now() from writeback.usage")
                .fetch_optional(&world.pool)
                .await
                .unwrap()
                .flatten();
        (paused == Some(true)).then_some(())
    })
    .await;
    let change = world.until("m-1", "", ChangeState::Approved).await;
    assert_eq!(change.state(), ChangeState::Approved);
    sqlx::query("update writeback.usage set paused_until = null")
        .execute(&world.pool)
        .await
        .unwrap();
    world.until("m-1", "", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("create Task"), Some(&1));
}
