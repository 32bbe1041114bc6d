//! Validation rules: predicted, explained, rehearsed, and held against what the org answers.

mod books;
mod created;
mod globals;

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, said};
use events::crm::v1::{ObjectSchema, SchemaChanged, ValidationRule};
use events::rpc::{Code, Role};
use events::writeback::v1::{
    Change, ChangeDecision, ChangeSetOutcome, ChangeState, DecideChangesRequest, Decision,
    ListPredictionsRequest, ListPredictionsResponse, RehearseChangesRequest,
    RehearseChangesResponse,
};
use serde_json::json;
use testkit::eventually;
use testkit::rpc::{as_admin, as_role};

const MESSAGE: &str = "Big deals need an agreed next step.";

/// The org's rule and what we were told of it; the two are the same unless a test says otherwise.
struct Told<'a> {
    real: Option<&'a str>,
    told: &'a str,
}

/// Verified and live; then the org gets its rule and we hear of it.
async fn with_rule(world: &World, rule: Told<'_>) {
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep"), entry("amount", "Amount")],
            vec![],
        ))
        .await;
    world.live(true).await;
    if let Some(formula) = rule.real {
        world
            .control
            .put_rule("Opportunity", "Agreed", formula, MESSAGE, Some("NextStep"))
            .await
            .expect("the rule");
    }
    let validation_rules = vec![ValidationRule {
        name: "Agreed".into(),
        formula: rule.told.into(),
        error_message: MESSAGE.into(),
        error_field: "NextStep".into(),
        ..ValidationRule::default()
    }];
    publish_schema(
        world,
        ObjectSchema {
            validation_rules,
            ..crate::world::opportunity_schema()
        },
    )
    .await;
}

/// Publishes the next version of an object and waits until it is known.
async fn publish_schema(world: &World, object: ObjectSchema) {
    publish_version(world, object, 2).await;
}

async fn publish_version(world: &World, object: ObjectSchema, version: u64) {
    let name = object.name.clone();
    world
        .publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version,
            object: Some(object),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    let version = i64::try_from(version).expect("small");
    eventually(LIMIT, async || {
        let known: i64 = sqlx::query_scalar(
            "select count(*) from writeback.schema_part where object = $1 and version = $2",
        )
        .bind(&name)
        .bind(version)
        .fetch_one(&world.pool)
        .await
        .expect("the schema");
        (known == 1).then_some(())
    })
    .await;
}

async fn rehearse(world: &World, ids: Vec<String>) -> RehearseChangesResponse {
    world
        .client()
        .await
        .rehearse_changes(
            &as_admin(),
            RehearseChangesRequest {
                workspace: WORKSPACE.into(),
                change_ids: ids,
            },
        )
        .await
        .expect("an answer")
}

async fn approve(world: &World, change: &Change) {
    let answer = world
        .client()
        .await
        .decide_changes(
            &as_admin(),
            DecideChangesRequest {
                workspace: WORKSPACE.into(),
                decisions: vec![ChangeDecision {
                    change_id: change.id.clone(),
                    version: change.version,
                    decision: Decision::Approve.into(),
                    ..ChangeDecision::default()
                }],
            },
        )
        .await
        .expect("an answer");
    assert!(answer.refusals.is_empty(), "{:?}", answer.refusals);
}

async fn predictions(world: &World) -> ListPredictionsResponse {
    world
        .client()
        .await
        .list_predictions(
            &as_role("user:vera@acme.example", Role::Viewer),
            ListPredictionsRequest {
                workspace: WORKSPACE.into(),
                ..ListPredictionsRequest::default()
            },
        )
        .await
        .expect("an answer")
}

/// (agreed, false alarms, missed, unknown refused, unknown accepted) of the test's rule.
async fn score(world: &World) -> [u64; 5] {
    let found = predictions(world).await.scores;
    found
        .iter()
        .find(|score| score.rule == "Agreed")
        .map_or([0; 5], |score| {
            [
                score.agreed,
                score.false_alarms,
                score.missed,
                score.unknown_refused,
                score.unknown_accepted,
            ]
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predicted_refusal_is_held_explained_rehearsed_and_confirmed_by_the_org() {
    let world = World::new().await;
    let _service = world.start().await;
    let formula = "AND(Amount >= 1000, NOT(ISBLANK(NextStep)), NOT(BEGINS(NextStep, \"Agreed:\")))";
    with_rule(
        &world,
        Told {
            real: Some(formula),
            told: formula,
        },
    )
    .await;
    world.decided(&said("m-1", "send the offer")).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    let reason = held
        .reasons
        .iter()
        .find(|reason| reason.code == "predicted_block")
        .expect("the reason");
    assert_eq!(reason.message, format!("validation rule Agreed: {MESSAGE}"));
    let why = reason.rule.as_ref().expect("why");
    assert_eq!(why.message, MESSAGE);
    assert_eq!(
        why.explanation,
        "The rule fires because NextStep is not blank, BEGINS(NextStep, \"Agreed:\") is false (NextStep is \"send the \
         offer\") and Amount >= 1000 (Amount is 1000); putting back NextStep would lift it."
    );
    assert_eq!(why.would_lift, ["NextStep"]);
    assert_eq!(why.because.len(), 3);
    // Events carry the rule and its message, and no value of a record.
    for event in world.published::<ChangeSetOutcome>().await {
        for reason in event.changes.iter().flat_map(|change| &change.reasons) {
            assert!(reason.rule.is_none());
            assert!(!reason.message.contains("offer"), "{reason:?}");
        }
    }

    let answer = rehearse(&world, vec![held.id.clone()]).await;
    assert_eq!(answer.api_calls, 2, "one read, one rehearsal");
    let shown = answer.changes[0].rehearsal.as_ref().expect("a rehearsal");
    assert!(!shown.accepted);
    assert_eq!(shown.said[0].message, MESSAGE);
    assert_eq!(world.our_log().await.len(), 0, "nothing was left behind");
    assert_eq!(score(&world).await, [1, 0, 0, 0, 0]);

    // A person may still try: Salesforce decides, in its own words.
    approve(&world, &held).await;
    let refused = world.until("m-1", "NextStep", ChangeState::Refused).await;
    assert!(
        refused
            .reasons
            .iter()
            .any(|reason| reason.gate == "salesforce" && reason.message == MESSAGE)
    );
    assert_eq!(score(&world).await, [2, 0, 0, 0, 0]);
    assert!(predictions(&world).await.wrong.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_off_lets_go_what_it_held() {
    let world = World::new().await;
    let _service = world.start().await;
    let formula = "NOT(ISBLANK(NextStep))";
    with_rule(
        &world,
        Told {
            real: Some(formula),
            told: formula,
        },
    )
    .await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", "NextStep", ChangeState::Held).await;
    world
        .control
        .remove_rule("Opportunity", "Agreed")
        .await
        .expect("no rule");
    world
        .publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version: 3,
            object: Some(crate::world::opportunity_schema()),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_we_cannot_tell_are_listed_and_one_call_rehearses_many_changes() {
    const MANY: usize = 40;
    let world = World::new().await;
    let _service = world.start().await;
    with_rule(
        &world,
        Told {
            real: Some("LEN(NextStep) > 20"),
            // A managed package hides its formulas.
            told: "",
        },
    )
    .await;
    let mut changes = Vec::new();
    for number in 0..MANY {
        let deal = world.deal(&format!("Deal {number}")).await;
        let mut said = said(
            &format!("m-{number}"),
            if number % 2 == 0 {
                "call"
            } else {
                "a next step that is far too long for this org"
            },
        );
        // Below the mapping's minimum, so that each waits for a person.
        said.confidence = 0.1;
        world.decided_on(&said, &deal).await;
    }
    for number in 0..MANY {
        let held = world
            .until(&format!("m-{number}"), "NextStep", ChangeState::Held)
            .await;
        let codes: Vec<&str> = held
            .reasons
            .iter()
            .map(|reason| reason.code.as_str())
            .collect();
        assert!(codes.contains(&"cannot_tell"), "{codes:?}");
        let none = held
            .reasons
            .iter()
            .find(|reason| reason.code == "none_blocks")
            .expect("the words");
        assert_eq!(
            none.message,
            "no rule we could evaluate blocks this: 0 of 1 evaluated"
        );
        changes.push(held);
    }
    let before = world.control.stats().await.expect("stats").api_calls;
    let ids = changes.iter().map(|change| change.id.clone()).collect();
    let answer = rehearse(&world, ids).await;
    let calls = world.control.stats().await.expect("stats").api_calls - before;
    assert_eq!((calls, answer.api_calls), (1, 1));
    assert_eq!(answer.changes.len(), MANY);
    assert!(answer.limits.contains("rolled back"));
    for change in &answer.changes {
        let shown = change.rehearsal.as_ref().expect("a rehearsal");
        let short = change.proposed_json == "\"call\"";
        assert_eq!(shown.accepted, short, "{}", change.proposed_json);
        assert_eq!(shown.said.is_empty(), short);
    }
    assert_eq!(world.our_log().await.len(), 0, "nothing was left behind");
    let half = u64::try_from(MANY / 2).expect("a count");
    assert_eq!(score(&world).await, [0, 0, 0, half, half]);
    // It stays on the change, for whoever looks next.
    let shown = world.until("m-0", "NextStep", ChangeState::Held).await;
    assert!(shown.rehearsal.expect("kept").accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_prediction_is_counted_and_kept_with_its_inputs() {
    let world = World::new().await;
    let _service = world.start().await;
    // The rule was changed in the org and we have not heard of it yet.
    with_rule(
        &world,
        Told {
            real: Some("NextStep = \"bad\""),
            told: "BEGINS(NextStep, \"c\")",
        },
    )
    .await;
    world.decided(&said("m-1", "call")).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    approve(&world, &held).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(score(&world).await, [0, 1, 0, 0, 0]);
    world.decided(&said("m-2", "bad")).await;
    world.until("m-2", "NextStep", ChangeState::Refused).await;
    assert_eq!(score(&world).await, [0, 1, 1, 0, 0]);
    let wrong = predictions(&world).await.wrong;
    assert_eq!(wrong.len(), 2);
    let missed = &wrong[0];
    assert_eq!(
        (missed.predicted.as_str(), missed.answered.as_str()),
        ("silent", "refused")
    );
    assert_eq!(missed.formula, "BEGINS(NextStep, \"c\")");
    assert_eq!(missed.before_json, r#"{"NextStep": "call"}"#);
    assert_eq!(missed.changed_json, r#"{"NextStep": "bad"}"#);
    assert_eq!(missed.source, "write");
    let alarm = &wrong[1];
    assert_eq!(
        (alarm.predicted.as_str(), alarm.answered.as_str()),
        ("fires", "accepted")
    );
    assert_eq!(alarm.change_ids, [held.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_read_comes_with_the_record_parents_included() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world
        .control
        .save_as(
            salesforce_sim::config::ADMIN_USERNAME,
            "Account",
            Some(&world.account),
            json!({"Industry": "Banking"}),
        )
        .await
        .expect("the account");
    let industry = events::crm::v1::Field {
        name: "Industry".into(),
        r#type: "picklist".into(),
        ..events::crm::v1::Field::default()
    };
    publish_schema(
        &world,
        ObjectSchema {
            name: "Account".into(),
            key_prefix: "001".into(),
            queryable: true,
            fields: vec![industry],
            ..ObjectSchema::default()
        },
    )
    .await;
    let mut schema = crate::world::opportunity_schema();
    schema.fields.push(events::crm::v1::Field {
        name: "AccountId".into(),
        r#type: "reference".into(),
        reference_to: vec!["Account".into()],
        relationship_name: "Account".into(),
        ..events::crm::v1::Field::default()
    });
    schema.validation_rules = vec![ValidationRule {
        name: "Banks".into(),
        formula: "AND(ISPICKVAL(Account.Industry, \"Banking\"), NOT(ISBLANK(NextStep)))".into(),
        error_message: "Banks are handled by hand.".into(),
        ..ValidationRule::default()
    }];
    publish_schema(&world, schema).await;
    let before = world.control.stats().await.expect("stats").api_calls;
    world.decided(&said("m-1", "call")).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    let calls = world.control.stats().await.expect("stats").api_calls - before;
    assert_eq!(calls, 1, "the record and its parent come in one call");
    let why = held
        .reasons
        .iter()
        .find_map(|reason| reason.rule.as_ref())
        .expect("why");
    assert_eq!(
        why.explanation,
        "The rule fires because NextStep is not blank and Account.Industry is \"Banking\"; putting back NextStep would \
         lift it."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rehearsed_is_refused_with_a_reason() {
    let world = World::new().await;
    let _service = world.start().await;
    world.set_up(crate::world::usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-1", "call")).await;
    let applied = world.until("m-1", "NextStep", ChangeState::Applied).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    let answer = rehearse(
        &world,
        vec![
            applied.id.clone(),
            task.id,
            "018f0000-0000-7000-8000-000000000000".into(),
        ],
    )
    .await;
    assert_eq!((answer.changes.len(), answer.api_calls), (0, 0));
    let said: Vec<&str> = answer
        .refusals
        .iter()
        .map(|refusal| refusal.message.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "a change that is applied is not rehearsed",
            "a change that is applied is not rehearsed",
            "is not known in this workspace"
        ]
    );
    let request = RehearseChangesRequest {
        workspace: WORKSPACE.into(),
        change_ids: vec![applied.id],
    };
    let refused = world
        .client()
        .await
        .rehearse_changes(&as_role("user:otto@acme.example", Role::Operator), request)
        .await
        .expect_err("not for operators");
    assert_eq!(refused.code, Code::PermissionDenied);
}
