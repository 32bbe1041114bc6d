//! Pages, limits and long statements.

use futures::TryStreamExt;
use salesforce::soql::{Condition, Literal, Query};
use salesforce::{Class, Code, Error, FieldPath, ObjectName, Options, Scope};
use serde_json::{Value as Json, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use super::support::{Tokens, answer, bodies, calls, json as reply, options, org, org_with};

const QUERY: &str = "/services/data/v67.0/query";

fn accounts() -> Query {
    Query::from(ObjectName::ACCOUNT).field(FieldPath::fixed("Name"))
}

fn page(names: &[&str], next: Option<&str>) -> Json {
    let records: Vec<Json> = names
        .iter()
        .map(|name| json!({"attributes": {"type": "Account"}, "Name": name}))
        .collect();
    json!({"totalSize": 3, "done": next.is_none(), "nextRecordsUrl": next, "records": records})
}

#[tokio::test]
async fn pages_are_followed_by_path_whatever_host_the_answer_names() {
    let (server, org, _tokens) = org().await;
    let next = "https://evil.example/services/data/v67.0/query/01g-2";
    Mock::given(method("GET"))
        .and(path(QUERY))
        .and(query_param("q", "SELECT Name FROM Account"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page(&["a", "b"], Some(next))))
        .mount(&server)
        .await;
    Mock::given(path("/services/data/v67.0/query/01g-2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page(&["c"], None)))
        .mount(&server)
        .await;
    let rows = org.query(accounts(), 100).await.expect("three rows");
    let names: Vec<_> = rows.iter().filter_map(|row| row.text("Name")).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_next_page_outside_the_data_api_is_refused() {
    let (server, org, _tokens) = org().await;
    let body = page(&["a"], Some("/services/oauth2/revoke"));
    answer(&server, "GET", QUERY, 200, &body.to_string()).await;
    let error = org.query(accounts(), 100).await.expect_err("refused");
    assert!(matches!(error, Error::Host(_)), "{error:?}");
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn a_loop_of_pages_ends_at_the_limit() {
    let (server, _org, tokens) = org().await;
    let limited = Options {
        salesforce_query_pages_max: 3,
        ..options(&server.uri())
    };
    let org = org_with(&limited, &tokens);
    let body = page(&["a"], Some(QUERY));
    answer(&server, "GET", QUERY, 200, &body.to_string()).await;
    let error = org.query(accounts(), 100).await.expect_err("endless");
    assert!(
        matches!(
            error,
            Error::TooMany {
                limit: 3,
                unit: "pages"
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        (error.class(), calls(&server).await),
        (Class::RetryNarrower, 3)
    );
}

#[tokio::test]
async fn more_rows_than_wanted_are_refused() {
    let (server, org, _tokens) = org().await;
    answer(
        &server,
        "GET",
        QUERY,
        200,
        &page(&["a", "b", "c"], None).to_string(),
    )
    .await;
    let error = org.query(accounts(), 2).await.expect_err("three rows");
    assert!(
        matches!(
            error,
            Error::TooMany {
                limit: 2,
                unit: "rows"
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_page_that_is_neither_last_nor_followed_is_inconsistent() {
    let (server, org, _tokens) = org().await;
    answer(
        &server,
        "GET",
        QUERY,
        200,
        r#"{"totalSize":9,"done":false,"records":[]}"#,
    )
    .await;
    let error = org.query(accounts(), 10).await.expect_err("no next page");
    assert!(matches!(error, Error::Inconsistent { .. }), "{error:?}");
}

#[tokio::test]
async fn the_stream_is_lazy() {
    let (server, org, _tokens) = org().await;
    let body = page(&["a"], Some("/services/data/v67.0/query/01g-2"));
    answer(&server, "GET", QUERY, 200, &body.to_string()).await;
    let mut pages = org.pages(Scope::Live, accounts());
    let first = pages
        .try_next()
        .await
        .expect("a page")
        .expect("not the end");
    assert_eq!((first.records.len(), first.total_size), (1, 3));
    drop(pages);
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn a_count_is_the_total_of_a_page_without_rows() {
    let (server, org, _tokens) = org().await;
    Mock::given(query_param("q", "SELECT count() FROM Account"))
        .respond_with(reply(200, r#"{"totalSize":3222,"done":true,"records":[]}"#))
        .mount(&server)
        .await;
    assert_eq!(org.count(accounts()).await.expect("a count"), 3_222);
}

#[tokio::test]
async fn each_scope_has_its_resource() {
    let (server, org, _tokens) = org().await;
    let empty = r#"{"totalSize":0,"done":true,"records":[]}"#;
    answer(&server, "GET", "/services/data/v67.0/queryAll", 200, empty).await;
    answer(
        &server,
        "GET",
        "/services/data/v67.0/tooling/query",
        200,
        empty,
    )
    .await;
    assert!(
        org.query_all(accounts(), 1)
            .await
            .expect("no rows")
            .is_empty()
    );
    let rules = Query::from(ObjectName::fixed("ValidationRule"));
    assert!(
        org.tooling_query(rules, 1)
            .await
            .expect("no rows")
            .is_empty()
    );
}

#[tokio::test]
async fn a_long_statement_travels_in_a_body() {
    let (server, org, _tokens) = org().await;
    let names = (0..1_000).map(|n| Literal::text(format!("name + {n}")).expect("text"));
    let query = accounts().filter(Condition::is_in(FieldPath::fixed("Name"), names));
    let body = json!({"compositeResponse": [{
        "body": page(&["a"], None), "httpHeaders": {}, "httpStatusCode": 200, "referenceId": "query"}]});
    answer(
        &server,
        "POST",
        "/services/data/v67.0/composite",
        200,
        &body.to_string(),
    )
    .await;
    let rows = org.query(query, 10).await.expect("one row");
    assert_eq!(rows.len(), 1);
    let sent: Json = serde_json::from_str(&bodies(&server).await[0]).expect("JSON");
    let url = sent["compositeRequest"][0]["url"].as_str().unwrap_or("");
    assert!(url.starts_with("/services/data/v67.0/query?q=SELECT%20Name"));
    // A plus sign left alone would arrive as a space.
    assert!(url.contains("name%20%2B%207%27") && !url.contains('+'));
}

#[tokio::test]
async fn a_refused_long_statement_is_an_error_of_the_query() {
    let (server, org, _tokens) = org().await;
    let names = (0..1_000).map(|n| Literal::text(format!("name {n}")).expect("text"));
    let query = accounts().filter(Condition::is_in(FieldPath::fixed("Name"), names));
    let body = json!({"compositeResponse": [{
        "body": [{"errorCode": "INVALID_FIELD", "message": "No such column"}],
        "httpHeaders": {}, "httpStatusCode": 400, "referenceId": "query"}]});
    answer(
        &server,
        "POST",
        "/services/data/v67.0/composite",
        200,
        &body.to_string(),
    )
    .await;
    let error = org.query(query, 10).await.expect_err("refused");
    assert!(error.has_code(&Code::InvalidField));
    assert_eq!(error.class(), Class::StaleThenAdmin);
}

#[tokio::test]
async fn a_lost_cursor_asks_for_a_restart() {
    let (server, org, _tokens) = org().await;
    answer(
        &server,
        "GET",
        QUERY,
        400,
        r#"[{"errorCode":"INVALID_QUERY_LOCATOR","message":"x"}]"#,
    )
    .await;
    let error = org.query(accounts(), 10).await.expect_err("lost");
    assert_eq!(
        (error.class(), calls(&server).await),
        (Class::RestartQuery, 1)
    );
}

#[tokio::test]
async fn a_statement_beyond_the_platforms_limit_is_not_sent() {
    let (server, _org, _tokens) = org().await;
    let org = org_with(&options(&server.uri()), &Tokens::of(&server.uri()));
    let names = (0..30).map(|_| Literal::text("n".repeat(4_000)).expect("text"));
    let query = accounts().filter(Condition::is_in(FieldPath::fixed("Name"), names));
    let error = org.query(query, 10).await.expect_err("too long");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    assert_eq!(calls(&server).await, 0);
}
