//! Reads are repeated on transient failures, writes never.

use salesforce::{Class, ObjectName, Outcome, Record, WriteOptions};
use wiremock::Mock;
use wiremock::matchers::path;

use super::support::{OPPORTUNITY, answer, calls, json, org};

const LIMITS: &str = "/services/data/v67.0/limits";

#[tokio::test]
async fn a_read_survives_a_short_outage() {
    let (server, org, _tokens) = org().await;
    Mock::given(path(LIMITS))
        .respond_with(json(503, "<html>maintenance</html>"))
        .up_to_n_times(2)
        .with_priority(1)
        .mount(&server)
        .await;
    answer(&server, "GET", LIMITS, 200, "{}").await;
    org.limits().await.expect("the third attempt works");
    assert_eq!(calls(&server).await, 3);
}

#[tokio::test]
async fn a_read_gives_up_at_the_limit() {
    let (server, org, _tokens) = org().await;
    answer(&server, "GET", LIMITS, 500, "").await;
    let error = org.limits().await.expect_err("down");
    assert_eq!((error.class(), calls(&server).await), (Class::Retry, 3));
}

#[tokio::test]
async fn quota_and_refusals_are_not_repeated() {
    for (status, code) in [
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (400, "MALFORMED_QUERY"),
        (400, "QUERY_TIMEOUT"),
        (404, "NOT_FOUND"),
    ] {
        let (server, org, _tokens) = org().await;
        let body =
            format!(r#"[{{"errorCode":"{code}","message":"TotalRequests Limit exceeded."}}]"#);
        answer(&server, "GET", LIMITS, status, &body).await;
        org.limits().await.expect_err(code);
        assert_eq!(calls(&server).await, 1, "{code}");
    }
}

#[tokio::test]
async fn a_write_is_never_repeated_here() {
    for (status, body, outcome) in [
        (503, "", Outcome::Ambiguous),
        (
            500,
            r#"[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]"#,
            Outcome::Ambiguous,
        ),
        (
            400,
            r#"[{"errorCode":"UNABLE_TO_LOCK_ROW","message":"x"}]"#,
            Outcome::Answered,
        ),
    ] {
        let (server, org, _tokens) = org().await;
        answer(&server, "POST", OPPORTUNITY, status, body).await;
        let record = Record::new(&ObjectName::OPPORTUNITY);
        let error = org
            .create(&ObjectName::OPPORTUNITY, &record, WriteOptions::default())
            .await
            .expect_err("refused");
        assert_eq!(
            (error.outcome(), calls(&server).await),
            (outcome, 1),
            "{status}"
        );
        assert_eq!(error.class(), Class::Retry);
    }
}
