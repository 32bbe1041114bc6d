//! Owners: the user an address of the meeting stands for, seen by a reviewer before a record changes hands.

use crate::world::{LIMIT, Said, WORKSPACE, World, entry, mapping, opportunity_schema, said};
use events::crm::v1::{Field, SchemaChanged};
use events::metadata::v1::{Owner, OwnerMatch, ResolveOwnersRequest, ResolveOwnersResponse};
use events::writeback::v1::{
    Change, ChangeDecision, ChangeState, DecideChangesRequest, Decision, PermissionMode,
    PropertyPermission, SetPermissionsRequest,
};
use futures::StreamExt as _;
use prost::Message as _;
use serde_json::json;
use testkit::eventually;
use testkit::rpc::as_admin;

/// Answers for metadata-sync: this user for any address that begins with `rosa`, nobody for others.
async fn metadata_sync(world: &World, user: Owner) {
    let client = world.nats.client().await;
    let mut asked = client
        .subscribe("ergo.rpc.metadata-sync.resolve_owners")
        .await
        .expect("the test's own servers answer");
    client.flush().await.expect("the test's own servers answer");
    tokio::spawn(async move {
        while let Some(message) = asked.next().await {
            let request = ResolveOwnersRequest::decode(message.payload).expect("a request");
            let matched = |email: String| {
                let found = email.starts_with("rosa");
                OwnerMatch {
                    owner: found.then(|| user.clone()),
                    reason: if found {
                        String::new()
                    } else {
                        "the Salesforce user with this address is inactive".into()
                    },
                    email,
                    by_override: false,
                }
            };
            let answer = ResolveOwnersResponse {
                matches: request.emails.into_iter().map(matched).collect(),
            };
            let reply = message.reply.expect("somebody waits");
            let sent = client.publish(reply, answer.encode_to_vec().into()).await;
            sent.expect("the test's own servers answer");
        }
    });
}

/// Live, with the deal's owner mapped to the organizer and set to review; answers a user who does not own it.
async fn set_up(world: &World) -> Owner {
    world
        .set_up(mapping(
            vec![
                entry("next_step", "NextStep"),
                entry("meeting.organizer", "OwnerId"),
            ],
            vec![],
        ))
        .await;
    let mut object = opportunity_schema();
    object.fields.push(Field {
        name: "OwnerId".into(),
        label: "Owner".into(),
        r#type: "reference".into(),
        length: 18,
        createable: true,
        updateable: true,
        filterable: true,
        reference_to: vec!["User".into()],
        ..Field::default()
    });
    world
        .publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version: 2,
            object: Some(object),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    eventually(LIMIT, async || {
        let known: bool = sqlx::query_scalar(
            "select exists (select 1 from writeback.schema_part where version = 2)",
        )
        .fetch_one(&world.pool)
        .await
        .expect("the test's own servers answer");
        known.then_some(())
    })
    .await;
    let permission = |field: &str, mode: PermissionMode| PropertyPermission {
        object: "Opportunity".into(),
        field: field.into(),
        mode: mode.into(),
        create_mode: PermissionMode::Off.into(),
    };
    let request = SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions: vec![
            permission("", PermissionMode::Automatic),
            permission("NextStep", PermissionMode::Automatic),
            permission("OwnerId", PermissionMode::Review),
        ],
    };
    world
        .client()
        .await
        .set_permissions(&as_admin(), request)
        .await
        .expect("permissions are set");
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
    world.live(true).await;
    let present = world.record(&world.opportunity).await["OwnerId"].clone();
    let users = world
        .control
        .query("SELECT Id, Name, Email FROM User WHERE IsActive = true AND UserType = 'Standard'")
        .await
        .expect("users");
    let other = users
        .iter()
        .find(|user| user["Id"] != present)
        .expect("somebody else");
    Owner {
        id: other["Id"].as_str().expect("an id").into(),
        name: other["Name"].as_str().expect("a name").into(),
        active: true,
        ..Owner::default()
    }
}

fn organized(id: &str, organizer: &str) -> Said {
    Said {
        organizer: organizer.into(),
        ..said(id, "")
    }
}

fn codes(change: &Change) -> Vec<&str> {
    change
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_changes_hands_once_a_reviewer_saw_to_whom() {
    let world = World::new().await;
    let _service = world.start().await;
    let user = set_up(&world).await;
    // Nobody says who the address is: nothing can be decided about it, and it is asked again.
    world.decided(&organized("m-1", "Rosa@acme.example")).await;
    let unknown = world.until("m-1", "OwnerId", ChangeState::Held).await;
    assert!(codes(&unknown).contains(&"owner_not_told"), "{unknown:?}");
    metadata_sync(&world, user.clone()).await;
    let held = eventually(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        let change = set
            .changes
            .into_iter()
            .find(|change| change.field == "OwnerId")?;
        codes(&change).contains(&"owner_named").then_some(change)
    })
    .await;
    assert_eq!(held.state(), ChangeState::Held);
    assert_eq!(held.proposed_json, json!(user.id).to_string());
    let named = held
        .reasons
        .iter()
        .find(|reason| reason.code == "owner_named");
    let named = &named.expect("who it is").message;
    assert!(named.contains(&user.name), "{named}");
    let request = DecideChangesRequest {
        workspace: WORKSPACE.into(),
        decisions: vec![ChangeDecision {
            change_id: held.id,
            version: held.version,
            decision: Decision::Approve.into(),
            ..ChangeDecision::default()
        }],
    };
    let decided = world
        .client()
        .await
        .decide_changes(&as_admin(), request)
        .await;
    decided.expect("is approved");
    world.until("m-1", "OwnerId", ChangeState::Applied).await;
    let record = world.record(&world.opportunity).await;
    assert_eq!(record["OwnerId"], json!(user.id));
    let writes = world.writes().await;
    assert_eq!(writes.get("update Opportunity"), Some(&1), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_names_nobody_active_is_held_with_the_reason() {
    let world = World::new().await;
    let _service = world.start().await;
    let user = set_up(&world).await;
    metadata_sync(&world, user.clone()).await;
    world.decided(&organized("m-1", "gone@acme.example")).await;
    let held = world.until("m-1", "OwnerId", ChangeState::Held).await;
    let reason = held
        .reasons
        .iter()
        .find(|reason| reason.code == "no_such_owner");
    let reason = &reason.expect("the reason").message;
    assert!(reason.contains("inactive"), "{reason}");
    // A person may name somebody, but only a user.
    let decide = async |edited: &str| {
        let request = DecideChangesRequest {
            workspace: WORKSPACE.into(),
            decisions: vec![ChangeDecision {
                change_id: held.id.clone(),
                version: held.version,
                decision: Decision::Approve.into(),
                edited_json: json!(edited).to_string(),
                ..ChangeDecision::default()
            }],
        };
        world
            .client()
            .await
            .decide_changes(&as_admin(), request)
            .await
            .expect("an answer")
    };
    let refused = decide("somebody").await;
    assert!(
        format!("{refused:?}").contains("begins with 005"),
        "{refused:?}"
    );
    decide(&user.id).await;
    world.until("m-1", "OwnerId", ChangeState::Applied).await;
    let record = world.record(&world.opportunity).await;
    assert_eq!(record["OwnerId"], json!(user.id));
}
