//! Taking back: only what is still ours, once, journalled, and undoable itself.

use crate::world::{WORKSPACE, World, said, usual_mapping};
use events::rpc::{Code, Role};
use events::writeback::v1::{
    Action, Change, ChangeDecision, ChangeState, DecideChangesRequest, Decision,
    UndoChangesRequest, UndoChangesResponse, WhyValueRequest,
};
use salesforce_sim::config::ADMIN_USERNAME;
use serde_json::{Value, json};
use testkit::eventually::within;
use testkit::rpc::{as_admin, as_role};

use crate::world::LIMIT;

async fn undo(world: &World, request: UndoChangesRequest) -> UndoChangesResponse {
    world
        .client()
        .await
        .undo_changes(
            &as_admin(),
            UndoChangesRequest {
                workspace: WORKSPACE.into(),
                reason: "wrong deal".into(),
                ..request
            },
        )
        .await
        .expect("an answer")
}

async fn undo_one(world: &World, change: &Change) -> Change {
    let answer = undo(
        world,
        UndoChangesRequest {
            change_ids: vec![change.id.clone()],
            ..UndoChangesRequest::default()
        },
    )
    .await;
    assert!(answer.refusals.is_empty(), "{:?}", answer.refusals);
    answer.changes.into_iter().next().expect("the undo")
}

/// A change by its id, once it is in a state.
async fn until(world: &World, change: &Change, state: ChangeState) -> Change {
    let seen = std::sync::Mutex::new(String::new());
    let found = within(LIMIT, async || {
        let set = world.set_of(&change.meeting_id).await?;
        let found = set
            .changes
            .into_iter()
            .find(|other| other.id == change.id)?;
        *seen.lock().expect("nobody panicked") = format!("{found:?}");
        (found.state() == state).then_some(found)
    })
    .await;
    found.unwrap_or_else(|| {
        panic!(
            "never became {state:?}: {}",
            seen.lock().expect("nobody panicked")
        )
    })
}

async fn applied(world: &World) -> (Change, Change) {
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-1", "call")).await;
    (
        world.until("m-1", "NextStep", ChangeState::Applied).await,
        world.until("m-1", "", ChangeState::Applied).await,
    )
}

/// Whether a Task is there and not in the recycle bin.
async fn exists(world: &World, id: &str) -> bool {
    let found = world
        .control
        .query(&format!("SELECT Id FROM Task WHERE Id = '{id}'"))
        .await
        .expect("a query");
    !found.is_empty()
}

async fn next_step(world: &World) -> Value {
    world.record(&world.opportunity).await["NextStep"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_set_is_taken_back_and_the_undo_is_undone() {
    let world = World::new().await;
    let _service = world.start().await;
    let (field, task) = applied(&world).await;
    let answer = undo(
        &world,
        UndoChangesRequest {
            change_set_id: field.change_set_id.clone(),
            ..UndoChangesRequest::default()
        },
    )
    .await;
    assert_eq!((answer.changes.len(), answer.refusals.len()), (2, 0));
    let undo_of = |action: Action| {
        let found = answer.changes.iter().find(|undo| undo.action() == action);
        found.expect("the undo").clone()
    };
    let (restore, delete) = (undo_of(Action::UpdateField), undo_of(Action::DeleteRecord));
    assert_eq!((&restore.undoes, &delete.undoes), (&field.id, &task.id));
    until(&world, &restore, ChangeState::Applied).await;
    until(&world, &delete, ChangeState::Applied).await;
    until(&world, &field, ChangeState::Undone).await;
    until(&world, &task, ChangeState::Undone).await;
    assert_eq!(next_step(&world).await, Value::Null);
    assert!(!exists(&world, &task.record.clone().unwrap_or_default().id).await);
    // What was there before us is not ours.
    let ours: i64 = sqlx::query_scalar("select count(*) from writeback.provenance")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(ours, 0);

    // Undoing the undo brings the effect back.
    let again = undo_one(&world, &restore).await;
    until(&world, &again, ChangeState::Applied).await;
    until(&world, &restore, ChangeState::Undone).await;
    until(&world, &field, ChangeState::Applied).await;
    assert_eq!(next_step(&world).await, json!("call"));
    let created = undo_one(&world, &delete).await;
    let created = until(&world, &created, ChangeState::Applied).await;
    assert_eq!(created.action(), Action::CreateTask);
    until(&world, &delete, ChangeState::Undone).await;
    let record = world.record(&created.record.unwrap_or_default().id).await;
    assert_eq!(record["Subject"], json!("Meeting: Weekly"));
    let why = world
        .client()
        .await
        .why_value(
            &as_role("user:vera@acme.example", Role::Viewer),
            WhyValueRequest {
                workspace: WORKSPACE.into(),
                record: field.record.clone(),
                field: "NextStep".into(),
            },
        )
        .await
        .expect("an answer")
        .stories;
    // The write, the undo, and the undo of that, newest first.
    assert_eq!(why.len(), 3);
    assert!(why[0].current && !why[1].current && !why[2].current);
    assert!(
        why[0]
            .sentence
            .starts_with("Opportunity.NextStep was put back because of the meeting \"Weekly\""),
        "{}",
        why[0].sentence
    );
    assert_eq!(why[2].change.as_ref().expect("the change").id, field.id);
    assert_eq!(why[2].decision_id, "decision-m-1-1-1");
    assert_eq!(why[2].attempts.len(), 1);
    assert_eq!(why[2].attempts[0].result, "applied");
    // The journal has every step: two writes, two undos, two of these undone.
    let attempts: Vec<String> =
        sqlx::query_scalar("select result from writeback.attempt order by id")
            .fetch_all(&world.pool)
            .await
            .expect("the journal");
    assert_eq!(attempts, ["applied"; 6]);
    // And once more, from the start.
    until(
        &world,
        &undo_one(&world, &field).await,
        ChangeState::Applied,
    )
    .await;
    assert_eq!(next_step(&world).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_touched_is_not_taken_back_unseen() {
    let world = World::new().await;
    let _service = world.start().await;
    let (field, task) = applied(&world).await;
    world
        .human_edits(&world.opportunity, json!({"NextStep": "theirs"}))
        .await;
    let task_id = task.record.clone().unwrap_or_default().id;
    world
        .control
        .save_as(
            ADMIN_USERNAME,
            "Task",
            Some(&task_id),
            json!({"Subject": "Weekly, with the board"}),
        )
        .await
        .expect("the edit is saved");
    let restore = undo_one(&world, &field).await;
    let held = until(&world, &restore, ChangeState::Held).await;
    assert_eq!(held.baseline_json, "\"theirs\"");
    assert_eq!(held.proposed_json, "null");
    let delete = undo_one(&world, &task).await;
    let touched = until(&world, &delete, ChangeState::Held).await;
    let reason = touched
        .reasons
        .iter()
        .find(|reason| reason.code == "touched")
        .expect("the reason");
    assert_eq!(reason.fields, ["Subject"]);
    assert_eq!(next_step(&world).await, json!("theirs"));
    assert!(exists(&world, &task_id).await);
    // It is being undone already: not twice.
    let twice = undo(
        &world,
        UndoChangesRequest {
            change_ids: vec![field.id.clone()],
            ..UndoChangesRequest::default()
        },
    )
    .await;
    assert!(twice.refusals[0].message.contains("already"), "{twice:?}");
    // A reviewer who saw it may still have it gone.
    let answer = world
        .client()
        .await
        .decide_changes(
            &as_admin(),
            DecideChangesRequest {
                workspace: WORKSPACE.into(),
                decisions: vec![ChangeDecision {
                    change_id: touched.id.clone(),
                    version: touched.version,
                    decision: Decision::Approve.into(),
                    ..ChangeDecision::default()
                }],
            },
        )
        .await
        .expect("an answer");
    assert!(answer.refusals.is_empty(), "{:?}", answer.refusals);
    until(&world, &touched, ChangeState::Applied).await;
    assert!(!exists(&world, &task_id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_in_salesforce_can_be_taken_back_and_with_a_reason() {
    let world = World::new().await;
    let _service = world.start().await;
    world.set_up(usual_mapping()).await;
    let mut unsure = said("m-1", "call");
    unsure.confidence = 0.1;
    world.decided(&unsure).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    let answer = undo(
        &world,
        UndoChangesRequest {
            change_ids: vec![held.id.clone()],
            ..UndoChangesRequest::default()
        },
    )
    .await;
    assert_eq!(
        answer.refusals[0].message,
        "a change that is held is not in salesforce"
    );
    let refused = world
        .client()
        .await
        .undo_changes(
            &as_admin(),
            UndoChangesRequest {
                workspace: WORKSPACE.into(),
                change_ids: vec![held.id],
                ..UndoChangesRequest::default()
            },
        )
        .await
        .expect_err("without a reason");
    assert_eq!(refused.code, Code::InvalidArgument);
}
