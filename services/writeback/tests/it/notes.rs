//! Notes: created with their links, and brought up to date by a newer revision for as long as nobody touched them.

use crate::world::{LIMIT, Said, WORKSPACE, World, mapping, said};
use events::crm::v1::{Destination, Field, MappingEntry, ObjectSchema, SchemaChanged, destination};
use events::writeback::v1::{
    Action, Change, ChangeDecision, ChangeState, DecideChangesRequest, Decision, PermissionMode,
    PropertyPermission, SetPermissionsRequest,
};
use salesforce_sim::{Fault, FaultKind, config::ADMIN_USERNAME};
use serde_json::json;
use testkit::eventually;
use testkit::rpc::as_admin;

/// Verified, not live: these entries, and a note of each meeting.
pub(crate) async fn set_up(world: &World, entries: Vec<MappingEntry>) {
    let note = Destination {
        content: destination::Content::Meeting.into(),
        kind: destination::Kind::ContentNote.into(),
        ..Destination::default()
    };
    world.set_up(mapping(entries, vec![note])).await;
    let field = |name: &str, kind: &str, length| Field {
        name: name.into(),
        label: name.into(),
        r#type: kind.into(),
        length,
        nillable: true,
        createable: true,
        updateable: true,
        ..Field::default()
    };
    let moment = |name: &str| Field {
        createable: false,
        updateable: false,
        ..field(name, "datetime", 0)
    };
    let by = Field {
        createable: false,
        updateable: false,
        ..field("LastModifiedById", "reference", 18)
    };
    world
        .publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version: 1,
            object: Some(ObjectSchema {
                name: "ContentNote".into(),
                label: "Note".into(),
                key_prefix: "069".into(),
                createable: true,
                updateable: true,
                queryable: true,
                fields: vec![
                    field("Title", "string", 255),
                    field("Content", "base64", 0),
                    moment("LastModifiedDate"),
                    by,
                ],
                ..ObjectSchema::default()
            }),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    eventually::eventually(LIMIT, async || {
        let parts: i64 = sqlx::query_scalar("select count(*) from writeback.schema_part")
            .fetch_one(&world.pool)
            .await
            .expect("the test's own servers answer");
        (parts == 3).then_some(())
    })
    .await;
    let permission = PropertyPermission {
        object: "ContentNote".into(),
        field: String::new(),
        mode: PermissionMode::Automatic.into(),
        create_mode: PermissionMode::Automatic.into(),
    };
    world
        .client()
        .await
        .set_permissions(
            &as_admin(),
            SetPermissionsRequest {
                workspace: WORKSPACE.into(),
                permissions: vec![permission],
            },
        )
        .await
        .expect("permissions are set");
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
}

/// The change of a field of the note of a revision, once it is in a state.
async fn until(world: &World, revision: u64, field: &str, state: ChangeState) -> Change {
    let found = eventually::within(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        let of = set
            .changes
            .into_iter()
            .find(|change| change.field == field)?;
        (set.meeting_revision == revision && of.state() == state).then_some(of)
    });
    match found.await {
        Some(found) => found,
        None => panic!(
            "{field} of revision {revision} never became {state:?}: {:?}",
            world.set_of("m-1").await
        ),
    }
}

/// Half an hour later than the last time: the content says when the meeting was.
fn revised(before: &Said) -> Said {
    Said {
        revision: before.revision + 1,
        started_at: before.started_at + 1_800,
        ..before.clone()
    }
}

async fn preview(world: &World, id: &str) -> String {
    let note = world.record(id).await;
    note["TextPreview"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_revision_updates_the_note_instead_of_adding_a_second() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, vec![crate::world::entry("next_step", "NextStep")]).await;
    world.live(true).await;
    let first = said("m-1", "call");
    world.decided(&first).await;
    let note = until(&world, 1, "", ChangeState::Applied).await;
    let id = note.record.expect("a record").id;
    assert!(
        preview(&world, &id).await.contains("10:00"),
        "{}",
        preview(&world, &id).await
    );

    let second = revised(&first);
    world.decided(&second).await;
    let newer = until(&world, 2, "Content", ChangeState::Applied).await;
    assert_eq!(newer.action(), Action::UpdateField);
    assert_eq!(newer.record.expect("a record").id, id);
    assert!(preview(&world, &id).await.contains("10:30"));

    // Its answer is lost: the note itself tells that it was written.
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path("/composite")
        .on_method("POST")
        .times(1);
    let third = Said {
        title: "Renamed".into(),
        ..revised(&second)
    };
    let versions = async || {
        let query = format!("SELECT Id FROM ContentVersion WHERE ContentDocumentId = '{id}'");
        world.control.query(&query).await.expect("versions").len()
    };
    assert_eq!(versions().await, 2);
    world.control.fault(lost).await.expect("is told");
    world.decided(&third).await;
    until(&world, 3, "Content", ChangeState::Applied).await;
    until(&world, 3, "Title", ChangeState::Applied).await;
    assert_eq!(world.record(&id).await["Title"], json!("Meeting: Renamed"));
    let writes = world.writes().await;
    assert_eq!(writes.get("create ContentNote"), Some(&1), "{writes:?}");
    println!("{} versions, {writes:?}", versions().await);

    // Somebody writes into it: the next revision asks, and a reviewer's word is good for what they saw.
    let theirs = async |text: &str| {
        use base64::Engine as _;
        let content = base64::engine::general_purpose::STANDARD.encode(text);
        world
            .control
            .save_as(
                ADMIN_USERNAME,
                "ContentNote",
                Some(&id),
                json!({"Content": content}),
            )
            .await
            .expect("the edit is saved");
    };
    theirs("<p>their own words</p>").await;
    world.decided(&revised(&third)).await;
    let held = until(&world, 4, "Content", ChangeState::Held).await;
    assert!(held.baseline_json.contains("somebody else"), "{held:?}");
    assert_eq!(preview(&world, &id).await, "their own words");
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
    until(&world, 4, "Content", ChangeState::Applied).await;
    assert!(preview(&world, &id).await.contains("11:30"));
    let writes = world.writes().await;
    assert_eq!(writes.get("create ContentNote"), Some(&1), "{writes:?}");
}
