//! Notes: created with their links, and brought up to date by a newer revision for as long as nobody touched them.

use crate::world::{LIMIT, WORKSPACE, World, mapping};
use events::crm::v1::{Destination, Field, MappingEntry, ObjectSchema, SchemaChanged, destination};
use events::writeback::v1::{PermissionMode, PropertyPermission, SetPermissionsRequest};
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
    eventually(LIMIT, async || {
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
