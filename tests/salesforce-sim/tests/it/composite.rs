use serde_json::{Value as Json, json};

use crate::org::{DATA, Org};

fn sub(method: &str, path: &str, reference: &str, body: Json) -> Json {
    json!({"method": method, "url": format!("{DATA}{path}"), "referenceId": reference, "body": body})
}

#[tokio::test]
async fn later_requests_use_what_earlier_ones_made() {
    let org = Org::demo();
    let opportunity = org.id_of("Opportunity", "Granite Bank - Risk Desk").await;
    let (status, body) = org
        .post(
            "/composite",
            json!({"allOrNone": true, "compositeRequest": [
                sub("POST", "/sobjects/ContentNote", "note", json!({"Title": "Summary", "Content": "PHA+aGk8L3A+"})),
                sub("POST", "/sobjects/ContentDocumentLink", "link",
                    json!({"ContentDocumentId": "@{note.id}", "LinkedEntityId": opportunity, "ShareType": "V"})),
                sub("GET", "/sobjects/ContentNote/@{note.id}?fields=TextPreview", "read", Json::Null),
            ]}),
        )
        .await;
    assert_eq!(status, 200);
    let answers = body["compositeResponse"].as_array().expect("answers");
    let statuses: Vec<u64> = answers
        .iter()
        .filter_map(|answer| answer["httpStatusCode"].as_u64())
        .collect();
    assert_eq!(statuses, [201, 201, 200], "{body}");
    assert_eq!(answers[2]["body"]["TextPreview"], "hi");
    let links = org.query(&format!("SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '{opportunity}'")).await;
    assert_eq!(
        links[0]["ContentDocument"]["attributes"]["type"],
        "ContentDocument"
    );
    assert_eq!(links[0]["ContentDocument"]["Title"], "Summary");
    let note = answers[0]["body"]["id"].as_str().expect("an id");
    assert_eq!(
        org.delete(&format!("/sobjects/ContentDocument/{note}"))
            .await
            .0,
        204
    );
    assert_eq!(
        org.get(&format!("/sobjects/ContentNote/{note}")).await.0,
        404
    );
}

#[tokio::test]
async fn a_rehearsal_that_ends_in_a_failure_leaves_nothing() {
    let org = Org::demo();
    let opportunity = org.id_of("Opportunity", "Granite Bank - Risk Desk").await;
    let before = org.control.record(&opportunity).await.expect("there");
    let (_, body) = org
        .post(
            "/composite",
            json!({"allOrNone": true, "compositeRequest": [
                sub("PATCH", &format!("/sobjects/Opportunity/{opportunity}"), "deal", json!({"StageName": "Closed Lost"})),
                sub("POST", "/sobjects/Task", "task", json!({"Subject": "rehearsed", "WhatId": opportunity})),
                sub("PATCH", "/sobjects/Opportunity/006Hs00000zzzzz", "fail", json!({})),
                sub("GET", "/limits", "after", Json::Null),
            ]}),
        )
        .await;
    let codes: Vec<&str> = body["compositeResponse"]
        .as_array()
        .expect("answers")
        .iter()
        .filter_map(|answer| answer["body"][0]["errorCode"].as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "PROCESSING_HALTED",
            "PROCESSING_HALTED",
            "NOT_FOUND",
            "PROCESSING_HALTED"
        ]
    );
    assert_eq!(
        org.control.record(&opportunity).await.expect("there"),
        before
    );
    assert!(org.query("SELECT Id FROM Task").await.is_empty());
    assert!(org.control.write_log(0).await.expect("log").is_empty());
}

#[tokio::test]
async fn without_all_or_none_only_dependents_of_a_failure_fail() {
    let org = Org::demo();
    let (_, body) = org
        .post(
            "/composite",
            json!({"compositeRequest": [
                sub("POST", "/sobjects/Account", "bad", json!({})),
                sub("POST", "/sobjects/Contact", "child", json!({"LastName": "x", "AccountId": "@{bad.id}"})),
                sub("POST", "/sobjects/Contact", "free", json!({"LastName": "y"})),
            ]}),
        )
        .await;
    let statuses: Vec<u64> = body["compositeResponse"]
        .as_array()
        .expect("answers")
        .iter()
        .filter_map(|answer| answer["httpStatusCode"].as_u64())
        .collect();
    assert_eq!(statuses, [400, 400, 201]);
    assert_eq!(
        body["compositeResponse"][1]["body"][0]["errorCode"],
        "PROCESSING_HALTED"
    );
}

#[tokio::test]
async fn batches_answer_each_and_limits_hold() {
    let org = Org::demo();
    let (_, body) = org
        .post(
            "/composite/batch",
            json!({"batchRequests": [
                {"method": "GET", "url": "v67.0/sobjects/Account/describe"},
                {"method": "GET", "url": "v67.0/sobjects/Nope/describe"},
            ]}),
        )
        .await;
    assert_eq!(
        (
            &body["hasErrors"],
            &body["results"][0]["statusCode"],
            &body["results"][1]["statusCode"]
        ),
        (&json!(true), &json!(200), &json!(404))
    );
    let many: Vec<Json> = (0..26)
        .map(|n| sub("GET", "/limits", &format!("r{n}"), Json::Null))
        .collect();
    assert_eq!(
        org.post("/composite", json!({"compositeRequest": many}))
            .await
            .0,
        400
    );
    let queries: Vec<Json> = (0..6)
        .map(|n| {
            sub(
                "GET",
                "/query?q=SELECT+Id+FROM+Account",
                &format!("r{n}"),
                Json::Null,
            )
        })
        .collect();
    assert_eq!(
        org.post("/composite", json!({"compositeRequest": queries}))
            .await
            .0,
        400
    );
    let graph = json!({"graphs": [{"graphId": "1", "compositeRequest": [sub("POST", "/sobjects/Account", "a", json!({"Name": "G"}))]}]});
    let (_, body) = org.post("/composite/graph", graph).await;
    assert_eq!(body["graphs"][0]["isSuccessful"], true);
}

#[tokio::test]
async fn a_precondition_of_one_subrequest_rolls_the_others_back() {
    let org = Org::demo();
    let id = org.id_of("Opportunity", "Harbor Media - Newsroom").await;
    let before = httpdate::fmt_http_date(
        std::time::SystemTime::now() - std::time::Duration::from_secs(3_600),
    );
    let mut guarded = sub(
        "PATCH",
        &format!("/sobjects/Opportunity/{id}"),
        "deal",
        json!({"NextStep": "x"}),
    );
    guarded["httpHeaders"] = json!({"If-Unmodified-Since": before});
    let task = sub("POST", "/sobjects/Task", "task", json!({"Subject": "x"}));
    let (_, body) = org
        .post(
            "/composite",
            json!({"allOrNone": true, "compositeRequest": [task, guarded]}),
        )
        .await;
    let statuses: Vec<u64> = body["compositeResponse"]
        .as_array()
        .expect("answers")
        .iter()
        .filter_map(|answer| answer["httpStatusCode"].as_u64())
        .collect();
    assert_eq!(statuses, [400, 412]);
    assert!(org.query("SELECT Id FROM Task").await.is_empty());
}
