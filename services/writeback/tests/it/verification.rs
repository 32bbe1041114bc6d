//! Rehearsal: what Salesforce would say, without a write left behind, and the gate it opens.

use crate::world::{WORKSPACE, World, entry, mapping, said, usual_mapping};
use events::crm::v1::ConnectionState;
use events::rpc::Code;
use events::writeback::v1::{
    ChangeState, GetVerificationRequest, PermissionMode, PropertyPermission, SetLiveRequest,
    SetPermissionsRequest,
};
use testkit::rpc::as_admin;

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_leaves_nothing_in_the_org() {
    let world = World::new().await;
    let _service = world.start().await;
    world.set_up(usual_mapping()).await;
    assert_eq!(world.our_log().await.len(), 0);
    let attempts = world.control.attempts(0).await.unwrap();
    assert!(
        attempts
            .iter()
            .any(|attempt| attempt.object == "Opportunity" && attempt.rolled_back),
        "{attempts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn going_live_needs_a_passed_run_and_a_refusal_is_shown_per_field() {
    let world = World::new().await;
    let _service = world.start().await;
    world.connect(1, ConnectionState::Connected).await;
    world.publish_schema().await;
    world
        .publish_mapping(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.until_settled(1).await;
    world.permit().await;
    let live = SetLiveRequest {
        workspace: WORKSPACE.into(),
        live: true,
    };
    let refused = world
        .client()
        .await
        .set_live(&as_admin(), live.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::FailedPrecondition);

    world
        .control
        .put_rule(
            "Opportunity",
            "Never",
            "TRUE",
            "Not today.",
            Some("NextStep"),
        )
        .await
        .unwrap();
    let run = world.verify().await;
    assert!(!run.passed);
    assert_eq!(run.results[0].field, "NextStep");
    assert_eq!(run.results[0].message, "Not today.");
    assert!(
        world
            .client()
            .await
            .set_live(&as_admin(), live.clone())
            .await
            .is_err()
    );

    world
        .control
        .remove_rule("Opportunity", "Never")
        .await
        .unwrap();
    let run = world.verify().await;
    assert!(run.passed && run.current, "{run:?}");
    world
        .client()
        .await
        .set_live(&as_admin(), live)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_permissions_close_the_gate_until_the_next_run() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    let change = |mode: PermissionMode| SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions: vec![PropertyPermission {
            object: "Opportunity".into(),
            field: "Amount".into(),
            mode: mode.into(),
            ..PropertyPermission::default()
        }],
    };
    let client = world.client().await;
    client
        .set_permissions(&as_admin(), change(PermissionMode::Review))
        .await
        .unwrap();
    let shown = client
        .get_verification(
            &as_admin(),
            GetVerificationRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .unwrap();
    assert!(!shown.run.expect("a run").current);
    world.decided(&said("m-1", "call")).await;
    let waiting = world.until("m-1", "NextStep", ChangeState::Proposed).await;
    assert!(
        waiting
            .reasons
            .iter()
            .any(|reason| reason.code == "not_verified")
    );
    assert!(world.verify().await.passed);
    world.until("m-1", "NextStep", ChangeState::Applied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_named_records_recent_ones_are_rehearsed() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    let run = world
        .client()
        .await
        .start_verification(
            &as_admin(),
            events::writeback::v1::StartVerificationRequest {
                workspace: WORKSPACE.into(),
                records: vec![],
            },
        )
        .await
        .unwrap()
        .run
        .unwrap();
    let mut records: Vec<&str> = run
        .results
        .iter()
        .filter_map(|result| Some(result.record.as_ref()?.id.as_str()))
        .collect();
    records.dedup();
    assert_eq!(records.len(), 5, "{run:?}");
    assert_eq!(world.our_log().await.len(), 0);
}
