//! People: what they edited is never overwritten unseen, and what they decide is done.

use crate::world::{WORKSPACE, World, entry, mapping, said};
use events::meeting::v1::Origin;
use events::rpc::{Code, Role};
use events::writeback::v1::{
    Change, ChangeDecision, ChangeState, DecideChangesRequest, DecideChangesResponse, Decision,
};
use serde_json::json;
use testkit::rpc::{as_admin, as_role};

async fn next_step_only(world: &World) {
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
}

async fn decide(
    world: &World,
    change: &Change,
    decision: Decision,
    edited: &str,
    reason: &str,
) -> DecideChangesResponse {
    world
        .client()
        .await
        .decide_changes(
            &as_admin(),
            DecideChangesRequest {
                workspace: WORKSPACE.into(),
                decisions: vec![ChangeDecision {
                    change_id: change.id.clone(),
                    version: change.version,
                    decision: decision.into(),
                    edited_json: edited.into(),
                    reason: reason.into(),
                }],
            },
        )
        .await
        .expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_human_edit_between_gate_and_write_goes_to_review_with_both_values() {
    let world = World::new().await;
    let _service = world.start().await;
    next_step_only(&world).await;
    world.decided(&said("m-1", "ours")).await;
    world.until("m-1", "NextStep", ChangeState::Approved).await;
    world
        .human_edits(&world.opportunity, json!({"NextStep": "theirs"}))
        .await;
    world.live(true).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    assert_eq!(held.baseline_json, "\"theirs\"");
    assert_eq!(held.proposed_json, "\"ours\"");
    assert!(
        held.reasons.iter().any(|reason| reason.code == "moved"),
        "{:?}",
        held.reasons
    );
    // Both values, who saved the record, and when.
    let moved = held.reasons.iter().find(|reason| reason.code == "moved");
    let told = &moved.expect("a reason").message;
    for part in ["theirs", "the record was last saved by ", " on 20"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(world.writes().await.get("update Opportunity"), None);

    // Having seen both, the reviewer decides for ours.
    assert!(
        decide(&world, &held, Decision::Approve, "", "")
            .await
            .refusals
            .is_empty()
    );
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("ours")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_human_edit_after_our_write_is_never_overwritten_by_the_next_meeting() {
    let world = World::new().await;
    let _service = world.start().await;
    next_step_only(&world).await;
    world.live(true).await;
    world.decided(&said("m-1", "first")).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    world.decided(&said("m-2", "second")).await;
    world.until("m-2", "NextStep", ChangeState::Applied).await;
    world
        .human_edits(&world.opportunity, json!({"NextStep": "theirs"}))
        .await;
    world.decided(&said("m-3", "third")).await;
    let held = world.until("m-3", "NextStep", ChangeState::Held).await;
    assert!(
        held.reasons
            .iter()
            .any(|reason| reason.code == "human_edit_newer")
    );
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("theirs")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_change_is_written_as_edited_and_a_stale_decision_is_refused() {
    let world = World::new().await;
    let _service = world.start().await;
    next_step_only(&world).await;
    world.live(true).await;
    let mut unsure = said("m-1", "maybe");
    unsure.confidence = 0.3;
    world.decided(&unsure).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;

    let viewer = as_role("user:v", Role::Viewer);
    let request = DecideChangesRequest {
        workspace: WORKSPACE.into(),
        decisions: vec![],
    };
    let refused = world
        .client()
        .await
        .decide_changes(&viewer, request)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::PermissionDenied);

    let mut stale = held.clone();
    stale.version += 7;
    assert_eq!(
        decide(&world, &stale, Decision::Approve, "", "")
            .await
            .refusals
            .len(),
        1
    );
    let too_long = format!("\"{}\"", "x".repeat(256));
    assert_eq!(
        decide(&world, &held, Decision::Approve, &too_long, "")
            .await
            .refusals
            .len(),
        1
    );

    let answer = decide(
        &world,
        &held,
        Decision::Approve,
        "\"for sure\"",
        "asked the rep",
    )
    .await;
    assert!(answer.refusals.is_empty(), "{:?}", answer.refusals);
    let applied = world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(applied.decided_by, "user:admin@sample");
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("for sure")
    );
    let audited: i64 =
        sqlx::query_scalar("select count(*) from writeback.audit where action = 'change.approved'")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(audited, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_approval_of_a_record_that_moved_comes_back_to_review() {
    let world = World::new().await;
    let _service = world.start().await;
    next_step_only(&world).await;
    world.live(true).await;
    let mut history = said("m-1", "ours");
    history.origin = Origin::Backfill;
    world.decided(&history).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    world
        .human_edits(&world.opportunity, json!({"NextStep": "theirs"}))
        .await;
    decide(&world, &held, Decision::Approve, "", "").await;
    let again = world.until("m-1", "NextStep", ChangeState::Held).await;
    assert_eq!(again.baseline_json, "\"theirs\"");
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("theirs")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_change_needs_a_reason_and_is_never_written() {
    let world = World::new().await;
    let _service = world.start().await;
    next_step_only(&world).await;
    world.live(true).await;
    let mut unsure = said("m-1", "maybe");
    unsure.confidence = 0.3;
    world.decided(&unsure).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    assert_eq!(
        decide(&world, &held, Decision::Dismiss, "", "")
            .await
            .refusals
            .len(),
        1
    );
    assert!(
        decide(&world, &held, Decision::Dismiss, "", "not said")
            .await
            .refusals
            .is_empty()
    );
    world.until("m-1", "NextStep", ChangeState::Dismissed).await;
    assert_eq!(world.writes().await.get("update Opportunity"), None);
}
