//! Dead sessions: one refresh, one replay, then stop.

use salesforce::{Class, Code, Error, ObjectName, Outcome, Record, WriteOptions};

use super::support::{OPPORTUNITY, answer, calls, id, org, reject};

const LIMITS: &str = "/services/data/v67.0/limits";

#[tokio::test]
async fn an_expired_session_is_replaced_and_the_call_made_again() {
    let (server, org, tokens) = org().await;
    reject(&server, "token-1").await;
    answer(
        &server,
        "GET",
        LIMITS,
        200,
        r#"{"DailyApiRequests":{"Max":15000,"Remaining":14998,"App":{"Max":0,"Remaining":0}}}"#,
    )
    .await;
    let limits = org.limits().await.expect("the second token works");
    assert_eq!(limits["DailyApiRequests"].max, 15_000);
    assert_eq!((calls(&server).await, tokens.rejections()), (2, 1));
    // The new token is used from now on.
    org.limits().await.expect("no further rejection");
    assert_eq!(tokens.rejections(), 1);
}

#[tokio::test]
async fn a_write_is_replayed_after_401_because_it_was_not_executed() {
    let (server, org, _tokens) = org().await;
    reject(&server, "token-1").await;
    answer(
        &server,
        "POST",
        OPPORTUNITY,
        201,
        r#"{"id":"006000000000001AAA","success":true,"errors":[]}"#,
    )
    .await;
    let record = Record::new(&ObjectName::OPPORTUNITY);
    org.create(&ObjectName::OPPORTUNITY, &record, WriteOptions::default())
        .await
        .expect("created with the second token");
    assert_eq!(calls(&server).await, 2);
}

#[tokio::test]
async fn a_fresh_token_refused_as_well_stops_everything() {
    let (server, org, tokens) = org().await;
    reject(&server, "token-1").await;
    reject(&server, "token-2").await;
    let error = org.limits().await.expect_err("both tokens are refused");
    assert!(matches!(error, Error::SessionRejected(_)), "{error:?}");
    assert_eq!(
        (error.class(), error.outcome()),
        (Class::Admin, Outcome::NotSent)
    );
    assert_eq!((calls(&server).await, tokens.rejections()), (2, 1));
}

#[tokio::test]
async fn a_stored_token_that_is_stale_too_gets_one_refresh_more() {
    let (server, _org, mut tokens) = org().await;
    tokens.fresh = false;
    let org = super::support::org_with(&super::support::options(&server.uri()), &tokens);
    reject(&server, "token-1").await;
    reject(&server, "token-2").await;
    answer(&server, "GET", LIMITS, 200, "{}").await;
    org.limits().await.expect("the third token works");
    assert_eq!((calls(&server).await, tokens.rejections()), (3, 2));
}

#[tokio::test]
async fn a_403_never_refreshes() {
    let (server, org, tokens) = org().await;
    answer(
        &server,
        "GET",
        LIMITS,
        403,
        r#"[{"errorCode":"API_DISABLED_FOR_ORG","message":"The REST API is not enabled"}]"#,
    )
    .await;
    let error = org.limits().await.expect_err("the API is off");
    assert!(error.has_code(&Code::ApiDisabledForOrg));
    assert_eq!((calls(&server).await, tokens.rejections()), (1, 0));
}

#[tokio::test]
async fn a_401_for_another_reason_never_refreshes() {
    let (server, org, tokens) = org().await;
    answer(
        &server,
        "GET",
        LIMITS,
        401,
        r#"[{"errorCode":"TRIAL_EXPIRED","message":"x"}]"#,
    )
    .await;
    let error = org.limits().await.expect_err("the trial ended");
    assert_eq!((error.class(), tokens.rejections()), (Class::Admin, 0));
}

#[tokio::test]
async fn a_token_for_a_foreign_host_is_never_sent() {
    let (server, _org, mut tokens) = org().await;
    tokens.instance_url = "https://login.salesforce.com.evil.example".to_owned();
    let org = super::support::org_with(&super::support::options(&server.uri()), &tokens);
    let error = org.limits().await.expect_err("the host is refused");
    assert!(matches!(error, Error::Host(_)), "{error:?}");
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test]
async fn errors_and_debug_output_never_show_a_token() {
    let (server, org, _tokens) = org().await;
    reject(&server, "token-1").await;
    reject(&server, "token-2").await;
    let record = Record::new(&ObjectName::OPPORTUNITY);
    let error = org
        .update(
            &ObjectName::OPPORTUNITY,
            &id(1),
            &record,
            WriteOptions::default(),
        )
        .await
        .expect_err("refused");
    assert!(!format!("{error:?} {error}").contains("token-"));
}
