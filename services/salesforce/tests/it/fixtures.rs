//! Answers recorded from real orgs, read from beside the project when they are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use salesforce::error::parse_errors;
use salesforce::oauth::Identity;
use salesforce::soql::Query;
use salesforce::{
    Class, Code, FieldPicklist, FieldType, Id, Limit, ObjectDescribe, ObjectName, ObjectSummary,
    Page, Record, RowOutcome, Upserted, WriteOptions,
};

use super::support::{answer, id, org};

/// The folder of recordings, or `None` with a message.
fn folder() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = workspace.join("../shared/fixtures/salesforce");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no recordings at {}", folder.display());
    None
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).expect(file)
}

fn parse<T: serde::de::DeserializeOwned>(folder: &Path, file: &str) -> T {
    serde_json::from_str(&text(folder, file)).expect(file)
}

#[test]
fn recorded_error_bodies_are_understood() {
    let Some(folder) = folder() else { return };
    for (file, status, code) in [
        (
            "restforce/expired_session_response.json",
            401,
            Code::InvalidSessionId,
        ),
        (
            "restforce/sobject/delete_error_response.json",
            404,
            Code::NotFound,
        ),
        (
            "restforce/sobject/query_error_response.json",
            400,
            Code::InvalidField,
        ),
        (
            "restforce/sobject/search_error_response.json",
            400,
            Code::MalformedSearch,
        ),
        (
            "restforce/sobject/sobject_find_error_response.json",
            404,
            Code::NotFound,
        ),
        (
            "restforce/sobject/upsert_error_response.json",
            404,
            Code::NotFound,
        ),
    ] {
        let errors = parse_errors(status, text(&folder, file).as_bytes());
        assert_eq!(errors[0].code, code, "{file}");
    }
    let write = text(&folder, "restforce/sobject/write_error_response.json");
    let errors = parse_errors(400, write.as_bytes());
    assert!(
        !matches!(errors[0].code, Code::Unknown(_)),
        "{:?}",
        errors[0]
    );
    let refresh = text(&folder, "restforce/refresh_error_response.json");
    assert_eq!(
        parse_errors(400, refresh.as_bytes())[0].code.as_str(),
        "invalid_grant"
    );
}

#[test]
fn recorded_describes_are_read_whole() {
    let Some(folder) = folder() else { return };
    for (object, fields_min) in [
        ("Account", 40),
        ("Contact", 40),
        ("Opportunity", 30),
        ("Event", 30),
        ("Custom__c", 3),
    ] {
        let file = format!("cumulusci/describes/{object}.describe.json");
        let describe: ObjectDescribe = parse(&folder, &file);
        assert_eq!(describe.name, object);
        assert!(
            describe.fields.len() >= fields_min,
            "{object}: {}",
            describe.fields.len()
        );
        let unknown: Vec<&str> = describe
            .fields
            .iter()
            .filter(|field| matches!(field.field_type, FieldType::Unknown(_)))
            .map(|field| field.name.as_str())
            .collect();
        assert!(unknown.is_empty(), "{object}: {unknown:?}");
    }
    let describe: ObjectDescribe = parse(&folder, "cumulusci/describes/Opportunity.describe.json");
    let required: BTreeSet<&str> = describe
        .fields
        .iter()
        .filter(|field| field.required_on_create())
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(required, BTreeSet::from(["CloseDate", "Name", "StageName"]));
    assert_eq!(
        describe.field("NextStep").map(|field| field.length),
        Some(255)
    );
    assert_eq!(
        describe.field("Amount").map(|f| (f.precision, f.scale)),
        Some((18, 2))
    );
    #[derive(serde::Deserialize)]
    struct Global {
        sobjects: Vec<ObjectSummary>,
    }
    let global: Global = parse(&folder, "cumulusci/describes/Global.describe.json");
    assert!(
        global
            .sobjects
            .iter()
            .any(|object| object.name == "Account")
    );
}

#[test]
fn recorded_query_pages_are_read() {
    let Some(folder) = folder() else { return };
    let first: Page = parse(
        &folder,
        "restforce/sobject/query_paginated_first_page_response.json",
    );
    assert!(!first.done && first.next_records_url.is_some());
    let last: Page = parse(
        &folder,
        "restforce/sobject/query_paginated_last_page_response.json",
    );
    assert!(last.done);
    let aggregate: Page = parse(&folder, "swiftly-salesforce/MockAggregateQueryResult.json");
    assert_eq!(aggregate.records[0].object, "AggregateResult");
    let account: Record = parse(&folder, "swiftly-salesforce/MockAccount.json");
    assert_eq!(account.object, "Account");
}

#[test]
fn recorded_limits_identity_and_picklists_are_read() {
    let Some(folder) = folder() else { return };
    let limits: std::collections::BTreeMap<String, Limit> =
        parse(&folder, "swiftly-salesforce/MockLimits.json");
    assert!(limits.contains_key("DailyApiRequests"));
    let mut identities = Vec::new();
    let recording = parse(&folder, "restforce-db/sobject_get.json");
    walk(&recording, &mut |value| {
        if value["user_id"].is_string() && value["organization_id"].is_string() {
            identities.push(value.to_string());
        }
    });
    assert!(!identities.is_empty());
    for identity in identities {
        let identity: Identity = serde_json::from_str(&identity).expect("an identity");
        assert_eq!(identity.organization_id.key_prefix(), "00D");
    }
    let gifts: FieldPicklist = parse(
        &folder,
        "npsp/ui-api/geGiftEntryFormApp.getPicklistValuesMajorGift.json",
    );
    assert!(!gifts.values.is_empty());
}

#[tokio::test]
async fn recorded_answers_pass_through_the_client() {
    let Some(folder) = folder() else { return };
    let (server, org, _tokens) = org().await;
    let query = "/services/data/v67.0/query";
    answer(
        &server,
        "GET",
        query,
        200,
        &text(&folder, "restforce/sobject/query_success_response.json"),
    )
    .await;
    let rows = org
        .query(Query::from(ObjectName::fixed("Whizbang")), 10)
        .await
        .expect("rows");
    assert!(!rows.is_empty());
    let account = "/services/data/v67.0/sobjects/Account/Key__c/x";
    answer(
        &server,
        "PATCH",
        account,
        300,
        &text(
            &folder,
            "restforce/sobject/upsert_multiple_error_response.json",
        ),
    )
    .await;
    let several = org
        .upsert(
            &ObjectName::ACCOUNT,
            &salesforce::FieldName::fixed("Key__c"),
            "x",
            &Record::new(&ObjectName::ACCOUNT),
            WriteOptions::default(),
        )
        .await
        .expect("an outcome");
    // The recording names its rows `foo` and `bar`, which are no ids.
    assert_eq!(several, Upserted::Several(Vec::new()));
    let versions = text(&folder, "restforce/services_data_success_response.json");
    answer(&server, "GET", "/services/data", 200, &versions).await;
    assert!(!org.versions().await.expect("versions").is_empty());
}

/// Every object inside every recording, depth first.
fn walk(value: &serde_json::Value, visit: &mut impl FnMut(&serde_json::Value)) {
    visit(value);
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        serde_json::Value::Object(parts) => parts.values().for_each(|part| walk(part, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn recorded_collection_results_are_judged_row_by_row() {
    let Some(folder) = folder() else { return };
    let mut bodies = Vec::new();
    for entry in fs::read_dir(folder.join("cumulusci/exchanges")).expect("exchanges") {
        let recording = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        let recording = serde_json::from_str(&recording).expect("JSON");
        walk(&recording, &mut |value| {
            let uri = value["request"]["uri"].as_str().unwrap_or("");
            let body = &value["response"]["body"];
            if uri.contains("/composite/sobjects") && body.is_array() {
                bodies.push(body.clone());
            }
        });
    }
    assert!(!bodies.is_empty());
    for body in bodies {
        let (server, org, _tokens) = org().await;
        answer(
            &server,
            "POST",
            "/services/data/v67.0/composite/sobjects",
            200,
            &body.to_string(),
        )
        .await;
        let rows = body.as_array().map_or(0, Vec::len);
        let records = vec![Record::new(&ObjectName::ACCOUNT); rows];
        let outcomes = org
            .create_many(&records, false, WriteOptions::default())
            .await
            .expect("answered");
        for (outcome, row) in outcomes.iter().zip(body.as_array().into_iter().flatten()) {
            match outcome {
                RowOutcome::Saved { .. } => assert_eq!(row["success"], true),
                RowOutcome::Refused(errors) => {
                    assert!(
                        errors.iter().all(|error| error.class() != Class::Bug),
                        "{errors:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn recorded_ids_have_valid_checksums() {
    let Some(folder) = folder() else { return };
    let mut seen = BTreeSet::new();
    for file in [
        "restforce-db/token.json",
        "restforce-db/sobject_get.json",
        "restforce-db/query.json",
        "cumulusci/describes/Organization.record.json",
    ] {
        let value: serde_json::Value = parse(&folder, file);
        walk(&value, &mut |value| {
            let Some(text) = value.as_str() else { return };
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            for word in words.filter(|word| word.len() == 18 && word.starts_with("00")) {
                seen.insert(word.to_owned());
            }
        });
    }
    assert!(!seen.is_empty());
    // Ids masked by whoever recorded them hold words, and the reference lists what was hand-edited.
    let masked = |word: &str| {
        ["0x", "ORGID", "AAAAAA", "ACCOUNTID", "MR9bQAG"]
            .iter()
            .any(|part| word.contains(part))
    };
    for word in seen.iter().filter(|word| !masked(word)) {
        assert!(Id::parse(word).is_ok(), "{word}");
    }
    assert_eq!(id(1).key_prefix(), "006");
}
