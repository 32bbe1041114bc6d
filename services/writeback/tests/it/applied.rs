//! What is approved ends in Salesforce, read back, told to the world.

use crate::world::{WORKSPACE, World, entry, mapping, said, task_destination, usual_mapping};
use events::writeback::v1::{ChangeSetOutcome, ChangeSetState, ChangeState, GetStatusRequest};
use serde_json::json;
use testkit::rpc::as_admin;

#[tokio::test(flavor = "multi_thread")]
async fn a_field_and_a_task_are_written_once_and_read_back() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-1", "send the questionnaire")).await;

    let field = world.until("m-1", "NextStep", ChangeState::Applied).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    assert_eq!(field.observed_json, "\"send the questionnaire\"");
    assert_eq!(field.baseline_json, "null");
    assert_eq!(field.trace_id.len(), 32);
    let deal = world.record(&world.opportunity).await;
    assert_eq!(deal["NextStep"], json!("send the questionnaire"));
    let created = world.record(&task.record.expect("a record").id).await;
    assert_eq!(created["Subject"], json!("Meeting: Weekly"));
    assert_eq!(created["WhatId"], json!(world.opportunity));
    assert_eq!(created["WhoId"], json!(world.contact));
    assert_eq!(created["Status"], json!("Completed"));
    assert_eq!(created["ActivityDate"], json!("2026-03-02"));
    let writes = world.writes().await;
    assert_eq!(writes.get("update Opportunity"), Some(&1), "{writes:?}");
    assert_eq!(writes.get("create Task"), Some(&1), "{writes:?}");

    let outcomes = testkit::eventually(crate::world::LIMIT, async || {
        let outcomes: Vec<ChangeSetOutcome> = world.published().await;
        outcomes
            .iter()
            .any(|outcome| outcome.state() == ChangeSetState::Done)
            .then_some(outcomes)
    })
    .await;
    let sequences: Vec<u64> = outcomes.iter().map(|outcome| outcome.sequence).collect();
    assert!(sequences.is_sorted() && sequences[0] == 1, "{sequences:?}");
    let status = world
        .client()
        .await
        .get_status(
            &as_admin(),
            GetStatusRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .unwrap();
    assert!(status.live && status.verified && status.last_applied_at.is_some());
    assert!(
        status.api_calls_used > 0 && status.api_calls_max > 0,
        "{status:?}"
    );
    service.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_one_record_travel_in_one_row_and_money_keeps_its_cents() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep"), entry("amount", "Amount")],
            vec![],
        ))
        .await;
    world.live(true).await;
    let mut meeting = said("m-1", "sign");
    meeting.amount = Some("12345.67".into());
    world.decided(&meeting).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    let amount = world.until("m-1", "Amount", ChangeState::Applied).await;
    assert_eq!(amount.observed_json, "12345.67");
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_decision_under_another_event_id_changes_nothing() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![], vec![task_destination()]))
        .await;
    world.live(true).await;
    world.decided(&said("m-1", "x")).await;
    world.until("m-1", "", ChangeState::Applied).await;
    world.decided(&said("m-1", "x")).await;
    world.decided(&said("m-2", "x")).await;
    world.until("m-2", "", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("create Task"), Some(&2));
    let sets: i64 = sqlx::query_scalar("select count(*) from writeback.change_set")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(sets, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_work_costs_few_calls() {
    const MEETINGS: u64 = 400;
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    let mut deals = Vec::new();
    for number in 0..MEETINGS {
        let account = world
            .load("Account", json!({"Name": format!("A{number}")}))
            .await;
        deals.push((
            number,
            world
                .load(
                    "Opportunity",
                    json!({"Name": "D", "AccountId": account, "StageName": "Qualification", "CloseDate": "2031-05-01"}),
                )
                .await,
            account,
        ));
    }
    // Everything waits in the stream first, so that batches are full.
    service.shutdown().await.unwrap();
    for (number, deal, account) in &deals {
        let meeting = said(&format!("m-{number}"), "call");
        world.decided_for(&meeting, deal, account).await;
    }
    let before = calls(&world).await;
    world.live_by_hand().await;
    let _service = world.start().await;
    testkit::eventually(crate::world::LIMIT, async || {
        let applied: i64 =
            sqlx::query_scalar("select count(*) from writeback.change where state = 'applied'")
                .fetch_one(&world.pool)
                .await
                .unwrap();
        (applied == 2 * i64::try_from(MEETINGS).unwrap()).then_some(())
    })
    .await;
    let used = calls(&world).await - before;
    println!("{used} calls for {MEETINGS} meetings");
    // A bound that no scheduling on a busy machine breaks; the benchmark holds the design's 0.05 per meeting.
    assert!(used < i64::try_from(MEETINGS).unwrap(), "{used} calls");
}

async fn calls(world: &World) -> i64 {
    sqlx::query_scalar("select coalesce(sum(calls), 0)::bigint from writeback.api_budget")
        .fetch_one(&world.pool)
        .await
        .expect("the calls")
}
