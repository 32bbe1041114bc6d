//! What every org has: organisation, profiles, users, stages, task statuses, record types.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{Error, load};
use crate::access::PermissionSet;
use crate::config::{ADMIN_USERNAME, INTEGRATION_USERNAME, PASSWORD, SimConfig};
use crate::id::Id;
use crate::org::Org;
use crate::schema::{RecordType, Schema, Stage, parse};

/// Objects that carry our key when the org has the external id field.
const KEYED: [&str; 5] = [
    "Task",
    "Event",
    "Opportunity",
    "Contact",
    "OpportunityContactRole",
];

/// Name, probability, closed, won, forecast category and its label.
const STAGES: [(&str, i64, bool, bool, &str, &str); 10] = [
    ("Prospecting", 10, false, false, "Pipeline", "Pipeline"),
    ("Qualification", 10, false, false, "Pipeline", "Pipeline"),
    ("Needs Analysis", 20, false, false, "Pipeline", "Pipeline"),
    (
        "Value Proposition",
        50,
        false,
        false,
        "Pipeline",
        "Pipeline",
    ),
    (
        "Id. Decision Makers",
        60,
        false,
        false,
        "Pipeline",
        "Pipeline",
    ),
    (
        "Perception Analysis",
        70,
        false,
        false,
        "Pipeline",
        "Pipeline",
    ),
    (
        "Proposal/Price Quote",
        75,
        false,
        false,
        "BestCase",
        "Best Case",
    ),
    ("Negotiation/Review", 90, false, false, "Forecast", "Commit"),
    ("Closed Won", 100, true, true, "Closed", "Closed"),
    ("Closed Lost", 0, true, false, "Omitted", "Omitted"),
];

/// Stages of the renewal process.
const RENEWAL_STAGES: [&str; 5] = [
    "Qualification",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
];

/// The schema with this org's settings applied.
pub fn schema(config: &SimConfig) -> Result<Schema, Error> {
    let mut schema = Schema::default();
    for text in parse::STANDARD.iter().chain([&parse::TOOLING]) {
        for mut object in parse::objects(text)? {
            if config.external_id_fields && KEYED.contains(&object.name.as_str()) {
                object
                    .fields
                    .extend(parse::field("Ergo_Key__c string(80) cunpxqi \"Ergo Key\""));
            }
            if object.name == "TaskRelation" {
                object.hidden = !config.shared_activities;
            }
            schema.add(object);
        }
    }
    schema.stages = STAGES
        .iter()
        .map(
            |(name, probability, closed, won, category, category_name)| Stage {
                name: (*name).into(),
                probability: *probability,
                closed: *closed,
                won: *won,
                category: (*category).into(),
                category_name: (*category_name).into(),
                active: true,
            },
        )
        .collect();
    if let Some(number) = schema.number("Opportunity") {
        let record_type =
            |index: u64, developer_name: &str, name: &str, default: bool, stages: &[&str]| {
                RecordType {
                    id: Id::numbered("012", index),
                    developer_name: developer_name.into(),
                    name: name.into(),
                    active: true,
                    default,
                    business_process: Some(Id::numbered("019", index)),
                    picklists: BTreeMap::from([(
                        "StageName".to_owned(),
                        stages.iter().map(|stage| (*stage).to_owned()).collect(),
                    )]),
                }
            };
        let all: Vec<&str> = STAGES.iter().map(|stage| stage.0).collect();
        let mut renewal = record_type(2, "Renewal", "Renewal", false, &RENEWAL_STAGES);
        renewal.picklists.insert(
            "Risk__c".into(),
            vec!["Low".into(), "Medium".into(), "High".into()],
        );
        schema.object_mut(number).record_types = vec![
            record_type(1, "New_Business", "New Business", true, &all),
            renewal,
        ];
    }
    Ok(schema)
}

fn object(json: Json) -> Map<String, Json> {
    if let Json::Object(map) = json {
        map
    } else {
        Map::new()
    }
}

/// The rows every org has.
pub fn rows(org: &mut Org) -> Result<(), Error> {
    let is_sandbox = org.config.is_sandbox;
    let mut add = |name: &str, fields: Json| load::record(org, name, &object(fields));
    add(
        "Organization",
        json!({"Id": Id::numbered("00D", 1).to_string(), "Name": "Northwind Trading", "Country": "US",
               "DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "GMT", "LanguageLocaleKey": "en_US", "FiscalYearStartMonth": 1,
               "OrganizationType": "Enterprise Edition", "InstanceName": "SIM1", "IsSandbox": is_sandbox}),
    )?;
    let admin = add(
        "Profile",
        json!({"Name": "System Administrator", "UserType": "Standard", "PermissionsModifyAllData": true,
        "PermissionsViewAllData": true, "PermissionsApiEnabled": true}),
    )?;
    let standard = add(
        "Profile",
        json!({"Name": "Standard User", "UserType": "Standard", "PermissionsApiEnabled": true}),
    )?;
    let integration = add(
        "Profile",
        json!({"Name": "Integration", "UserType": "Standard", "PermissionsApiEnabled": true}),
    )?;
    for (index, (name, ..)) in STAGES.iter().enumerate() {
        let (_, probability, closed, won, category, category_name) = STAGES[index];
        add(
            "OpportunityStage",
            json!({"MasterLabel": name, "ApiName": name, "IsActive": true, "SortOrder": index + 1,
            "IsClosed": closed, "IsWon": won, "DefaultProbability": probability, "ForecastCategory": category,
            "ForecastCategoryName": category_name}),
        )?;
    }
    let statuses = [
        ("Not Started", true, false),
        ("In Progress", false, false),
        ("Completed", false, true),
        ("Waiting on someone else", false, false),
        ("Deferred", false, false),
    ];
    for (index, (name, default, closed)) in statuses.into_iter().enumerate() {
        add(
            "TaskStatus",
            json!({"MasterLabel": name, "ApiName": name, "SortOrder": index + 1, "IsDefault": default, "IsClosed": closed}),
        )?;
    }
    for (index, name) in ["New Business", "Renewal"].into_iter().enumerate() {
        let process = Id::numbered("019", index as u64 + 1).to_string();
        add(
            "BusinessProcess",
            json!({"Id": process, "Name": name, "TableEnumOrId": "Opportunity", "IsActive": true}),
        )?;
        add(
            "RecordType",
            json!({"Id": Id::numbered("012", index as u64 + 1).to_string(), "Name": name,
            "DeveloperName": name.replace(' ', "_"), "BusinessProcessId": process, "SobjectType": "Opportunity", "IsActive": true}),
        )?;
    }
    add(
        "Group",
        json!({"Name": "Inbound Leads", "DeveloperName": "Inbound_Leads", "Type": "Queue"}),
    )?;
    permission_sets(
        org,
        &[
            (admin, "X00e_Admin", true),
            (standard, "X00e_Standard", false),
            (integration, "X00e_Integration", true),
        ],
    )?;
    user(
        org,
        Id::numbered("005", 1),
        ADMIN_USERNAME,
        "Ada",
        "Admin",
        admin,
        true,
    )?;
    user(
        org,
        Id::numbered("005", 2),
        INTEGRATION_USERNAME,
        "Ergo",
        "Integration",
        integration,
        true,
    )?;
    org.table_mut(org.number("User")).reserve_numbers(10);
    Ok(())
}

fn permission_sets(org: &mut Org, profiles: &[(Id, &str, bool)]) -> Result<(), Error> {
    for (profile, name, setup) in profiles {
        let fields = json!({"Name": name, "Label": name, "IsOwnedByProfile": true, "ProfileId": profile.to_string()});
        let id = load::record(org, "PermissionSet", &object(fields))?;
        let set = PermissionSet {
            id,
            profile: Some(*profile),
            full: true,
            objects: HashMap::new(),
            fields: HashMap::new(),
            api_enabled: true,
            modify_all_data: *setup,
            view_setup: *setup,
            update_inactive_owners: false,
        };
        org.permission_sets.insert(id, Arc::new(set));
    }
    Ok(())
}

/// Adds a user who can log in with the common password.
pub fn user(
    org: &mut Org,
    id: Id,
    username: &str,
    first: &str,
    last: &str,
    profile: Id,
    active: bool,
) -> Result<Id, Error> {
    let alias: String = first
        .chars()
        .take(1)
        .chain(last.chars().take(6))
        .collect::<String>()
        .to_lowercase();
    let fields = json!({
        "Id": id.to_string(), "Username": username, "FirstName": first, "LastName": last, "Email": username,
        "Alias": alias, "CommunityNickname": format!("{first}.{last}"), "IsActive": active, "ProfileId": profile.to_string(),
        "UserType": "Standard", "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    });
    org.passwords
        .insert(username.to_lowercase(), PASSWORD.into());
    let user = load::record(org, "User", &object(fields))?;
    // The profile's own permission set is assigned like any other.
    let set = org
        .permission_sets
        .values()
        .find(|set| set.profile == Some(profile));
    if let Some(set) = set.map(|set| set.id) {
        let fields = json!({"PermissionSetId": set.to_string(), "AssigneeId": user.to_string()});
        load::record(org, "PermissionSetAssignment", &object(fields))?;
    }
    Ok(user)
}
