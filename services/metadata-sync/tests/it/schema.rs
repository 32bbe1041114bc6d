//! Schema: what is told on connecting, what an unchanged org costs, what a host may lack.

use std::collections::BTreeMap;

use events::crm::v1::SchemaChanged;
use events::metadata::v1::{GetObjectRequest, ListObjectsRequest, SyncKind, SyncState};
use events::rpc::{Code, Role};
use salesforce_sim::config::{ADMIN_USERNAME, INTEGRATION_USERNAME};
use salesforce_sim::control::command::Command;
use salesforce_sim::{Fault, FaultBody, FaultKind};

use crate::world::{WORKSPACE, World, by_hand, caller};

#[tokio::test]
async fn connecting_tells_every_object_with_stages_rules_and_record_types() {
    let world = World::new().await;
    let control = world.sim.control();
    control
        .send(&Command::SetUserPermissions {
            username: INTEGRATION_USERNAME.into(),
            api_enabled: None,
            view_setup: Some(true),
            update_inactive_owners: None,
        })
        .await
        .expect("may view setup");
    control
        .put_rule(
            "Opportunity",
            "Needs_Step",
            "ISBLANK(NextStep)",
            "say what comes next",
            Some("NextStep"),
        )
        .await
        .expect("a rule");
    let running = world.connected().await;
    let told: BTreeMap<String, SchemaChanged> = world
        .events::<SchemaChanged>()
        .await
        .into_iter()
        .map(|event| (event.object.clone().expect("an object").name, event))
        .collect();
    for name in [
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
        "OpportunityContactRole",
        "Task",
        "Event",
        "User",
    ] {
        assert!(told.contains_key(name), "{name} is missing");
    }
    let deal = told["Opportunity"].object.clone().expect("an object");
    assert!(
        deal.updateable
            && deal
                .fields
                .iter()
                .any(|field| field.name == "NextStep" && field.length == 255)
    );
    assert!(deal.stages.iter().any(|stage| stage.won) && deal.stages.len() > 5);
    let rule = deal
        .validation_rules
        .iter()
        .find(|rule| rule.name == "Needs_Step")
        .expect("the rule");
    assert_eq!(
        (rule.formula.as_str(), rule.error_field.as_str()),
        ("ISBLANK(NextStep)", "NextStep")
    );

    let client = world.client().await;
    let viewer = caller(Role::Viewer);
    let listed = client
        .list_objects(
            &viewer,
            ListObjectsRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .expect("objects");
    assert!(
        listed
            .objects
            .iter()
            .any(|object| object.name == "Opportunity" && object.fields > 20)
    );
    let request = |object: &str| GetObjectRequest {
        workspace: WORKSPACE.into(),
        object: object.into(),
    };
    let found = client
        .get_object(&viewer, request("Opportunity"))
        .await
        .expect("the object");
    assert_eq!(found.object, Some(deal));
    let error = client
        .get_object(&viewer, request("Nothing__c"))
        .await
        .expect_err("is not there");
    assert_eq!(error.code, Code::NotFound);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_unchanged_org_tells_nothing_and_costs_a_handful_of_calls() {
    let world = World::new().await;
    let running = world.connected().await;
    let before = world.events::<SchemaChanged>().await.len();
    // The org's last change is of this minute, and such a moment is not named in the next read. A minute later it would be.
    sqlx::query(
        "update metadata_sync.workspace set objects_modified = now() + interval '1 minute'",
    )
    .execute(&world.database.pool().await)
    .await
    .expect("a minute passes");
    let calls_before = world
        .sim
        .control()
        .stats()
        .await
        .expect("counters")
        .api_calls;
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    let calls = world
        .sim
        .control()
        .stats()
        .await
        .expect("counters")
        .api_calls
        - calls_before;
    // The list of objects, the stages, the validation rules.
    assert_eq!((calls, run.api_calls), (3, 3));
    assert_eq!(
        u64::try_from(before).expect("few"),
        world.events::<SchemaChanged>().await.len() as u64
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_host_without_optional_resources_is_read_and_the_run_says_what_it_lacks() {
    let world = World::new().await;
    let control = world.sim.control();
    for path in ["/ui-api/", "/tooling/"] {
        let missing = FaultKind::Status {
            status: 404,
            body: FaultBody::Html,
        };
        control
            .fault(Fault::new(missing).on_path(path))
            .await
            .expect("is missing");
    }
    let running = world.start(by_hand()).await;
    world.connect(1).await;
    let runs = world.until_ended(2).await;
    let notes: Vec<&str> = runs.iter().map(|run| run.error.as_str()).collect();
    assert!(
        runs.iter().all(|run| run.state() == SyncState::Done),
        "{notes:?}"
    );
    assert!(
        notes
            .iter()
            .any(|note| note.contains("validation rules are not readable")),
        "{notes:?}"
    );
    let told = world.events::<SchemaChanged>().await;
    assert!(told.iter().any(|event| {
        event
            .object
            .as_ref()
            .is_some_and(|object| object.name == "Opportunity")
    }));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_refused_org_fails_the_run_with_the_reason_and_keeps_the_service_up() {
    let world = World::new().await;
    let refused = FaultKind::Status {
        status: 500,
        body: FaultBody::Json,
    };
    world
        .sim
        .control()
        .fault(Fault::new(refused))
        .await
        .expect("is down");
    let running = world.start(by_hand()).await;
    world.connect(1).await;
    let runs = world.until_ended(2).await;
    assert!(
        runs.iter()
            .all(|run| run.state() == SyncState::Failed && !run.error.is_empty())
    );
    world.sim.control().clear_faults().await.expect("is up");
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn two_processes_never_work_on_one_run() {
    let world = World::new().await;
    let (one, other) = (world.start(by_hand()).await, world.start(by_hand()).await);
    world.connect(1).await;
    world.until_ended(2).await;
    let told = world.events::<SchemaChanged>().await;
    let names: std::collections::BTreeSet<String> = told
        .iter()
        .filter_map(|event| event.object.clone())
        .map(|object| object.name)
        .collect();
    let parts: usize = told.iter().filter(|event| event.part == 1).count();
    assert_eq!(names.len(), parts, "an object was told twice");
    let fences: i64 = sqlx::query_scalar("select max(fence) from metadata_sync.sync_run")
        .fetch_one(&world.database.pool().await)
        .await
        .expect("runs");
    assert_eq!(fences, 1);
    one.shutdown().await.expect("stops");
    other.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_viewer_may_not_start_a_run() {
    let world = World::new().await;
    let running = world.start(by_hand()).await;
    let request = events::metadata::v1::StartSyncRequest {
        workspace: WORKSPACE.into(),
        kind: SyncKind::Schema.into(),
    };
    let client = world.client().await;
    let error = client
        .start_sync(&caller(Role::Viewer), request.clone())
        .await
        .expect_err("is refused");
    assert_eq!(error.code, Code::PermissionDenied);
    let error = client
        .start_sync(&caller(Role::Admin), request)
        .await
        .expect_err("is refused");
    assert_eq!(
        error.code,
        Code::FailedPrecondition,
        "not connected, also for {ADMIN_USERNAME}"
    );
    running.shutdown().await.expect("stops");
}
