//! The repair of a difference, made when a person says so.

use events::crm::v1::{DriftKind, DriftStatus};
use events::metadata::v1::RepairDriftRequest;
use events::rpc::{Code, Role};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use super::suspension::field;
use super::{newest, suspended, told_after};
use crate::mapping::{entry, publish};
use crate::world::{WORKSPACE, World, caller};

#[tokio::test]
async fn a_rename_is_proven_by_the_fields_id_and_repaired_when_a_person_says_so() {
    let world = World::new().await;
    let control = world.sim.control();
    for definition in [
        "Mood__c string(80) cun \"Mood\"",
        "Twin__c string(80) cun \"Mood\"",
    ] {
        control
            .send(&Command::AddField {
                object: "Opportunity".into(),
                definition: definition.into(),
            })
            .await
            .expect("a field");
    }
    for name in ["Mood__c", "Twin__c"] {
        control
            .set_field_permission(INTEGRATION_USERNAME, "Opportunity", name, true, true)
            .await
            .expect("may be written");
    }
    let running = world.connected().await;
    publish(&world, vec![entry("mood", "Opportunity", "Mood__c")]).await;
    // Both twins are renamed at once: by label and type nobody could tell which is which.
    control
        .send(&Command::RenameField {
            object: "Opportunity".into(),
            field: "Twin__c".into(),
            to: "Other__c".into(),
        })
        .await
        .expect("is renamed");
    let told = told_after(&world, field("rename")).await;
    assert_eq!(told.len(), 1);
    let item = &told[0];
    assert_eq!(
        (item.kind(), item.after.as_str(), item.repairable),
        (DriftKind::FieldRenamed, "Feeling__c", true)
    );
    assert_eq!(suspended(&newest(&world).await), ["mood"]);
    let client = world.client().await;
    let request = RepairDriftRequest {
        workspace: WORKSPACE.into(),
        id: item.id.clone(),
    };
    let refused = client
        .repair_drift(&caller(Role::Operator), request.clone())
        .await
        .expect_err("is refused");
    assert_eq!(refused.code, Code::PermissionDenied);
    let repaired = client
        .repair_drift(&caller(Role::Admin), request.clone())
        .await
        .expect("is repaired");
    assert_eq!(repaired.problems, []);
    let item = repaired.item.expect("the item");
    assert_eq!(
        (
            item.status(),
            item.resolved_by.as_str(),
            item.resolved_at.is_some()
        ),
        (DriftStatus::Repaired, "user:ann@acme.example", true)
    );
    let mapping = newest(&world).await;
    assert_eq!((mapping.version, suspended(&mapping)), (2, vec![]));
    assert_eq!(mapping.entries[0].field, "Feeling__c");
    let again = client
        .repair_drift(&caller(Role::Admin), request)
        .await
        .expect_err("is decided");
    assert_eq!(again.code, Code::FailedPrecondition);
    running.shutdown().await.expect("stops");
}
