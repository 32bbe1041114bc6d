//! Versions, describes, picklists, and the allowance header.

use chrono::{TimeZone, Utc};
use salesforce::{ApiUsage, Conditional, FieldName, FieldType, ObjectName, valid_for};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use super::support::{answer, dated, id, json, org};

const DESCRIBE: &str = "/services/data/v67.0/sobjects/Opportunity/describe";

#[tokio::test]
async fn an_unchanged_describe_is_not_sent_again() {
    let (server, org, _tokens) = org().await;
    let moment = Utc
        .with_ymd_and_hms(2026, 3, 2, 8, 30, 0)
        .single()
        .expect("a moment");
    Mock::given(path(DESCRIBE))
        .and(dated("if-modified-since", "Mon, 02 Mar 2026 08:30:00 GMT"))
        .respond_with(ResponseTemplate::new(304))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path(DESCRIBE))
        .respond_with(
            json(200, r#"{"name":"Opportunity","label":"Deal","createable":true,"fields":[
                {"name":"StageName","type":"picklist","restrictedPicklist":false,"nillable":false,"createable":true,
                 "defaultValue":null,"filteredLookupInfo":null,
                 "picklistValues":[{"active":true,"defaultValue":false,"label":"Won","validFor":"gAAA","value":"Closed Won"}]},
                {"name":"AccountId","type":"reference","referenceTo":["Account"],"filteredLookupInfo":{"controllingFields":[],"dependent":false,"optionalFilter":false}},
                {"name":"Odd__c","type":"hologram"}],
                "recordTypeInfos":[{"recordTypeId":"012000000000000AAA","master":true,"available":true}]}"#)
                .insert_header("last-modified", "Mon, 02 Mar 2026 08:30:00 GMT"),
        )
        .mount(&server)
        .await;
    let first = org
        .describe(&ObjectName::OPPORTUNITY, None)
        .await
        .expect("a describe");
    let Conditional::Modified {
        value,
        last_modified,
        ..
    } = first
    else {
        panic!("nothing to compare with");
    };
    assert_eq!(last_modified, Some(moment));
    let stage = value
        .field("stagename")
        .expect("names are case-insensitive");
    assert_eq!(
        (stage.field_type.clone(), stage.required_on_create()),
        (FieldType::Picklist, true)
    );
    assert!(
        value
            .field("AccountId")
            .is_some_and(|field| field.filtered_lookup_info)
    );
    assert!(!stage.filtered_lookup_info);
    assert_eq!(
        value.field("Odd__c").map(|f| f.field_type.as_str()),
        Some("hologram")
    );
    let again = org
        .describe(&ObjectName::OPPORTUNITY, last_modified)
        .await
        .expect("an answer");
    assert!(matches!(again, Conditional::NotModified));
}

#[tokio::test]
async fn the_global_list_is_read() {
    let (server, org, _tokens) = org().await;
    answer(&server, "GET", "/services/data/v67.0/sobjects", 200, r#"{"encoding":"UTF-8","maxBatchSize":200,"sobjects":[{"name":"Account","label":"Account","keyPrefix":"001","queryable":true,"associateEntityType":null}]}"#).await;
    let Conditional::Modified { value, .. } = org.describe_global(None).await.expect("a list")
    else {
        panic!("nothing to compare with");
    };
    assert_eq!(value[0].key_prefix.as_deref(), Some("001"));
}

#[test]
fn a_bitmap_names_the_controlling_values() {
    // 0x80 0x04 -> bits 0 and 13.
    let bitmap = "gAQA";
    let valid: Vec<usize> = (0..24).filter(|index| valid_for(bitmap, *index)).collect();
    assert_eq!(valid, [0, 13]);
    assert!(!valid_for(bitmap, 1_000) && !valid_for("!", 0));
}

#[tokio::test]
async fn versions_are_compared_as_numbers() {
    let (server, org, _tokens) = org().await;
    answer(&server, "GET", "/services/data", 200, r#"[{"label":"Winter '07","url":"/services/data/v9.0","version":"9.0"},{"label":"Summer '26","url":"/services/data/v67.0","version":"67.0"}]"#).await;
    assert!(org.supports_api_version().await.expect("a list"));
    let versions = org.versions().await.expect("a list");
    assert!(versions[1].number() > versions[0].number());
}

#[tokio::test]
async fn picklists_per_record_type_are_read() {
    let (server, org, _tokens) = org().await;
    let at = format!(
        "/services/data/v67.0/ui-api/object-info/Opportunity/picklist-values/{}",
        id(1)
    );
    let field = r#"{"controllerValues":{"Technology":0},"defaultValue":null,"url":"/x","values":[{"attributes":{"picklistAtrributesValueType":"OpportunityStage","closed":true,"won":true},"label":"Won","validFor":[0],"value":"Closed Won"}]}"#;
    answer(
        &server,
        "GET",
        &at,
        200,
        &format!(r#"{{"eTag":"x","picklistFieldValues":{{"StageName":{field}}}}}"#),
    )
    .await;
    answer(&server, "GET", &format!("{at}/StageName"), 200, field).await;
    let all = org
        .picklists(&ObjectName::OPPORTUNITY, &id(1))
        .await
        .expect("all fields");
    let one = org
        .picklist(
            &ObjectName::OPPORTUNITY,
            &id(1),
            &FieldName::fixed("StageName"),
        )
        .await
        .expect("one field");
    assert_eq!(all.picklist_field_values["StageName"], one);
    assert_eq!(
        (
            one.values[0].value.as_str(),
            one.values[0].valid_for.as_slice()
        ),
        ("Closed Won", &[0][..])
    );
}

#[tokio::test]
async fn the_allowance_is_followed_also_on_errors() {
    let (server, org, _tokens) = org().await;
    Mock::given(path(DESCRIBE))
        .respond_with(
            json(404, r#"[{"errorCode":"NOT_FOUND","message":"x"}]"#)
                .insert_header("sforce-limit-info", "api-usage=126/15000"),
        )
        .mount(&server)
        .await;
    let mut watch = org.watch_usage();
    assert_eq!(org.usage(), None);
    org.describe(&ObjectName::OPPORTUNITY, None)
        .await
        .expect_err("not found");
    let expected = Some(ApiUsage {
        used: 126,
        max: 15_000,
    });
    assert_eq!(org.usage(), expected);
    assert!(watch.has_changed().expect("the org lives"));
    assert_eq!(*watch.borrow_and_update(), expected);
}

#[tokio::test]
async fn a_null_or_an_unknown_shape_does_not_hide_an_object() {
    let (server, org, _tokens) = org().await;
    let body = r#"{"name":"Opportunity","label":null,"recordTypeInfos":null,"fields":[
        {"name":"Stage__c","type":"picklist","length":null,"controllerName":null,"filteredLookupInfo":null,
         "picklistValues":[{"value":"a","active":true,"label":null},"a new shape",null,{"value":7}]},
        {"name":"Text__c","type":null,"picklistValues":null}]}"#;
    Mock::given(path(DESCRIBE))
        .respond_with(json(200, body))
        .mount(&server)
        .await;
    let answer = org.describe(&ObjectName::OPPORTUNITY, None).await;
    let Ok(Conditional::Modified { value, .. }) = answer else {
        panic!("a describe");
    };
    assert_eq!(value.fields.len(), 2);
    let values: Vec<&str> = value.fields[0]
        .picklist_values
        .iter()
        .map(|entry| entry.value.as_str())
        .collect();
    assert_eq!(values, ["a"]);
}
