use serde_json::{Value as Json, json};

use crate::org::Org;

fn task(subject: &str) -> Json {
    json!({"attributes": {"type": "Task"}, "Subject": subject})
}

#[tokio::test]
async fn each_row_has_its_own_result_in_order() {
    let org = Org::demo();
    let records = json!([task("one"), task(&"x".repeat(300)), {"attributes": {"type": "Contact"}, "LastName": "Three"}, {"Subject": "no type"}]);
    let (status, body) = org
        .post(
            "/composite/sobjects",
            json!({"allOrNone": false, "records": records}),
        )
        .await;
    assert_eq!(status, 200);
    let success: Vec<&Json> = body
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["success"])
        .collect();
    assert_eq!(
        success,
        [&json!(true), &json!(false), &json!(true), &json!(false)]
    );
    assert_eq!(body[1]["errors"][0]["statusCode"], "STRING_TOO_LONG");
    assert_eq!(body[1]["errors"][0]["fields"], json!(["Subject"]));
    assert!(
        body[2]["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("003"))
    );
}

#[tokio::test]
async fn all_or_none_leaves_nothing_and_says_so_per_row() {
    let org = Org::demo();
    let records = json!([task("one"), task(&"x".repeat(300))]);
    let (status, body) = org
        .post(
            "/composite/sobjects",
            json!({"allOrNone": true, "records": records}),
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        body[0]["errors"][0]["statusCode"],
        "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    );
    assert_eq!(body[1]["errors"][0]["statusCode"], "STRING_TOO_LONG");
    assert!(org.query("SELECT Id FROM Task").await.is_empty());
    assert!(org.control.write_log(0).await.expect("log").is_empty());
    let attempts = org.control.attempts(0).await.expect("log");
    assert!(
        attempts
            .iter()
            .any(|attempt| attempt.rolled_back && attempt.codes.is_empty())
    );
}

#[tokio::test]
async fn updates_upserts_deletes_and_reads_work_in_bulk() {
    let org = Org::demo();
    let records: Vec<Json> = (0..200).map(|n| json!({"attributes": {"type": "Task"}, "Ergo_Key__c": format!("k{n}"), "Subject": "new"})).collect();
    let (_, body) = org
        .patch(
            "/composite/sobjects/Task/Ergo_Key__c",
            json!({"records": records}),
        )
        .await;
    assert!(
        body.as_array()
            .expect("rows")
            .iter()
            .all(|row| row["success"] == true && row["created"] == true)
    );
    let (_, body) = org
        .patch(
            "/composite/sobjects/Task/Ergo_Key__c",
            json!({"records": records[..2]}),
        )
        .await;
    assert_eq!(body[0]["created"], false);
    let ids: Vec<String> = org
        .query("SELECT Id FROM Task ORDER BY Id")
        .await
        .iter()
        .map(|row| row["Id"].as_str().expect("id").to_owned())
        .collect();
    assert_eq!(ids.len(), 200);
    let updates: Vec<Json> = ids
        .iter()
        .take(3)
        .map(|id| json!({"attributes": {"type": "Task"}, "id": id, "Subject": "changed"}))
        .collect();
    let (_, body) = org
        .patch("/composite/sobjects", json!({"records": updates}))
        .await;
    assert_eq!(
        body,
        json!([{"id": ids[0], "success": true, "errors": []}, {"id": ids[1], "success": true, "errors": []}, {"id": ids[2], "success": true, "errors": []}])
    );
    let (_, body) = org
        .post(
            "/composite/sobjects/Task",
            json!({"ids": [ids[0], "00THs00000zzzzz"], "fields": ["Subject"]}),
        )
        .await;
    assert_eq!(
        (&body[0]["Subject"], &body[1]),
        (&json!("changed"), &Json::Null)
    );
    let (_, body) = org
        .delete(&format!(
            "/composite/sobjects?ids={},{}&allOrNone=false",
            ids[0], ids[1]
        ))
        .await;
    assert_eq!(body[1]["success"], true);
}

#[tokio::test]
async fn more_than_two_hundred_rows_or_ten_chunks_are_refused() {
    let org = Org::demo();
    let records: Vec<Json> = (0..201).map(|_| task("x")).collect();
    let (status, body) = org
        .post("/composite/sobjects", json!({"records": records}))
        .await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &json!("EXCEEDED_ID_LIMIT"))
    );
    let mixed: Vec<Json> = (0..12)
        .map(|n| json!({"attributes": {"type": if n % 2 == 0 { "Task" } else { "Contact" }}}))
        .collect();
    let (status, _) = org
        .post("/composite/sobjects", json!({"records": mixed}))
        .await;
    assert_eq!(status, 400);
}
