//! Changes of a whole object: hidden, no longer editable, a record type gone. They hit destinations as well as entries.

use events::crm::v1::destination::{Content, Kind};
use events::crm::v1::{Destination, DriftKind as K, DriftSeverity as S};
use events::metadata::v1::PublishMappingRequest;
use events::rpc::Role;
use salesforce_sim::access::ObjectAccess;
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use super::{assert_told, newest, suspended, told_after};
use crate::mapping::{draft, entry, publish};
use crate::world::{WORKSPACE, World, caller};

fn access(object: &str, access: ObjectAccess) -> Command {
    Command::SetObjectPermission {
        username: INTEGRATION_USERNAME.into(),
        object: object.into(),
        access,
    }
}

const READ_ONLY: ObjectAccess = ObjectAccess {
    create: false,
    edit: false,
    delete: false,
    ..ObjectAccess::FULL
};
const NONE: ObjectAccess = ObjectAccess {
    read: false,
    view_all: false,
    modify_all: false,
    ..READ_ONLY
};

#[tokio::test]
async fn an_object_locked_or_hidden_suspends_all_of_its_entries_and_no_other() {
    let world = World::new().await;
    let running = world.connected().await;
    publish(
        &world,
        vec![
            entry("next_step", "Opportunity", "NextStep"),
            entry("title", "Contact", "Title"),
        ],
    )
    .await;
    let hit: &[&str] = &["title"];
    let told = told_after(&world, access("Contact", READ_ONLY)).await;
    let locked = told
        .iter()
        .find(|item| item.kind() == K::PermissionLost && item.field.is_empty())
        .expect("the object's permission was lost");
    assert_eq!(
        (locked.severity(), locked.entry_ids.as_slice()),
        (S::Critical, &["title".to_owned()][..])
    );
    assert_eq!(suspended(&newest(&world).await), hit);
    let told = told_after(&world, access("Contact", ObjectAccess::FULL)).await;
    assert!(told.iter().any(|item| item.kind() == K::PermissionGained));
    assert_eq!(suspended(&newest(&world).await), Vec::<&str>::new());
    let removed = [(K::ObjectRemoved, S::Critical, hit, hit)];
    assert_told(&world, access("Contact", NONE), &removed).await;
    assert_eq!(suspended(&newest(&world).await), hit);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_destination_that_can_no_longer_be_created_is_in_the_blast_radius() {
    let world = World::new().await;
    let running = world.connected().await;
    let client = world.client().await;
    let admin = caller(Role::Admin);
    let mut request = draft(vec![entry("next_step", "Opportunity", "NextStep")]);
    if let Some(draft) = &mut request.draft {
        draft.destinations = vec![Destination {
            content: Content::Notes.into(),
            kind: Kind::Task.into(),
            ..Destination::default()
        }];
    }
    let saved = client.save_mapping_draft(&admin, request).await;
    assert_eq!(saved.expect("is saved").problems, []);
    let request = PublishMappingRequest {
        workspace: WORKSPACE.into(),
    };
    client
        .publish_mapping(&admin, request)
        .await
        .expect("an answer");
    let told = told_after(&world, access("Task", READ_ONLY)).await;
    let lost = told
        .iter()
        .find(|item| item.kind() == K::PermissionLost && item.field.is_empty())
        .expect("the object's permission was lost");
    assert_eq!(
        (lost.severity(), lost.destinations.as_slice()),
        (S::Critical, &["notes as Task".to_owned()][..])
    );
    assert_eq!(suspended(&newest(&world).await), Vec::<&str>::new());
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_record_type_that_is_gone_is_told_of_its_objects_entries() {
    let world = World::new().await;
    let running = world.connected().await;
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    let gone = Command::SetRecordTypeActive {
        object: "Opportunity".into(),
        record_type: "Renewal".into(),
        active: false,
    };
    let hit: &[&str] = &["next_step"];
    let expected = [(K::RecordTypeRemoved, S::Warning, &[][..], hit)];
    assert_told(&world, gone, &expected).await;
    running.shutdown().await.expect("stops");
}
