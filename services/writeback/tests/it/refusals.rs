//! Refusals of one cause are one group, and mending the cause releases all of it.

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, opportunity_schema, said};
use events::crm::v1::{SchemaChanged, ValidationRule};
use events::rpc::Code;
use events::writeback::v1::{
    ChangeState, ListRefusalGroupsRequest, ListRefusalGroupsResponse, RefusalScope,
    ReleaseRefusalsRequest, ReleaseRefusalsResponse,
};
use testkit::eventually;
use testkit::rpc::as_admin;

const RULE: &str = "No_Calls";
const FORMULA: &str = "CONTAINS(NextStep, \"call\")";
const MESSAGE: &str = "Calls are logged elsewhere.";

async fn groups(world: &World) -> ListRefusalGroupsResponse {
    world
        .client()
        .await
        .list_refusal_groups(
            &as_admin(),
            ListRefusalGroupsRequest {
                workspace: WORKSPACE.into(),
                limit: 0,
            },
        )
        .await
        .expect("the groups")
}

async fn release(
    world: &World,
    cause: &str,
    changes_max: u32,
) -> Result<ReleaseRefusalsResponse, events::rpc::RpcError> {
    world
        .client()
        .await
        .release_refusals(
            &as_admin(),
            ReleaseRefusalsRequest {
                workspace: WORKSPACE.into(),
                cause: cause.into(),
                reason: "the rule is off".into(),
                changes_max,
            },
        )
        .await
}

/// Live, with a rule of the org that refuses calls and that our schema does not know.
async fn with_rule(world: &World) {
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    world
        .control
        .put_rule("Opportunity", RULE, FORMULA, MESSAGE, Some("NextStep"))
        .await
        .expect("the rule is there");
}

/// A newer schema of the opportunity, with the rule or without it.
async fn read_schema(world: &World, version: u64, with_rule: bool) {
    let mut object = opportunity_schema();
    if with_rule {
        object.validation_rules = vec![ValidationRule {
            name: RULE.into(),
            // Hidden from us, as managed rules are: nothing is predicted, Salesforce is asked.
            formula: String::new(),
            error_message: MESSAGE.into(),
            ..ValidationRule::default()
        }];
    }
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
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_one_cause_are_one_group_and_a_person_releases_it() {
    let world = World::new().await;
    let _service = world.start().await;
    with_rule(&world).await;
    let deals = [world.deal("One").await, world.deal("Two").await];
    for (meeting, deal) in ["m-1", "m-2"].iter().zip(&deals) {
        world.decided_on(&said(meeting, "call back"), deal).await;
        world.until(meeting, "NextStep", ChangeState::Refused).await;
    }
    // Another cause beside it: a next step that is too long for the org.
    let found = groups(&world).await;
    assert_eq!(found.changes, 2);
    assert_eq!(found.groups.len(), 1, "{found:?}");
    let group = &found.groups[0];
    assert_eq!(group.scope(), RefusalScope::Rule);
    assert_eq!((group.changes, group.meetings), (2, 2));
    assert_eq!(group.message, MESSAGE);
    assert!(!group.advice.is_empty() && !group.watched, "{group:?}");

    // A newer revision of the second meeting says something else: what it replaces is not written any more.
    let mut newer = said("m-2", "write");
    newer.revision = 2;
    world.decided_on(&newer, &deals[1]).await;
    world.until("m-2", "NextStep", ChangeState::Applied).await;

    world
        .control
        .remove_rule("Opportunity", RULE)
        .await
        .unwrap();
    let unknown = release(&world, "rule/None", 0).await.expect_err("unknown");
    assert_eq!(unknown.code, Code::NotFound);
    let done = release(&world, &group.cause, 0).await.expect("released");
    assert_eq!((done.released, done.superseded, done.remaining), (1, 1, 0));
    let applied = world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert!(
        applied
            .reasons
            .iter()
            .any(|reason| reason.code == "released")
    );
    let deal = world.record(&deals[1]).await;
    assert_eq!(deal["NextStep"], serde_json::json!("write"));
    assert!(groups(&world).await.groups.is_empty());
    let audited: i64 = sqlx::query_scalar(
        "select count(*) from writeback.audit where action = 'refusals.released'",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(audited, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_that_the_schema_shows_gone_releases_its_group_by_itself() {
    let world = World::new().await;
    let _service = world.start().await;
    with_rule(&world).await;
    world.decided(&said("m-1", "call back")).await;
    world.until("m-1", "NextStep", ChangeState::Refused).await;
    // The next read of the schema finds the rule: from here on it is watched, and still refused.
    read_schema(&world, 2, true).await;
    let group = eventually(LIMIT, async || {
        let found = groups(&world).await.groups.pop()?;
        found.watched.then_some(found)
    })
    .await;
    assert_eq!(group.rule, RULE);
    world.until("m-1", "NextStep", ChangeState::Refused).await;

    world
        .control
        .remove_rule("Opportunity", RULE)
        .await
        .unwrap();
    read_schema(&world, 3, false).await;
    let applied = world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert!(
        applied
            .reasons
            .iter()
            .any(|reason| reason.code == "cause_changed"),
        "{:?}",
        applied.reasons
    );
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}
