//! A backfill from draft to done: sampled, approved month by month, written beside live work, paused, taken back.

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, said, task_destination};
use events::Timestamp;
use events::meeting::v1::Origin;
use events::rpc::{Code, RpcError};
use events::writeback::v1::{
    ApproveSliceRequest, ApproveSliceResponse, Backfill, BackfillMove, BackfillSlice,
    BackfillState, ChangeState, CreateBackfillRequest, GetBackfillRequest, MoveBackfillRequest,
    UndoBackfillRequest,
};
use serde_json::json;
use testkit::eventually;
use testkit::rpc::as_admin;

/// 2024-03-10 and 2024-04-10, 10:00 UTC.
const MARCH: i64 = 1_710_064_800;
const APRIL: i64 = 1_712_743_200;

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

async fn draft(world: &World) -> Result<Backfill, RpcError> {
    let request = CreateBackfillRequest {
        workspace: WORKSPACE.into(),
        name: "spring 2024".into(),
        // From the first of January to the first of June 2024.
        window_from: at(1_704_067_200),
        window_until: at(1_717_200_000),
        sample_meetings_max: 4,
        meetings_expected: 400,
        ..CreateBackfillRequest::default()
    };
    let answer = world
        .client()
        .await
        .create_backfill(&as_admin(), request)
        .await?;
    Ok(answer.backfill.expect("the draft"))
}

async fn go(world: &World, id: &str, asked: BackfillMove) -> Result<Backfill, RpcError> {
    let request = MoveBackfillRequest {
        workspace: WORKSPACE.into(),
        backfill_id: id.into(),
        r#move: asked.into(),
        reason: "enough of it".into(),
    };
    let answer = world
        .client()
        .await
        .move_backfill(&as_admin(), request)
        .await?;
    Ok(answer.backfill.expect("the backfill"))
}

async fn look(world: &World, id: &str) -> (Backfill, Vec<BackfillSlice>) {
    let request = GetBackfillRequest {
        workspace: WORKSPACE.into(),
        backfill_id: id.into(),
    };
    let answer = world
        .client()
        .await
        .get_backfill(&as_admin(), request)
        .await
        .expect("the backfill");
    (answer.backfill.expect("the backfill"), answer.slices)
}

async fn until(world: &World, id: &str, state: BackfillState) -> Backfill {
    eventually(LIMIT, async || {
        let (found, _) = look(world, id).await;
        (found.state() == state).then_some(found)
    })
    .await
}

async fn approve(
    world: &World,
    id: &str,
    slice: &str,
    seen_at: Option<Timestamp>,
) -> Result<ApproveSliceResponse, RpcError> {
    let request = ApproveSliceRequest {
        workspace: WORKSPACE.into(),
        backfill_id: id.into(),
        slice: slice.into(),
        seen_at,
    };
    world
        .client()
        .await
        .approve_slice(&as_admin(), request)
        .await
}

/// A meeting of the past about a deal nobody touched; answers the deal.
async fn republish(world: &World, meeting: &str, started_at: i64) -> String {
    let deal = world.deal(meeting).await;
    let mut past = said(meeting, &format!("next of {meeting}"));
    past.origin = Origin::Backfill;
    past.started_at = started_at;
    world.decided_on(&past, &deal).await;
    world.until(meeting, "NextStep", ChangeState::Held).await;
    deal
}

/// Ready for review: two meetings of March, two of April, one of April over somebody's value.
async fn sampled(world: &World) -> (String, Vec<String>) {
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep")],
            vec![task_destination()],
        ))
        .await;
    world.live(true).await;
    let mut deals = Vec::new();
    for (meeting, started_at) in [("m-1", MARCH), ("m-2", MARCH + 86_400), ("m-3", APRIL)] {
        deals.push(republish(world, meeting, started_at).await);
    }
    let theirs = world.deal("m-4").await;
    world
        .human_edits(&theirs, json!({"NextStep": "theirs"}))
        .await;
    let mut over = said("m-4", "ours");
    over.origin = Origin::Backfill;
    over.started_at = APRIL;
    world.decided_on(&over, &theirs).await;
    world.until("m-4", "NextStep", ChangeState::Held).await;
    deals.push(theirs);
    let id = draft(world).await.expect("a draft").id;
    go(world, &id, BackfillMove::Sample).await.expect("samples");
    until(world, &id, BackfillState::ReadyForReview).await;
    (id, deals)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_sampled_approved_by_month_and_taken_back() {
    let world = World::new().await;
    let _service = world.start().await;
    let (id, deals) = sampled(&world).await;
    assert_eq!(
        draft(&world).await.expect_err("one at a time").code,
        Code::AlreadyExists
    );

    let (ready, slices) = look(&world, &id).await;
    let sample = ready.sample.expect("a sample");
    assert_eq!((sample.meetings, sample.changes), (4, 8));
    assert_eq!(sample.overwrites, 1);
    assert_eq!(sample.archived_activities, 4);
    assert_eq!(sample.changes_expected, 800);
    assert!(
        sample
            .warnings
            .iter()
            .any(|warning| warning.contains("365 days")),
        "{:?}",
        sample.warnings
    );
    let named: Vec<(&str, u64)> = slices
        .iter()
        .map(|slice| (slice.slice.as_str(), slice.held_low_risk))
        .collect();
    assert_eq!(named, [("2024-03", 4), ("2024-04", 3)]);

    // March is approved as it was seen; a meeting that arrives after the look is not meant.
    let preview = approve(&world, &id, "2024-03", None)
        .await
        .expect("a preview");
    assert_eq!((preview.changes, preview.left_for_review), (4, 0));
    let late = republish(&world, "m-5", MARCH).await;
    let april = approve(&world, &id, "2024-04", None)
        .await
        .expect("a preview");
    assert_eq!((april.changes, april.left_for_review), (3, 1));
    approve(&world, &id, "2024-03", preview.seen_at)
        .await
        .expect("approved");
    assert_eq!(world.writes().await.get("update Opportunity"), None);

    go(&world, &id, BackfillMove::Start).await.expect("starts");
    for meeting in ["m-1", "m-2"] {
        let applied = world.until(meeting, "NextStep", ChangeState::Applied).await;
        assert_eq!(applied.decided_by, "user:admin@sample");
        let task = world.until(meeting, "", ChangeState::Applied).await;
        let record = world.record(&task.record.expect("a record").id).await;
        assert!(
            record["ActivityDate"]
                .as_str()
                .is_some_and(|day| day.starts_with("2024-03")),
            "the original date is kept: {record:?}"
        );
    }
    // What a person has not approved was not written.
    world.until("m-3", "NextStep", ChangeState::Held).await;
    world.until("m-5", "NextStep", ChangeState::Held).await;
    assert_ne!(
        world.record(&late).await.get("NextStep"),
        Some(&json!("next of m-5"))
    );
    let (running, _) = look(&world, &id).await;
    let progress = running.progress.expect("progress");
    assert_eq!((progress.ended, progress.approved), (4, 0), "{progress:?}");

    // One month is taken back: the fields are empty again and the tasks are gone.
    let answer = world
        .client()
        .await
        .undo_backfill(
            &as_admin(),
            UndoBackfillRequest {
                workspace: WORKSPACE.into(),
                backfill_id: id.clone(),
                slice: "2024-03".into(),
                reason: "the wrong quarter".into(),
                changes_max: 0,
            },
        )
        .await
        .expect("is taken back");
    assert_eq!((answer.undone, answer.more), (4, false), "{answer:?}");
    for meeting in ["m-1", "m-2"] {
        world.until(meeting, "NextStep", ChangeState::Undone).await;
        world.until(meeting, "", ChangeState::Undone).await;
    }
    let deal = world.record(&deals[0]).await;
    assert!(
        deal.get("NextStep").is_none_or(serde_json::Value::is_null),
        "{deal:?}"
    );
    let left = world
        .client()
        .await
        .undo_backfill(
            &as_admin(),
            UndoBackfillRequest {
                workspace: WORKSPACE.into(),
                backfill_id: id,
                reason: "again".into(),
                ..UndoBackfillRequest::default()
            },
        )
        .await
        .expect("an answer");
    assert_eq!(left.undone, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_backfill_writes_nothing_and_goes_on_where_it_was() {
    let world = World::new().await;
    let _service = world.start().await;
    let (id, _) = sampled(&world).await;
    let seen = approve(&world, &id, "2024-03", None)
        .await
        .expect("a preview");
    approve(&world, &id, "2024-03", seen.seen_at)
        .await
        .expect("approved");
    // Nothing reaches Salesforce for now, so what is fed stays on the queue.
    world.live(false).await;
    go(&world, &id, BackfillMove::Start).await.expect("starts");
    world.until("m-1", "NextStep", ChangeState::Approved).await;
    go(&world, &id, BackfillMove::Pause).await.expect("pauses");
    for meeting in ["m-1", "m-2"] {
        world.until(meeting, "NextStep", ChangeState::Held).await;
    }
    world.live(true).await;
    // Live work is written meanwhile.
    let deal = world.deal("Live").await;
    world.decided_on(&said("m-live", "today"), &deal).await;
    world
        .until("m-live", "NextStep", ChangeState::Applied)
        .await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));

    go(&world, &id, BackfillMove::Resume)
        .await
        .expect("resumes");
    for meeting in ["m-1", "m-2"] {
        world.until(meeting, "NextStep", ChangeState::Applied).await;
    }
    // The rest is given up.
    go(&world, &id, BackfillMove::Cancel).await.expect("ends");
    for meeting in ["m-3", "m-4"] {
        let gone = world
            .until(meeting, "NextStep", ChangeState::Dismissed)
            .await;
        assert_eq!(gone.decided_by, "service:writeback");
    }
    let refused = go(&world, &id, BackfillMove::Resume)
        .await
        .expect_err("is over");
    assert_eq!(refused.code, Code::FailedPrecondition);
    draft(&world).await.expect("the next one may be drafted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_analysed_long_after_it_ended_counts_as_history() {
    let world = World::new().await;
    let _service = world
        .start_with(writeback::Options {
            history_after_days: 30,
            ..world.options()
        })
        .await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    let mut old = said("m-old", "ours");
    old.analysed_after_s = 31 * 86_400;
    world.decided(&old).await;
    let held = world.until("m-old", "NextStep", ChangeState::Held).await;
    assert!(
        held.reasons
            .iter()
            .any(|reason| reason.code == "from_history")
    );
}
