//! The live switch: once turned off, nothing is begun any more, however much is claimed, queued or being judged.

use crate::world::{LIMIT, World, entry, said};
use salesforce_sim::{Fault, FaultKind};
use std::collections::BTreeSet;
use std::time::Instant;
use testkit::eventually;
use writeback::Options;

/// Accounts with a deal each, and so lanes.
const LANES: usize = 60;
/// Meetings that go on arriving while the switch is turned.
const ARRIVING: usize = 40;
/// Requests of one process at the same time.
const WORKERS: usize = 4;

/// Changes in this state.
async fn count(world: &World, state: &str) -> i64 {
    sqlx::query_scalar("select count(*) from writeback.change where state = $1")
        .bind(state)
        .fetch_one(&world.pool)
        .await
        .expect("the test's own servers answer")
}

async fn until_count(world: &World, state: &str, expected: usize) {
    eventually(LIMIT, async || {
        (count(world, state).await == i64::try_from(expected).expect("few")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_off_no_call_is_begun_whatever_is_queued_claimed_or_arriving() {
    let world = World::new().await;
    let _service = world
        .start_with(Options {
            executor_workers: WORKERS,
            executor_lanes_max: LANES / WORKERS,
            executor_lease_s: 30,
            ..world.options()
        })
        .await;
    crate::notes::set_up(&world, vec![entry("next_step", "NextStep")]).await;
    let mut lanes = Vec::with_capacity(LANES);
    for number in 0..LANES {
        let name = format!("Lane {number}");
        let account = world
            .load("Account", serde_json::json!({ "Name": name }))
            .await;
        let deal = serde_json::json!({"Name": name, "AccountId": account, "StageName": "Qualification",
            "CloseDate": "2031-05-01"});
        lanes.push((world.load("Opportunity", deal).await, account));
    }
    let arrive = async |number: usize| {
        let (deal, account) = &lanes[number % LANES];
        world
            .decided_for(
                &said(&format!("m-{number}"), &format!("step {number}")),
                deal,
                account,
            )
            .await;
    };
    for number in 0..LANES {
        arrive(number).await;
    }
    // A field and a note each; every note is a call of its own, so that a batch is many calls.
    until_count(&world, "approved", LANES * 2).await;
    let slow = Fault::new(FaultKind::LatencyMs(150)).on_path("/composite");
    world.control.fault(slow).await.expect("is slow");
    world.live(true).await;
    eventually(LIMIT, async || {
        (count(&world, "executing").await > 0).then_some(())
    })
    .await;
    let turn_off = async {
        eventually(LIMIT, async || {
            (world.our_log().await.len() > WORKERS).then_some(())
        })
        .await;
        let asked = Instant::now();
        world.live(false).await;
        println!("switched off within {:?}", asked.elapsed());
        world.our_log().await.len()
    };
    let arriving = async {
        for number in LANES..LANES + ARRIVING {
            arrive(number).await;
        }
    };
    let (answered_at, ()) = tokio::join!(turn_off, arriving);
    // What was on its way has its result, and what arrived since is judged.
    until_count(&world, "executing", 0).await;
    eventually(LIMIT, async || {
        let left = count(&world, "approved").await + count(&world, "applied").await;
        (left == i64::try_from((LANES + ARRIVING) * 2).expect("few")).then_some(())
    })
    .await;
    let log = world.our_log().await;
    let begun: BTreeSet<&str> = log[answered_at..]
        .iter()
        .map(|entry| entry.request_id.as_str())
        .collect();
    println!(
        "{} of {} writes after the answer, in {} calls",
        log.len() - answered_at,
        log.len(),
        begun.len()
    );
    assert!(begun.len() <= WORKERS, "{} calls", begun.len());
    assert!(count(&world, "approved").await > 0);

    // Nothing of it is lost: it goes on from there, each once.
    world.control.clear_faults().await.expect("is quick");
    world.live(true).await;
    until_count(&world, "applied", (LANES + ARRIVING) * 2).await;
    let notes = world.writes().await.get("create ContentNote").copied();
    assert_eq!(notes, Some(LANES + ARRIVING));
}
