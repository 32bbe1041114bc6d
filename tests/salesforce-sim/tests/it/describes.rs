use reqwest::Method;
use salesforce_sim::SimConfig;
use salesforce_sim::config::INTEGRATION_USERNAME;
use serde_json::Value as Json;

use crate::org::{DATA, Org};

fn field<'a>(describe: &'a Json, name: &str) -> Option<&'a Json> {
    describe["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .find(|field| field["name"] == name)
}

#[tokio::test]
async fn versions_need_no_session_and_retired_ones_are_gone() {
    let org = Org::demo();
    let base = org.sim.base_url();
    let (status, body) = org
        .send(org.http.get(format!("{base}/services/data")))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        body.as_array()
            .and_then(|versions| versions.last())
            .expect("some")["version"],
        "67.0"
    );
    for (version, status) in [("v30.0", 410), ("v99.0", 404), ("latest", 404)] {
        let request = org
            .http
            .get(format!("{base}/services/data/{version}/limits"))
            .bearer_auth(&org.token);
        assert_eq!(org.send(request).await.0, status, "{version}");
    }
    let request = org
        .http
        .get(format!("{base}/services/data/v58.0/sobjects/Account"))
        .bearer_auth(&org.token);
    let (_, body) = org.send(request).await;
    assert_eq!(
        body["objectDescribe"]["urls"]["describe"],
        "/services/data/v58.0/sobjects/Account/describe"
    );
}

#[tokio::test]
async fn a_describe_is_not_sent_again_until_something_changes() {
    let org = Org::demo();
    let path = "/sobjects/Opportunity/describe";
    let response = org
        .request(Method::GET, path)
        .send()
        .await
        .expect("a describe");
    let stamp = response.headers()["last-modified"]
        .to_str()
        .expect("a date")
        .to_owned();
    assert!(
        response.headers().contains_key("etag")
            && response.headers().contains_key("sforce-limit-info")
    );
    let again = || {
        org.request(Method::GET, path)
            .header("If-Modified-Since", &stamp)
    };
    let (status, body) = org.send(again()).await;
    assert_eq!((status.as_u16(), body), (304, Json::Null));
    org.control
        .send(&salesforce_sim::control::command::Command::SetLength {
            object: "Opportunity".into(),
            field: "Competitor__c".into(),
            length: 40,
        })
        .await
        .expect("changed");
    let (status, body) = org.send(again()).await;
    assert_eq!(status, 200);
    assert_eq!(
        field(&body, "Competitor__c").expect("visible")["length"],
        40
    );
}

#[tokio::test]
async fn changes_of_one_second_share_a_last_modified() {
    let org = Org::demo();
    let path = "/sobjects/Opportunity/describe";
    let set_length = async |length| {
        let command = salesforce_sim::control::command::Command::SetLength {
            object: "Opportunity".into(),
            field: "Competitor__c".into(),
            length,
        };
        org.control.send(&command).await.expect("changed");
    };
    let stamp = async || {
        let request = org.request(Method::GET, path);
        let response = request.send().await.expect("a describe");
        let header = |name: &str| {
            let value = response.headers()[name].to_str().expect("a date");
            httpdate::parse_http_date(value).expect("a date")
        };
        (header("last-modified"), header("date"))
    };
    // However the second turns in between, no stamp is later than its change.
    for length in [40, 41, 42, 43] {
        set_length(length).await;
        let (modified, answered) = stamp().await;
        assert!(modified <= answered);
    }
}

#[tokio::test]
async fn field_permissions_are_folded_into_the_describe() {
    let org = Org::demo();
    org.control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "Amount", false, false)
        .await
        .expect("set");
    org.control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, false)
        .await
        .expect("set");
    let (_, describe) = org.get("/sobjects/Opportunity/describe").await;
    assert!(field(&describe, "Amount").is_none());
    assert_eq!(
        field(&describe, "NextStep").expect("visible")["updateable"],
        false
    );
    let id = org.id_of("Opportunity", "Granite Bank - Risk Desk").await;
    let (status, body) = org
        .patch(
            &format!("/sobjects/Opportunity/{id}"),
            serde_json::json!({"NextStep": "x"}),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &Json::from("INVALID_FIELD_FOR_INSERT_UPDATE"))
    );
    let (status, body) = org.try_query("SELECT Amount FROM Opportunity").await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &Json::from("INVALID_FIELD"))
    );
    // Another user on the same profile before is not affected.
    let rows = org
        .query("SELECT Id FROM Profile WHERE Name LIKE 'Custom:%'")
        .await;
    assert_eq!(
        rows.len(),
        0,
        "the integration profile belongs to one user, so it is changed in place"
    );
}

#[tokio::test]
async fn shared_activities_and_the_external_id_are_switchable() {
    let with = Org::start(SimConfig {
        shared_activities: true,
        ..SimConfig::default()
    });
    assert_eq!(with.get("/sobjects/TaskRelation/describe").await.0, 200);
    let without = Org::start(SimConfig {
        external_id_fields: false,
        ..SimConfig::default()
    });
    assert_eq!(without.get("/sobjects/TaskRelation/describe").await.0, 404);
    let (_, describe) = without.get("/sobjects/Task/describe").await;
    assert!(field(&describe, "Ergo_Key__c").is_none());
    let (_, describe) = with.get("/sobjects/Task/describe").await;
    assert_eq!(
        field(&describe, "Ergo_Key__c").expect("there")["externalId"],
        true
    );
}

#[tokio::test]
async fn dependent_picklists_carry_their_bitmap_and_record_types_their_values() {
    let org = Org::demo();
    let (_, describe) = org.get("/sobjects/Opportunity/describe").await;
    let values = field(&describe, "Territory__c").expect("there")["picklistValues"]
        .as_array()
        .expect("values")
        .clone();
    let of = |name: &str| {
        values
            .iter()
            .find(|value| value["value"] == name)
            .expect("a territory")["validFor"]
            .clone()
    };
    // Regions are Americas, EMEA, APAC: bits 0x80, 0x40, 0x20.
    assert_eq!(
        (of("US East"), of("DACH"), of("Japan")),
        ("gA==".into(), "QA==".into(), "IA==".into())
    );
    assert_eq!(
        describe["recordTypeInfos"].as_array().map(Vec::len),
        Some(3)
    );

    let renewal = describe["recordTypeInfos"][1]["recordTypeId"]
        .as_str()
        .expect("an id")
        .to_owned();
    let (_, stages) = org
        .get(&format!(
            "/ui-api/object-info/Opportunity/picklist-values/{renewal}/StageName"
        ))
        .await;
    assert_eq!(stages["values"].as_array().map(Vec::len), Some(5));
    assert_eq!(stages["values"][3]["attributes"]["won"], true);
    let (_, all) = org
        .get(&format!(
            "/ui-api/object-info/Opportunity/picklist-values/{renewal}"
        ))
        .await;
    assert_eq!(
        all["picklistFieldValues"]["Territory__c"]["values"][0]["validFor"],
        serde_json::json!([0])
    );
    let (_, info) = org.get("/ui-api/object-info/Opportunity").await;
    assert_eq!(info["fields"]["StageName"]["required"], true);
}

#[tokio::test]
async fn large_answers_are_compressed_when_asked() {
    let org = Org::demo();
    let url = format!("{}{DATA}/sobjects/Opportunity/describe", org.sim.base_url());
    let plain = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .expect("a client");
    let packed = plain
        .get(url)
        .bearer_auth(&org.token)
        .header("Accept-Encoding", "gzip")
        .send()
        .await
        .expect("a describe");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await.expect("bytes").len() < 20_000);
    let (_, describe) = org.get("/sobjects/Opportunity/describe").await;
    assert_eq!(describe["name"], "Opportunity");
}
