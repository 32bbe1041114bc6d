//! Order: newer revisions supersede, and no lane is ever in two hands.

use crate::world::{LIMIT, World, entry, mapping, said, usual_mapping};
use events::writeback::v1::{ChangeSetState, ChangeState};
use serde_json::json;
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_revision_supersedes_what_is_pending_and_creates_no_second_task() {
    let world = World::new().await;
    let _service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.decided(&said("m-1", "first")).await;
    world.until("m-1", "NextStep", ChangeState::Approved).await;
    let mut second = said("m-1", "second");
    second.revision = 2;
    world.decided(&second).await;
    eventually(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        (set.meeting_revision == 2).then_some(())
    })
    .await;
    world.live(true).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    world.until("m-1", "", ChangeState::Applied).await;
    let mut third = said("m-1", "third");
    third.revision = 3;
    world.decided(&third).await;
    eventually(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        (set.meeting_revision == 3 && set.state() == ChangeSetState::Done).then_some(())
    })
    .await;
    // One that comes late changes nothing.
    let mut late = said("m-1", "late");
    late.revision = 2;
    late.sequence = 2;
    world.decided(&late).await;
    eventually(LIMIT, async || {
        let sets: i64 = sqlx::query_scalar(
            "select count(*) from writeback.change_set where state = 'superseded'",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap();
        (sets == 2).then_some(())
    })
    .await;
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("third")
    );
    let writes = world.writes().await;
    assert_eq!(writes.get("update Opportunity"), Some(&2), "{writes:?}");
    assert_eq!(writes.get("create Task"), Some(&1), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_never_hold_one_lane_at_once_and_keep_its_order() {
    const MEETINGS: usize = 30;
    let world = World::new().await;
    let first = world.start().await;
    let second = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    let other = world.deal("Other deal").await;
    world.live(true).await;
    for number in 0..MEETINGS {
        let deal = if number % 2 == 0 {
            &world.opportunity
        } else {
            &other
        };
        let mut meeting = said(&format!("m-{number}"), &format!("step {number}"));
        meeting.started_at += 3_600 * i64::try_from(number).unwrap();
        world.decided_on(&meeting, deal).await;
    }
    eventually(LIMIT, async || {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from writeback.change where state in ('proposed', 'approved', 'executing', 'uncertain')",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap();
        let all: i64 = sqlx::query_scalar("select count(*) from writeback.change").fetch_one(&world.pool).await.unwrap();
        (open == 0 && all == i64::try_from(MEETINGS).unwrap()).then_some(())
    })
    .await;
    let overlapping: i64 = sqlx::query_scalar(
        "select count(*) from writeback.attempt a join writeback.attempt b on a.request_id < b.request_id
           and a.intent_at < b.result_at and b.intent_at < a.result_at",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(overlapping, 0, "all deals are under one account: one lane");
    let log = world.our_log().await;
    for deal in [&world.opportunity, &other] {
        let steps: Vec<usize> = log
            .iter()
            .filter(|entry| entry.id == *deal && entry.after.contains_key("NextStep"))
            .filter_map(|entry| {
                entry.after["NextStep"]
                    .as_str()?
                    .strip_prefix("step ")?
                    .parse()
                    .ok()
            })
            .collect();
        assert!(!steps.is_empty() && steps.is_sorted(), "{steps:?}");
    }
    first.shutdown().await.unwrap();
    second.shutdown().await.unwrap();
}
