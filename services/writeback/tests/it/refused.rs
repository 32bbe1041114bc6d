//! What Salesforce refuses is kept as it said it; what is transient is tried again.

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, said};
use events::metadata::v1::StartAccessReviewRequest;
use events::writeback::v1::{ChangeDecision, ChangeState, DecideChangesRequest, Decision};
use futures::StreamExt;
use prost::Message;
use testkit::rpc::as_admin;

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_rule_s_own_message_is_kept_and_a_person_may_release_it() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    world
        .control
        .put_rule(
            "Opportunity",
            "No_Calls",
            "CONTAINS(NextStep, \"call\")",
            "Calls are logged elsewhere.",
            Some("NextStep"),
        )
        .await
        .unwrap();
    world.decided(&said("m-1", "call back")).await;
    let refused = world.until("m-1", "NextStep", ChangeState::Refused).await;
    let said_by_salesforce: Vec<_> = refused
        .reasons
        .iter()
        .filter(|reason| reason.gate == "salesforce")
        .collect();
    assert_eq!(said_by_salesforce.len(), 1);
    assert_eq!(
        said_by_salesforce[0].code,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    );
    assert_eq!(said_by_salesforce[0].message, "Calls are logged elsewhere.");
    assert!(refused.reasons.iter().any(|reason| reason.gate == "advice"));

    world
        .control
        .remove_rule("Opportunity", "No_Calls")
        .await
        .unwrap();
    world
        .client()
        .await
        .decide_changes(
            &as_admin(),
            DecideChangesRequest {
                workspace: crate::world::WORKSPACE.into(),
                decisions: vec![ChangeDecision {
                    change_id: refused.id,
                    version: refused.version,
                    decision: Decision::Approve.into(),
                    ..ChangeDecision::default()
                }],
            },
        )
        .await
        .unwrap();
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_field_does_not_hold_back_the_others_of_its_record() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep"), entry("amount", "Amount")],
            vec![],
        ))
        .await;
    world.live(true).await;
    world
        .control
        .put_rule("Opportunity", "Cap", "Amount > 5000", "Too much.", None)
        .await
        .unwrap();
    let mut meeting = said("m-1", "sign");
    meeting.amount = Some("9000".into());
    world.decided(&meeting).await;
    let amount = world.until("m-1", "Amount", ChangeState::Refused).await;
    assert!(
        amount
            .reasons
            .iter()
            .any(|reason| reason.message == "Too much.")
    );
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_is_tried_again() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    world.control.lock_rows("Opportunity", 2).await.unwrap();
    world.decided(&said("m-1", "call back")).await;
    let change = world.until("m-1", "NextStep", ChangeState::Applied).await;
    assert!(
        change
            .reasons
            .iter()
            .all(|reason| reason.gate != "salesforce"),
        "{:?}",
        change.reasons
    );
    assert_eq!(world.writes().await.get("update Opportunity"), Some(&1));
    let tries: i64 = sqlx::query_scalar("select count(*) from writeback.attempt")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(tries, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_hidden_after_the_gates_is_held_alone() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep"), entry("amount", "Amount")],
            vec![],
        ))
        .await;
    let mut meeting = said("m-1", "sign");
    meeting.amount = Some("9000".into());
    world.decided(&meeting).await;
    world.until("m-1", "Amount", ChangeState::Approved).await;
    world
        .control
        .set_field_permission(
            salesforce_sim::config::INTEGRATION_USERNAME,
            "Opportunity",
            "Amount",
            false,
            false,
        )
        .await
        .unwrap();
    let asked = world.nats.client().await;
    let mut asked = asked
        .subscribe("ergo.rpc.metadata-sync.start_access_review")
        .await
        .expect("listens");
    world.live(true).await;
    let held = world.until("m-1", "Amount", ChangeState::Held).await;
    for code in ["field_out_of_reach", "INVALID_FIELD"] {
        assert!(
            held.reasons.iter().any(|reason| reason.code == code),
            "{:?}",
            held.reasons
        );
    }
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    let request = tokio::time::timeout(LIMIT, asked.next()).await;
    let request = request.expect("a review is asked for").expect("listens");
    let request = StartAccessReviewRequest::decode(request.payload).expect("decodes");
    assert_eq!(request.workspace, WORKSPACE);
}
