//! A connection that was lost, limited or given to somebody else: what resumes, what is held, what a person decides.

use std::sync::atomic::Ordering;

use events::crm::v1::ConnectionState;
use events::rpc::{Code, Role};
use events::writeback::v1::{
    Change, ChangeState, GetStatusRequest, ListMissedRequest, ListMissedResponse,
    ReleaseMissedRequest,
};
use testkit::eventually;
use testkit::rpc::{as_admin, as_role};
use writeback::Options;

use crate::world::{LIMIT, ORGANIZATION, WORKSPACE, World, entry, mapping, said};

const NEXT_STEP: &str = "NextStep";

fn codes(change: &Change) -> Vec<&str> {
    change
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

async fn missed(world: &World) -> ListMissedResponse {
    let request = ListMissedRequest {
        workspace: WORKSPACE.into(),
        limit: 0,
    };
    let client = world.client().await;
    let viewer = as_role("user:vic@acme.example", Role::Viewer);
    client
        .list_missed(&viewer, request)
        .await
        .expect("an answer")
}

async fn release(world: &World, role: Role, gap: &str, meetings: &[&str]) -> Result<u64, Code> {
    let request = ReleaseMissedRequest {
        workspace: WORKSPACE.into(),
        gap_id: gap.to_owned(),
        meeting_ids: meetings.iter().map(|id| (*id).to_owned()).collect(),
    };
    let client = world.client().await;
    let caller = as_role("user:olga@acme.example", role);
    match client.release_missed(&caller, request).await {
        Ok(answer) => Ok(answer.changes_released),
        Err(error) => Err(error.code),
    }
}

async fn until_state(world: &World, state: &str) {
    eventually(LIMIT, async || {
        let stored: String = sqlx::query_scalar("select connection_state from writeback.workspace")
            .fetch_one(&world.pool)
            .await
            .expect("the workspace");
        (stored == state).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_work_resumes_by_itself_after_a_gap_which_is_listed() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    world.live(true).await;
    world.connect(2, ConnectionState::ReconnectRequired).await;
    until_state(&world, "reconnect_required").await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", NEXT_STEP, ChangeState::Proposed).await;
    assert_eq!(missed(&world).await.gaps, []);
    // The same user: nothing has to be verified again.
    world.connect(3, ConnectionState::Connected).await;
    world.until("m-1", NEXT_STEP, ChangeState::Applied).await;
    let told = missed(&world).await;
    assert_eq!(told.changes_waiting, 0);
    let gap = &told.gaps[0];
    assert_eq!(gap.state(), ConnectionState::ReconnectRequired);
    assert_eq!(
        (
            gap.meetings_arrived,
            gap.changes_resumed,
            gap.changes_missed
        ),
        (1, 1, 0)
    );
    assert!(!gap.other_user && gap.since.is_some() && gap.until.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_is_listed_and_held_until_an_operator_releases_it() {
    let world = World::new().await;
    let _service = world
        .start_with(Options {
            missed_after_s: 0,
            ..world.options()
        })
        .await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    let other = world.deal("Other deal").await;
    // One was approved and not yet written, one arrives while nobody is connected.
    world.decided_on(&said("m-1", "call"), &other).await;
    world.until("m-1", NEXT_STEP, ChangeState::Approved).await;
    world.connect(2, ConnectionState::Suspended).await;
    until_state(&world, "suspended").await;
    world.decided(&said("m-2", "sign")).await;
    world.until("m-2", NEXT_STEP, ChangeState::Proposed).await;
    world.connect(3, ConnectionState::Connected).await;
    world.live(true).await;
    for meeting in ["m-1", "m-2"] {
        let held = world.until(meeting, NEXT_STEP, ChangeState::Held).await;
        assert!(
            codes(&held).contains(&"missed_while_disconnected"),
            "{held:?}"
        );
    }
    assert_eq!(world.writes().await.get("update Opportunity"), None);
    let told = missed(&world).await;
    assert_eq!(told.changes_waiting, 2);
    let gap = &told.gaps[0];
    assert_eq!((gap.changes_missed, gap.changes_waiting), (2, 2));
    let meetings: Vec<(&str, u32)> = gap
        .meetings
        .iter()
        .map(|meeting| (meeting.meeting_id.as_str(), meeting.changes_waiting))
        .collect();
    assert_eq!(meetings, [("m-1", 1), ("m-2", 1)]);

    let refused = release(&world, Role::Viewer, &gap.id, &[]).await;
    assert_eq!(refused, Err(Code::PermissionDenied));
    let released = release(&world, Role::Operator, &gap.id, &["m-2"]).await;
    assert_eq!(released, Ok(1));
    world.until("m-2", NEXT_STEP, ChangeState::Applied).await;
    let told = missed(&world).await;
    assert_eq!(told.changes_waiting, 1);
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
    // Something else that has waiting changes gated again does not let the other one through.
    world.connect(4, ConnectionState::AccessLimited).await;
    until_state(&world, "access_limited").await;
    world.until("m-1", NEXT_STEP, ChangeState::Held).await;
    let audited: i64 = sqlx::query_scalar(
        "select count(*) from writeback.audit where action = 'missed.released' and actor = 'user:olga@acme.example'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("the audit");
    assert_eq!(audited, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_closes_the_verification_gate_before_anything_is_written() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    world.live(true).await;
    // Auth knows of the other user before writeback has heard of it: there is no token for what was verified.
    world.auth_epoch.store(2, Ordering::Relaxed);
    world
        .connect_as(2, ConnectionState::Connected, 2, ORGANIZATION)
        .await;
    eventually(LIMIT, async || {
        let request = GetStatusRequest {
            workspace: WORKSPACE.into(),
        };
        let client = world.client().await;
        let status = client.get_status(&as_admin(), request).await.ok()?;
        (!status.verified).then_some(())
    })
    .await;
    world.decided(&said("m-1", "call")).await;
    let waits = world.until("m-1", NEXT_STEP, ChangeState::Proposed).await;
    assert!(codes(&waits).contains(&"not_verified"), "{waits:?}");
    assert_eq!(world.writes().await.get("update Opportunity"), None);
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
    world.until("m-1", NEXT_STEP, ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_changes_of_the_user_before_wait_for_a_new_verification() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", NEXT_STEP, ChangeState::Approved).await;
    world.auth_epoch.store(2, Ordering::Relaxed);
    world
        .connect_as(2, ConnectionState::Connected, 2, ORGANIZATION)
        .await;
    eventually(LIMIT, async || {
        let epoch: i64 = sqlx::query_scalar("select connection_epoch from writeback.workspace")
            .fetch_one(&world.pool)
            .await
            .expect("the workspace");
        (epoch == 2).then_some(())
    })
    .await;
    // Live would be refused now; even so, nothing of the user before is written.
    world.live_by_hand().await;
    world.decided(&said("m-2", "sign")).await;
    let waits = world.until("m-2", NEXT_STEP, ChangeState::Proposed).await;
    assert!(codes(&waits).contains(&"not_verified"), "{waits:?}");
    world.until("m-1", NEXT_STEP, ChangeState::Approved).await;
    assert_eq!(world.writes().await.get("update Opportunity"), None);
    assert!(world.verify().await.passed);
    world.until("m-1", NEXT_STEP, ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_access_holds_what_was_approved_and_regained_access_writes_it() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", NEXT_STEP, ChangeState::Approved).await;
    world.publish_editable(2, NEXT_STEP, false).await;
    eventually(LIMIT, async || {
        let version: i64 = sqlx::query_scalar(
            "select max(version) from writeback.schema_part where object = 'Opportunity'",
        )
        .fetch_one(&world.pool)
        .await
        .expect("the schema");
        (version == 2).then_some(())
    })
    .await;
    world.live(true).await;
    let held = world.until("m-1", NEXT_STEP, ChangeState::Held).await;
    assert!(codes(&held).contains(&"field_not_updateable"), "{held:?}");
    let ours = |entry: &&salesforce_sim::Attempt| {
        entry.username == salesforce_sim::config::INTEGRATION_USERNAME
    };
    let before = world.control.attempts(0).await.expect("attempts");
    let rehearsed = before.iter().filter(ours).count();
    world.publish_editable(3, NEXT_STEP, true).await;
    world.until("m-1", NEXT_STEP, ChangeState::Applied).await;
    let after = world.control.attempts(0).await.expect("attempts");
    assert_eq!(
        after.iter().filter(ours).count(),
        rehearsed,
        "salesforce refused nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_over_with_another_org_ends_what_waits_for_the_one_before() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", NEXT_STEP)], vec![]))
        .await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", NEXT_STEP, ChangeState::Approved).await;
    world.auth_epoch.store(2, Ordering::Relaxed);
    world
        .connect_as(2, ConnectionState::Connected, 2, "00D000000000009EAA")
        .await;
    let ended = world.until("m-1", NEXT_STEP, ChangeState::Expired).await;
    assert!(codes(&ended).contains(&"another_org"), "{ended:?}");
}
