//! Rules are compiled once per snapshot, whatever else moves.

use events::writeback::v1::{PermissionMode, PropertyPermission, SetPermissionsRequest};
use std::sync::Arc;
use testkit::rpc::as_admin;

use chassis::Db;
use chrono_tz::Tz;
use events::crm::v1::{ObjectSchema, ValidationRule};
use writeback::store::settings::SettingsCache;

use super::{Told, publish_version, with_rule};
use crate::world::{WORKSPACE, World, opportunity_schema};

fn ruled(formula: &str) -> ObjectSchema {
    ObjectSchema {
        validation_rules: vec![ValidationRule {
            name: "Agreed".into(),
            formula: formula.into(),
            error_message: super::MESSAGE.into(),
            error_field: "NextStep".into(),
            ..ValidationRule::default()
        }],
        ..opportunity_schema()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_compiled_once_per_snapshot_and_again_for_the_next() {
    let world = World::new().await;
    let _service = world.start().await;
    let formula = "NOT(ISBLANK(NextStep))";
    with_rule(
        &world,
        Told {
            real: None,
            told: formula,
        },
    )
    .await;
    let cache = SettingsCache::new(
        Db::new(world.pool.clone(), "writeback"),
        Tz::UTC,
        "Ergo_Key__c".to_owned(),
    );
    let load = async || cache.one(WORKSPACE).await.expect("settings");
    let first = load().await;
    assert_eq!(first.rules["Opportunity"].rules.len(), 1);

    // Other settings move the generation, and the compiled rules stay.
    let stricter = SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions: vec![PropertyPermission {
            object: "Opportunity".into(),
            field: "Amount".into(),
            mode: PermissionMode::Review.into(),
            ..PropertyPermission::default()
        }],
    };
    let set = world
        .client()
        .await
        .set_permissions(&as_admin(), stricter)
        .await;
    set.expect("permissions are set");
    let second = load().await;
    assert!(second.generation > first.generation);
    assert!(Arc::ptr_eq(&first.rules, &second.rules));

    // A snapshot with the same content is the same snapshot.
    publish_version(&world, ruled(formula), 3).await;
    let third = load().await;
    assert!(third.generation > second.generation);
    assert!(Arc::ptr_eq(&first.rules, &third.rules));

    publish_version(&world, ruled("ISBLANK(NextStep)"), 4).await;
    let fourth = load().await;
    assert!(!Arc::ptr_eq(&first.rules, &fourth.rules));
    let rule = fourth.rules["Opportunity"].rules[0]
        .formula
        .as_ref()
        .expect("it compiles");
    assert_eq!(rule.source(), "ISBLANK(NextStep)");
}
