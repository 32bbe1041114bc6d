//! Query jobs of Bulk API 2.0.

use std::collections::BTreeMap;

use salesforce::soql::Query;
use salesforce::{BulkState, Error, FieldPath, FieldType, Id, ObjectName, Scope, Value};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use super::support::{answer, calls, json as reply, org};

const JOBS: &str = "/services/data/v67.0/jobs/query";

fn job() -> Id {
    Id::parse("750000000000001").expect("15 digits")
}

fn accounts() -> Query {
    Query::from(ObjectName::ACCOUNT).field(FieldPath::fixed("Name"))
}

#[tokio::test]
async fn a_job_is_created_looked_at_and_read_page_by_page() {
    let (server, org, _tokens) = org().await;
    Mock::given(method("POST"))
        .and(path(JOBS))
        .and(body_json(
            serde_json::json!({"operation": "queryAll", "query": "SELECT Name FROM Account"}),
        ))
        .respond_with(reply(
            200,
            r#"{"id":"750000000000001AAA","state":"UploadComplete","apiVersion":67.0,"new":[1]}"#,
        ))
        .mount(&server)
        .await;
    let at = format!("{JOBS}/750000000000001AAA");
    let done = r#"{"id":"750000000000001AAA","state":"JobComplete","numberRecordsProcessed":3}"#;
    answer(&server, "GET", &at, 200, done).await;
    let page = |body: &str, locator: &str| {
        ResponseTemplate::new(200)
            .set_body_raw(body.to_owned(), "text/csv")
            .insert_header("Sforce-Locator", locator)
            .insert_header("Sforce-NumberOfRecords", "2")
    };
    Mock::given(path(format!("{at}/results")))
        .and(query_param("locator", "MTAw+="))
        .respond_with(page("\"Name\"\n\"c\"\n", "null"))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path(format!("{at}/results")))
        .and(query_param("maxRecords", "2"))
        .and(header("accept", "text/csv"))
        .respond_with(page("\"Name\"\n\"a\"\n\"b\"\n", "MTAw+="))
        .mount(&server)
        .await;
    let started = org
        .start_bulk_query(Scope::WithDeleted, &accounts())
        .await
        .expect("a job");
    assert_eq!(started.state, BulkState::Queued);
    let looked = org.bulk_query(&job()).await.expect("the job");
    assert_eq!((looked.state, looked.records), (BulkState::Done, 3));
    let kinds = BTreeMap::new();
    let mut names = Vec::new();
    let mut locator = None;
    loop {
        let page = org
            .bulk_results("Account", &job(), locator.as_deref(), 2)
            .await
            .expect("a page");
        for row in page.rows(&kinds) {
            names.push(row.expect("a row").text("Name").map(str::to_owned));
        }
        locator = page.locator;
        if locator.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"].map(|name| Some(name.to_owned())));
}

#[tokio::test]
async fn values_of_any_content_come_out_typed_and_unharmed() {
    let (server, org, _tokens) = org().await;
    let long = "x".repeat(32_000);
    let body = format!(
        "\"Id\",\"Name\",\"IsDeleted\",\"Amount\",\"Empty\"\n\"001000000000001\",\"say \"\"hi\"\"\r\nnext, line \u{202e}rtl 👩‍👩‍👧 {long}\",\"true\",\"1.0E7\",\"\"\n"
    );
    Mock::given(path(format!("{JOBS}/750000000000001AAA/results")))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "text/csv"))
        .mount(&server)
        .await;
    let page = org
        .bulk_results("Account", &job(), None, 10)
        .await
        .expect("a page");
    assert_eq!(page.locator, None);
    let kinds = BTreeMap::from([
        ("IsDeleted".to_owned(), FieldType::Boolean),
        ("Amount".to_owned(), FieldType::Currency),
    ]);
    let rows: Result<Vec<_>, Error> = page.rows(&kinds).collect();
    let rows = rows.expect("rows");
    assert_eq!(
        rows[0].text("Name"),
        Some(format!("say \"hi\"\r\nnext, line \u{202e}rtl 👩‍👩‍👧 {long}").as_str())
    );
    assert_eq!(rows[0].bool("IsDeleted"), Some(true));
    assert_eq!(
        rows[0].decimal("Amount").map(|n| n.to_string()),
        Some("10000000".into())
    );
    assert_eq!(rows[0].get("Empty"), Some(&Value::Null));
    assert_eq!(rows[0].id().map(|id| id.as_str().len()), Some(18));
}

#[tokio::test]
async fn an_empty_result_a_torn_row_and_a_lost_job_are_told_apart() {
    let (server, org, _tokens) = org().await;
    let at = |n: u32| {
        format!(
            "{JOBS}/{}/results",
            Id::parse(&format!("75000000000000{n}")).expect("an id")
        )
    };
    for (n, body) in [(2, ""), (3, "\"Id\",\"Name\"\n\"only one\"\n")] {
        Mock::given(path(at(n)))
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, "text/csv"))
            .mount(&server)
            .await;
    }
    answer(
        &server,
        "GET",
        &at(4),
        404,
        r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#,
    )
    .await;
    let kinds = BTreeMap::new();
    let page = async |n: u32| {
        let job = Id::parse(&format!("75000000000000{n}")).expect("an id");
        org.bulk_results("Account", &job, None, 10).await
    };
    assert_eq!(page(2).await.expect("a page").rows(&kinds).count(), 0);
    let torn = page(3).await.expect("a page");
    assert!(matches!(
        torn.rows(&kinds).next(),
        Some(Err(Error::Inconsistent { .. }))
    ));
    let lost = page(4).await.expect_err("is refused");
    assert!(matches!(
        lost,
        Error::Refused {
            http_status: 404,
            ..
        }
    ));
    assert_eq!(calls(&server).await, 3);
}

#[tokio::test]
async fn rows_are_counted_without_reading_them() {
    let (server, org, _tokens) = org().await;
    Mock::given(path("/services/data/v67.0/limits/recordCount"))
        .and(query_param("sObjects", "Account,Lead"))
        .respond_with(reply(
            200,
            r#"{"sObjects":[{"count":12,"name":"Account"}]}"#,
        ))
        .mount(&server)
        .await;
    let counts = org
        .record_counts(&["Account", "Lead"])
        .await
        .expect("counts");
    assert_eq!(counts, BTreeMap::from([("Account".to_owned(), 12)]));
}
