//! NATS, Postgres and Salesforce go away for a while and come back; nobody restarts anything.

use crate::world::World;
use salesforce_sim::{Fault, FaultKind};
use std::time::Duration;
use testkit::eventually;
use testkit::stack::{ServiceName, StackOptions};

/// What the design promises to survive.
const AWAY: Duration = Duration::from_secs(30);
/// Longest until a service says that something is missing.
const NOTICED_MAX: Duration = Duration::from_secs(25);

async fn breakable() -> World {
    World::live_with(StackOptions {
        breakable: true,
        ..StackOptions::default()
    })
    .await
}

/// What a service's `/readyz` answers.
async fn readiness(world: &World, service: ServiceName) -> (u16, String) {
    let url = world
        .stack
        .service(service)
        .admin_url()
        .map(|url| format!("{url}/readyz"));
    let url = url.expect("every service has an admin address");
    let answer = testkit::http::client()
        .get(url)
        .send()
        .await
        .expect("the process is up");
    (
        answer.status().as_u16(),
        answer.text().await.unwrap_or_default(),
    )
}

async fn noticed(world: &World, service: ServiceName, what: &str) {
    eventually(NOTICED_MAX, || async {
        let (status, text) = readiness(world, service).await;
        (status == 503 && text.contains(what)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_away_for_thirty_seconds_is_noticed_and_caught_up_with() {
    let mut world = breakable().await;
    let nats = world.stack.nats_proxy().expect("is breakable");
    nats.cut();
    let began = tokio::time::Instant::now();
    let meetings: Vec<_> = (0..4).map(|number| world.meeting(number)).collect();
    for meeting in &meetings {
        world.publish(meeting).await;
    }
    noticed(&world, ServiceName::Matching, "nats").await;
    // The length of the outage is what is tested, not something waited for.
    tokio::time::sleep_until(began + AWAY).await;
    world.stack.nats_proxy().expect("is breakable").restore();
    world
        .stack
        .ready()
        .await
        .expect("all are ready again by themselves");
    for meeting in &meetings {
        world.settled(meeting).await;
    }
    world.assert_applied_once(0..4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_away_for_thirty_seconds_is_noticed_and_caught_up_with() {
    let mut world = breakable().await;
    world.stack.database_proxy().expect("is breakable").cut();
    let began = tokio::time::Instant::now();
    let meetings: Vec<_> = (0..4).map(|number| world.meeting(number)).collect();
    for meeting in &meetings {
        world.publish(meeting).await;
    }
    noticed(&world, ServiceName::Matching, "postgres").await;
    // The length of the outage is what is tested, not something waited for.
    tokio::time::sleep_until(began + AWAY).await;
    world
        .stack
        .database_proxy()
        .expect("is breakable")
        .restore();
    world
        .stack
        .ready()
        .await
        .expect("all are ready again by themselves");
    for meeting in &meetings {
        world.settled(meeting).await;
    }
    world.assert_applied_once(0..4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_after_salesforce_committed_is_looked_up_and_not_repeated() {
    let world = World::live().await;
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path("/composite")
        .times(2);
    world.control().fault(lost).await.expect("is told");
    let meetings: Vec<_> = (0..3).map(|number| world.meeting(number)).collect();
    for meeting in &meetings {
        world.publish(meeting).await;
    }
    for meeting in &meetings {
        world.settled(meeting).await;
    }
    world.assert_applied_once(0..3).await;
}
