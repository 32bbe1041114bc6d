//! Records to be created: predicted, held, and held against what the org answers.

use events::crm::v1::{ObjectSchema, PicklistValue, ValidationRule};
use events::writeback::v1::ChangeState;
use serde_json::Value as Json;

use super::{approve, predictions, publish_schema, rehearse};
use crate::world::{World, mapping, said, task_destination, task_schema};

const MESSAGE: &str = "Completed tasks need a type.";

/// Tasks as the describe tells them, with this rule.
fn ruled(formula: &str) -> ObjectSchema {
    let mut schema = task_schema();
    let mut kind = schema.fields[0].clone();
    kind.name = "Type".into();
    kind.r#type = "picklist".into();
    kind.picklist_values = vec![PicklistValue {
        value: "Meeting".into(),
        active: true,
        ..PicklistValue::default()
    }];
    let mut reminder = kind.clone();
    reminder.name = "IsRecurrence".into();
    reminder.r#type = "boolean".into();
    reminder.picklist_values.clear();
    reminder.default_json = "false".into();
    schema.fields.extend([kind, reminder]);
    schema.validation_rules = vec![ValidationRule {
        name: "Typed".into(),
        formula: formula.into(),
        error_message: MESSAGE.into(),
        error_field: "Type".into(),
        ..ValidationRule::default()
    }];
    schema
}

/// Verified and live with Tasks; the org has the rule and we were told of it.
async fn with_rule(world: &World, formula: &str) {
    world
        .set_up(mapping(vec![], vec![task_destination()]))
        .await;
    world.live(true).await;
    world
        .control
        .put_rule("Task", "Typed", formula, MESSAGE, Some("Type"))
        .await
        .expect("the rule");
    publish_schema(world, ruled(formula)).await;
}

/// (agreed, wrong, not known) over all rules of Tasks, the silent ones included.
async fn score(world: &World) -> (u64, u64, u64) {
    let scores = predictions(world).await.scores;
    let tasks = scores.iter().filter(|score| score.object == "Task");
    tasks.fold((0, 0, 0), |(agreed, wrong, unknown), score| {
        (
            agreed + score.agreed,
            wrong + score.false_alarms + score.missed,
            unknown + score.unknown_refused + score.unknown_accepted,
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predicted_refusal_of_a_new_task_is_held_explained_and_confirmed_by_the_org() {
    let world = World::new().await;
    let _service = world.start().await;
    with_rule(
        &world,
        "AND(ISNEW(), ISPICKVAL(Status, \"Completed\"), ISBLANK(TEXT(Type)), NOT(IsRecurrence))",
    )
    .await;
    world.decided(&said("m-1", "call")).await;
    let held = world.until("m-1", "", ChangeState::Held).await;
    let reason = held
        .reasons
        .iter()
        .find(|reason| reason.code == "predicted_block")
        .expect("the reason");
    assert_eq!(reason.message, format!("validation rule Typed: {MESSAGE}"));
    let why = reason.rule.as_ref().expect("why");
    assert_eq!(
        why.explanation,
        "The rule fires because Status is \"Completed\", the record is new, Type is blank and IsRecurrence is false; \
         leaving out Status would lift it."
    );
    assert_eq!(why.would_lift, ["Status"]);
    let answer = rehearse(&world, vec![held.id.clone()]).await;
    assert_eq!(answer.api_calls, 1, "a new record needs no read");
    let shown = answer.changes[0].rehearsal.as_ref().expect("a rehearsal");
    assert!(!shown.accepted);
    assert_eq!(shown.said[0].message, MESSAGE);
    assert!(shown.together.is_empty());
    assert_eq!(world.our_log().await.len(), 0, "nothing was left behind");
    assert_eq!(score(&world).await, (1, 0, 0));

    // A person may still try: Salesforce decides, in its own words, and the prediction is held against it.
    approve(&world, &held).await;
    let refused = world.until("m-1", "", ChangeState::Refused).await;
    assert!(
        refused
            .reasons
            .iter()
            .any(|reason| reason.gate == "salesforce" && reason.message == MESSAGE)
    );
    assert_eq!(score(&world).await, (2, 0, 0));

    // The rule is switched off in the org: what it would hold goes out.
    world
        .control
        .remove_rule("Task", "Typed")
        .await
        .expect("no rule");
    super::publish_version(&world, task_schema(), 3).await;
    world.decided(&said("m-2", "call")).await;
    world.until("m-2", "", ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_lets_a_new_task_through_is_counted_as_agreed() {
    let world = World::new().await;
    let _service = world.start().await;
    with_rule(
        &world,
        "AND(ISNEW(), OR(ISCHANGED(Subject), ISBLANK(Subject), NOT(ISBLANK(TEXT(Type)))))",
    )
    .await;
    world.decided(&said("m-1", "call")).await;
    let applied = world.until("m-1", "", ChangeState::Applied).await;
    let none = applied
        .reasons
        .iter()
        .find(|reason| reason.code == "none_blocks")
        .expect("the words");
    assert_eq!(
        none.message,
        "no rule we could evaluate blocks this: 1 of 1 evaluated"
    );
    let task = world.record(&applied.record.expect("a record").id).await;
    assert!(matches!(task.get("Type"), None | Some(Json::Null)));
    assert_eq!(score(&world).await, (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_salesforce_derives_of_a_new_task_is_not_guessed() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![], vec![task_destination()]))
        .await;
    world.live(true).await;
    let formula = "AND(IsClosed, ISBLANK(Subject))";
    let unknown = "IsClosed";
    for (name, formula) in [("Decided", formula), ("Derived", unknown)] {
        world
            .control
            .put_rule("Task", name, formula, name, None)
            .await
            .expect("the rule");
    }
    let mut schema = task_schema();
    let mut closed = schema.fields[0].clone();
    closed.name = "IsClosed".into();
    closed.r#type = "boolean".into();
    (closed.createable, closed.updateable) = (false, false);
    schema.fields.push(closed);
    schema.validation_rules = [("Decided", formula), ("Derived", unknown)]
        .map(|(name, formula)| ValidationRule {
            name: name.into(),
            formula: formula.into(),
            error_message: name.into(),
            ..ValidationRule::default()
        })
        .into();
    publish_schema(&world, schema).await;
    world.decided(&said("m-1", "call")).await;
    // A completed task is closed, so the org refuses; we said that we could not tell.
    let refused = world.until("m-1", "", ChangeState::Refused).await;
    let told = refused
        .reasons
        .iter()
        .find(|reason| reason.code == "cannot_tell")
        .expect("a doubt");
    assert_eq!(
        told.message,
        "validation rule Derived: IsClosed is not loaded"
    );
    assert_eq!(score(&world).await, (1, 0, 1));
}
