//! Each service is killed without warning between any two steps of several meetings, and started again.

use crate::world::World;
use std::time::Duration;
use testkit::stack::ServiceName;

/// Meetings published around each kill.
const MEETINGS_PER_KILL: usize = 4;
/// Kills of one service.
const KILLS: usize = 4;
/// Number of the first meeting published while the service is away.
const WHILE_AWAY: usize = KILLS * MEETINGS_PER_KILL;
/// A meeting takes about this long on an idle machine, so a kill within it may hit any step.
const STEPS_MS: u64 = 150;

async fn killed(service: ServiceName) {
    let mut world = World::live().await;
    let mut meetings = Vec::new();
    for kill in 0..KILLS {
        for number in kill * MEETINGS_PER_KILL..(kill + 1) * MEETINGS_PER_KILL {
            let meeting = world.meeting(number);
            world.publish(&meeting).await;
            meetings.push(meeting);
        }
        // Not to wait for anything, but to place the kill at any step.
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..STEPS_MS))).await;
        world.stack.kill(service);
        let meeting = world.meeting(WHILE_AWAY + kill);
        world.publish(&meeting).await;
        meetings.push(meeting);
        world
            .stack
            .start_again(service)
            .await
            .expect("the service starts again");
    }
    for meeting in &meetings {
        world.settled(meeting).await;
    }
    let while_running = 0..WHILE_AWAY;
    let while_away = WHILE_AWAY..WHILE_AWAY + KILLS;
    world
        .assert_applied_once(while_running.chain(while_away))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_are_applied_once_though_auth_is_killed() {
    killed(ServiceName::Auth).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_are_applied_once_though_metadata_sync_is_killed() {
    killed(ServiceName::MetadataSync).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_are_applied_once_though_matching_is_killed() {
    killed(ServiceName::Matching).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_are_applied_once_though_writeback_is_killed() {
    killed(ServiceName::Writeback).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_are_applied_once_though_console_is_killed() {
    killed(ServiceName::Console).await;
}
