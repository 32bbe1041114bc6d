//! Owners, pipelines and selected objects: what an admin sees of the org and says about it.

use events::crm::v1::{DriftDetected, DriftKind, DriftStatus, SchemaChanged};
use events::metadata::v1::{
    DescribeStagesRequest, ListObjectsRequest, ListOwnersRequest, ListPipelinesRequest,
    ListSelectableObjectsRequest, OwnerOverride, ResolveOwnersRequest, SaveOwnerOverridesRequest,
    SelectObjectsRequest, StageDescription, SyncKind, SyncState,
};
use events::rpc::Role;
use salesforce_sim::control::command::Command;

use crate::mapping::{entry, publish};
use crate::world::{WORKSPACE, World, caller};

#[tokio::test]
async fn our_users_are_salesforce_users_by_address_or_override_and_a_deactivation_is_told() {
    let world = World::new().await;
    let running = world.connected().await;
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    let client = world.client().await;
    let (admin, viewer) = (caller(Role::Admin), caller(Role::Viewer));
    let owners = client
        .list_owners(
            &viewer,
            ListOwnersRequest {
                workspace: WORKSPACE.into(),
                search: "rosa".into(),
                limit: 0,
            },
        )
        .await
        .expect("owners")
        .owners;
    let rosa = owners.first().expect("rosa").clone();
    let save = async |overrides: Vec<OwnerOverride>| {
        let request = SaveOwnerOverridesRequest {
            workspace: WORKSPACE.into(),
            overrides,
        };
        let answer = client.save_owner_overrides(&admin, request).await;
        answer.expect("an answer").problems
    };
    let said = |email: &str, user_id: &str| OwnerOverride {
        email: email.into(),
        user_id: user_id.into(),
    };
    let wrong = vec![
        said("nobody", &rosa.id),
        said("a@x.example", "005000000000999"),
        said("a@x.example", &rosa.id),
    ];
    assert_eq!(save(wrong).await.len(), 3);
    assert_eq!(save(vec![said("R.M@Acme.example", &rosa.id)]).await, []);
    let resolve = async |emails: &[&str]| {
        let request = ResolveOwnersRequest {
            workspace: WORKSPACE.into(),
            emails: emails.iter().map(|email| (*email).to_owned()).collect(),
        };
        let matches = client
            .resolve_owners(&viewer, request)
            .await
            .expect("an answer")
            .matches;
        let told = matches.into_iter();
        told.map(|found| (found.owner.map(|owner| owner.id), found.by_override))
            .collect::<Vec<_>>()
    };
    let id = Some(rosa.id.clone());
    assert_eq!(
        resolve(&[
            "r.m@acme.example",
            &rosa.email.to_uppercase(),
            "who@x.example"
        ])
        .await,
        [(id.clone(), true), (id, false), (None, false)]
    );

    let username = world
        .sim
        .control()
        .query(&format!(
            "SELECT Username FROM User WHERE Id = '{}'",
            rosa.id
        ))
        .await
        .expect("rosa")[0]["Username"]
        .as_str()
        .expect("a name")
        .to_owned();
    let active = async |active: bool| {
        let command = Command::SetUserActive {
            username: username.clone(),
            active,
        };
        world
            .sim
            .control()
            .send(&command)
            .await
            .expect("the org changes");
        let run = world.sync(SyncKind::Records).await;
        assert_eq!(run.state(), SyncState::Done, "{}", run.error);
        world
            .events::<DriftDetected>()
            .await
            .pop()
            .expect("is told")
            .items
    };
    let told = active(false).await;
    let found: Vec<(DriftKind, &str, DriftStatus)> = told
        .iter()
        .map(|item| (item.kind(), item.field.as_str(), item.status()))
        .collect();
    assert_eq!(
        found,
        [(
            DriftKind::OwnerDeactivated,
            rosa.id.as_str(),
            DriftStatus::Open
        )]
    );
    assert_eq!(
        told[0].people,
        [
            "r.m@acme.example by override".to_owned(),
            format!("{} by e-mail address", rosa.email.to_lowercase()),
        ],
        "whom of ours it hits"
    );
    assert_eq!(resolve(&["r.m@acme.example"]).await, [(None, false)]);
    let told = active(true).await;
    assert_eq!(told[0].status(), DriftStatus::Repaired);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn pipelines_have_the_stages_of_their_record_type_and_an_admins_words() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let (admin, viewer) = (caller(Role::Admin), caller(Role::Viewer));
    let describe = async |stage: &str| {
        let request = DescribeStagesRequest {
            workspace: WORKSPACE.into(),
            stages: vec![StageDescription {
                stage: stage.into(),
                description: "they asked for a price".into(),
            }],
        };
        client
            .describe_stages(&admin, request)
            .await
            .expect("an answer")
            .unknown_stages
    };
    assert_eq!(describe("No such stage").await, ["No such stage"]);
    assert_eq!(describe("Qualification").await, Vec::<String>::new());
    let listed = client
        .list_pipelines(
            &viewer,
            ListPipelinesRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .expect("pipelines");
    assert!(!listed.controls_known, "nobody serves writeback here");
    assert!(listed.pipelines.len() >= 2, "{listed:?}");
    for pipeline in &listed.pipelines {
        assert!(!pipeline.sales_process.is_empty(), "{pipeline:?}");
        let stages: Vec<_> = pipeline
            .stages
            .iter()
            .filter_map(|known| known.stage.as_ref())
            .collect();
        assert!(stages.iter().all(|stage| !stage.id.is_empty()));
        assert!(
            stages
                .windows(2)
                .all(|pair| pair[0].sort_order < pair[1].sort_order)
        );
        assert!(
            stages.iter().any(|stage| stage.won)
                && stages.iter().any(|stage| stage.closed && !stage.won)
        );
    }
    let described = listed
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.stages)
        .find(|known| {
            known
                .stage
                .as_ref()
                .is_some_and(|stage| stage.api_name == "Qualification")
        })
        .expect("the stage");
    assert_eq!(described.description, "they asked for a price");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_selected_object_is_read_beside_the_others() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let (admin, viewer) = (caller(Role::Admin), caller(Role::Viewer));
    let select = async |objects: &[&str]| {
        let request = SelectObjectsRequest {
            workspace: WORKSPACE.into(),
            objects: objects.iter().map(|object| (*object).to_owned()).collect(),
        };
        client
            .select_objects(&admin, request)
            .await
            .expect("an answer")
            .problems
    };
    let wrong = select(&["campaign", "Nothing__c"]).await;
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert_eq!(wrong[0].entry_id, "Nothing__c");
    let listed = client
        .list_selectable_objects(
            &viewer,
            ListSelectableObjectsRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .expect("objects")
        .objects;
    let further = listed
        .iter()
        .map(|object| object.name.as_str())
        .find(|name| ["Case", "Campaign", "Product2"].contains(name))
        .expect("an object that is not always read");
    assert_eq!(select(&[further]).await, []);
    world.until_ended(3).await;
    let told = world.events::<SchemaChanged>().await;
    assert!(told.iter().any(|event| {
        event
            .object
            .as_ref()
            .is_some_and(|object| object.name == further)
    }));
    let objects = client
        .list_objects(
            &viewer,
            ListObjectsRequest {
                workspace: WORKSPACE.into(),
            },
        )
        .await
        .expect("objects");
    assert!(objects.objects.iter().any(|object| object.name == further));
    assert_eq!(
        (objects.multi_currency, objects.person_accounts),
        (false, false)
    );
    // Let go again, it is no longer part of the schema.
    assert_eq!(select(&[]).await, []);
    world.until_ended(4).await;
    let told = world.events::<SchemaChanged>().await;
    assert!(told.last().is_some_and(|event| event.removed));
    running.shutdown().await.expect("stops");
}
