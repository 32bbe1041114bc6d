//! What the names that start with `$` in rules stand for, read of the org for the connected user.

use std::collections::BTreeMap;

use chassis::Running;
use events::crm::v1::{Global, SchemaChanged};
use events::metadata::v1::{SyncKind, SyncState};
use salesforce_sim::ObjectAccess;
use salesforce_sim::config::{ADMIN_USERNAME, INTEGRATION_USERNAME};
use serde_json::{Map, Value as Json, json};

use crate::world::World;

async fn load(world: &World, object: &str, fields: Json) -> String {
    let fields: Map<String, Json> = fields.as_object().cloned().expect("fields");
    let ids = world
        .sim
        .control()
        .load(object, vec![fields])
        .await
        .expect("a record");
    ids[0].clone()
}

async fn one(world: &World, soql: &str, field: &str) -> String {
    let rows = world.sim.control().query(soql).await.expect("rows");
    rows[0][field].as_str().expect("a text").to_owned()
}

async fn rule(world: &World, name: &str, formula: &str) {
    world
        .sim
        .control()
        .put_rule("Opportunity", name, formula, name, None)
        .await
        .expect("the rule");
}

/// The connected user, as the org numbers it.
async fn user(world: &World) -> String {
    let soql = format!("SELECT Id FROM User WHERE Username = '{INTEGRATION_USERNAME}'");
    one(world, &soql, "Id").await
}

/// Connected as that user, and read.
async fn connected(world: &World, user: &str) -> Running {
    let running = world.connected().await;
    let organization = one(world, "SELECT Id FROM Organization", "Id").await;
    sqlx::query("update metadata_sync.workspace set user_id = $1, organization_id = $2")
        .bind(user)
        .bind(organization)
        .execute(&world.database.pool().await)
        .await
        .expect("the user and the organization of the org");
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    running
}

/// The newest globals of the opportunity, by name.
async fn told(world: &World) -> BTreeMap<String, Global> {
    let events = world.events::<SchemaChanged>().await;
    let deal = events
        .into_iter()
        .filter_map(|event| Some((event.version, event.object?)))
        .filter(|(_, object)| object.name == "Opportunity")
        .max_by_key(|(version, _)| *version)
        .expect("the opportunity");
    deal.1
        .globals
        .into_iter()
        .map(|global| (global.name.clone(), global))
        .collect()
}

fn known(globals: &BTreeMap<String, Global>, name: &str) -> (String, String) {
    let found = globals
        .get(name)
        .unwrap_or_else(|| panic!("{name} in {globals:?}"));
    assert_eq!(found.unknown_reason, "", "{name}");
    (found.r#type.clone(), found.value_json.clone())
}

fn unknown(globals: &BTreeMap<String, Global>, name: &str) -> String {
    let found = globals
        .get(name)
        .unwrap_or_else(|| panic!("{name} in {globals:?}"));
    assert_eq!(found.value_json, "", "{name}");
    found.unknown_reason.clone()
}

#[tokio::test]
async fn what_rules_name_is_read_for_the_connected_user_with_a_handful_of_calls() {
    let world = World::new().await;
    let user = user(&world).await;
    let profile = one(
        &world,
        &format!("SELECT ProfileId FROM User WHERE Id = '{user}'"),
        "ProfileId",
    )
    .await;
    let organization = one(&world, "SELECT Id FROM Organization", "Id").await;
    let set = one(
        &world,
        &format!("SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}'"),
        "PermissionSetId",
    )
    .await;
    let skip = load(
        &world,
        "CustomPermission",
        json!({"DeveloperName": "Skip_Rules"}),
    )
    .await;
    load(
        &world,
        "CustomPermission",
        json!({"DeveloperName": "Other"}),
    )
    .await;
    load(
        &world,
        "SetupEntityAccess",
        json!({"ParentId": set, "SetupEntityId": skip}),
    )
    .await;
    let switches = load(
        &world,
        "Rule_Switches__c",
        json!({"SetupOwnerId": organization, "Rules_Off__c": false, "Amount_Max__c": 1000}),
    )
    .await;
    load(
        &world,
        "Rule_Switches__c",
        json!({"SetupOwnerId": profile, "Rules_Off__c": true}),
    )
    .await;
    load(
        &world,
        "Deal_Policy__mdt",
        json!({"DeveloperName": "Deals", "QualifiedApiName": "Deals", "Amount_Max__c": 500.5, "Is_Strict__c": true}),
    )
    .await;
    rule(
        &world,
        "Everything",
        "AND($User.Username = \"x\", $Profile.Name = \"x\", ISBLANK($UserRole.Name), $Organization.Name = \"x\", \
         $Permission.Skip_Rules, $Permission.Other, $Setup.Rule_Switches__c.Rules_Off__c, \
         Amount > $Setup.Rule_Switches__c.Amount_Max__c, Amount > $CustomMetadata.Deal_Policy__mdt.Deals.Amount_Max__c, \
         $CustomMetadata.Deal_Policy__mdt.Deals.Is_Strict__c, CloseDate < TODAY(), $Label.Hello = \"x\", \
         $RecordType.Name = \"x\")",
    )
    .await;
    let running = connected(&world, &user).await;
    let globals = told(&world).await;
    for (name, kind, value) in [
        ("$User.Id", "id", json!(user)),
        ("$User.Username", "string", json!(INTEGRATION_USERNAME)),
        ("$User.TimeZoneSidKey", "picklist", json!("GMT")),
        ("$Profile.Name", "string", json!("Integration")),
        ("$UserRole.Name", "string", Json::Null),
        ("$Organization.Name", "string", json!("Northwind Trading")),
        ("$Permission.Skip_Rules", "boolean", json!(true)),
        ("$Permission.Other", "boolean", json!(false)),
        // Field by field: the profile's row, and where that is blank the org's.
        (
            "$Setup.Rule_Switches__c.Rules_Off__c",
            "boolean",
            json!(true),
        ),
        (
            "$CustomMetadata.Deal_Policy__mdt.Deals.Is_Strict__c",
            "boolean",
            json!(true),
        ),
        (
            "$CustomMetadata.Deal_Policy__mdt.Deals.Amount_Max__c",
            "double",
            json!(500.5),
        ),
    ] {
        let expected = (kind.to_owned(), value.to_string());
        assert_eq!(known(&globals, name), expected, "{name}");
    }
    let (kind, most) = known(&globals, "$Setup.Rule_Switches__c.Amount_Max__c");
    assert_eq!(kind, "currency");
    assert_eq!(most.parse::<f64>().ok(), Some(1000.0));
    assert_eq!(
        unknown(&globals, "$Label.Hello"),
        "custom labels are not read"
    );
    assert!(
        !globals.contains_key("$RecordType.Name"),
        "it is a field of the record"
    );

    // Besides the list of objects, stages and rules: user, organization, three for permissions, two for each of the
    // setting and the metadata; and nothing new is told while nothing moved.
    sqlx::query(
        "update metadata_sync.workspace set objects_modified = now() + interval '1 minute'",
    )
    .execute(&world.database.pool().await)
    .await
    .expect("a minute passes");
    let before = world.events::<SchemaChanged>().await.len();
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    assert_eq!(run.api_calls, 3 + 1 + 1 + 3 + 2 + 2);
    assert_eq!(world.events::<SchemaChanged>().await.len(), before);

    // A switch that is thrown is a new version of what the rules are.
    let thrown = json!({"Amount_Max__c": 2000});
    world
        .sim
        .control()
        .save_as(ADMIN_USERNAME, "Rule_Switches__c", Some(&switches), thrown)
        .await
        .expect("an admin throws it");
    world.sync(SyncKind::Schema).await;
    let (_, most) = known(&told(&world).await, "$Setup.Rule_Switches__c.Amount_Max__c");
    assert_eq!(most.parse::<f64>().ok(), Some(2000.0));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn what_the_connected_user_may_not_see_is_told_with_the_reason() {
    let world = World::new().await;
    let user = user(&world).await;
    let control = world.sim.control();
    load(
        &world,
        "CustomPermission",
        json!({"DeveloperName": "Grouped"}),
    )
    .await;
    let set = load(
        &world,
        "PermissionSet",
        json!({"Name": "Aggregate", "Label": "Aggregate"}),
    )
    .await;
    load(
        &world,
        "PermissionSetAssignment",
        json!({"PermissionSetId": set, "AssigneeId": user, "PermissionSetGroupId": "0PG000000000001AAA"}),
    )
    .await;
    rule(
        &world,
        "Everything",
        "AND($Permission.Grouped, $Permission.Nowhere, $Setup.Rule_Switches__c.Rules_Off__c, \
         $CustomMetadata.Deal_Policy__mdt.Nobody.Is_Strict__c, $Profile.Description = \"x\")",
    )
    .await;
    control
        .set_object_permission(
            INTEGRATION_USERNAME,
            "Rule_Switches__c",
            ObjectAccess::default(),
        )
        .await
        .expect("out of reach");
    let running = connected(&world, &user).await;
    let globals = told(&world).await;
    for (name, why) in [
        ("$Permission.Grouped", "a permission set group may give it"),
        (
            "$Permission.Nowhere",
            "the connected user sees no such custom permission",
        ),
        (
            "$Setup.Rule_Switches__c.Rules_Off__c",
            "rule_switches__c is out of the connected user's reach",
        ),
        (
            "$CustomMetadata.Deal_Policy__mdt.Nobody.Is_Strict__c",
            "the connected user sees no such record",
        ),
        ("$Profile.Description", "only its name and id are read"),
    ] {
        assert_eq!(unknown(&globals, name), why, "{name}");
    }
    running.shutdown().await.expect("stops");
}
