//! Access lost and regained, and another user connected: noticed before a write meets it, gone on with by itself.

use events::crm::v1::{AccessKind, Connection, ConnectionState};
use events::metadata::v1::{
    GetAccessReviewRequest, MetadataSyncClient, StartAccessReviewRequest, SyncKind,
};
use events::rpc::Role;
use events::writeback::v1::{Change, ChangeState};
use salesforce_sim::config::INTEGRATION_USERNAME;
use testkit::eventually;
use testkit::rpc::as_role;

use crate::world::{SETTLED_MAX, WORKSPACE, World};

async fn until(world: &World, wanted: impl Fn(&Connection) -> bool) -> Connection {
    eventually(SETTLED_MAX, async || {
        let connection = world.admin.connection().await.ok()?;
        wanted(&connection).then_some(connection)
    })
    .await
}

async fn next_step(world: &World, meeting: &str, state: ChangeState) -> Change {
    eventually(SETTLED_MAX, async || {
        let set = world.admin.change_set(meeting).await.ok()??;
        let found = |change: &Change| change.field == "NextStep" && change.state() == state;
        set.changes.into_iter().find(found)
    })
    .await
}

fn codes(change: &Change) -> Vec<&str> {
    let reasons = change.reasons.iter();
    reasons.map(|reason| reason.code.as_str()).collect()
}

/// Saves of ours that Salesforce refused, rehearsals included.
async fn refused(world: &World) -> usize {
    let attempts = world.control().attempts(0).await.expect("attempts");
    let ours = |attempt: &&salesforce_sim::Attempt| attempt.username == INTEGRATION_USERNAME;
    attempts.iter().filter(ours).count()
}

async fn may_edit_next_step(world: &World, edit: bool) {
    let control = world.control();
    control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, edit)
        .await
        .expect("the org changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_access_limits_the_connection_and_holds_what_needs_it_until_it_is_back() {
    let world = World::live().await;
    let refused_before = refused(&world).await;
    may_edit_next_step(&world, false).await;
    world
        .admin
        .sync(SyncKind::Schema)
        .await
        .expect("the schema is read");
    let limited = until(&world, |connection| {
        connection.state() == ConnectionState::AccessLimited
    })
    .await;
    let gap = limited.missing.first().expect("something is missing");
    assert_eq!(
        (gap.kind(), gap.object.as_str(), gap.field.as_str()),
        (AccessKind::FieldEdit, "Opportunity", "NextStep")
    );
    assert!(gap.fix.contains("Field Permissions"), "{}", gap.fix);

    let meeting = world.meeting(1);
    world.publish(&meeting).await;
    let held = next_step(&world, &meeting.event.id, ChangeState::Held).await;
    assert!(codes(&held).contains(&"field_not_updateable"), "{held:?}");
    assert_eq!(refused(&world).await, refused_before);

    may_edit_next_step(&world, true).await;
    let operator = as_role("user:olga@acme.example", Role::Operator);
    let request = StartAccessReviewRequest {
        workspace: WORKSPACE.to_owned(),
    };
    MetadataSyncClient::new(world.admin.rpc.clone())
        .start_access_review(&operator, request)
        .await
        .expect("a review is made");
    let whole = until(&world, |connection| {
        connection.state() == ConnectionState::Connected
    })
    .await;
    assert_eq!(whole.missing, []);
    next_step(&world, &meeting.event.id, ChangeState::Applied).await;
    world.settled(&meeting).await;
    world.assert_applied_once(std::iter::once(1)).await;
    assert_eq!(refused(&world).await, refused_before, "nothing was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_is_reviewed_and_writes_nothing_before_a_new_verification() {
    let world = World::live().await;
    let before = world.admin.connection().await.expect("a connection");
    let simulator = world.stack.simulator().expect("a simulated org");
    world
        .admin
        .connect(&simulator.admin(), &world.stack.console_url(), |text| {
            println!("{text}")
        })
        .await
        .expect("another user of the org connects");
    let other = until(&world, |connection| connection.epoch > before.epoch).await;
    assert_ne!(other.user_id, before.user_id);
    assert_eq!(other.organization_id, before.organization_id);
    eventually(SETTLED_MAX, async || {
        let status = world.admin.status().await.ok()?;
        (!status.verified && status.live).then_some(())
    })
    .await;
    let viewer = as_role("user:vic@acme.example", Role::Viewer);
    let review = eventually(SETTLED_MAX, async || {
        let request = GetAccessReviewRequest {
            workspace: WORKSPACE.to_owned(),
            history_limit: 0,
        };
        let answer = MetadataSyncClient::new(world.admin.rpc.clone())
            .get_access_review(&viewer, request)
            .await;
        let review = answer.ok()?.review?;
        (review.epoch == other.epoch).then_some(review)
    })
    .await;
    assert_eq!(review.user_id, other.user_id);

    let meeting = world.meeting(2);
    world.publish(&meeting).await;
    let waits = next_step(&world, &meeting.event.id, ChangeState::Proposed).await;
    assert!(codes(&waits).contains(&"not_verified"), "{waits:?}");
    assert_eq!(world.writes().await.len(), 0);

    world.admin.verify().await.expect("the verification passes");
    next_step(&world, &meeting.event.id, ChangeState::Applied).await;
    world.settled(&meeting).await;
    world.assert_applied_once(std::iter::once(2)).await;
}
