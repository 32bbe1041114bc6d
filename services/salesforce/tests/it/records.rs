//! Single records: headers, statuses and the shapes of answers.

use chrono::{TimeZone, Utc};
use salesforce::{
    Class, Code, Error, FieldName, ObjectName, Outcome, Record, Upserted, WriteOptions,
};
use wiremock::matchers::{header, header_exists, method, path};
use wiremock::{Mock, ResponseTemplate};

use super::support::{OPPORTUNITY, answer, bodies, calls, dated, id, json, org};

const KEY: FieldName = FieldName::fixed("Ergo_Key__c");

fn record() -> Record {
    Record::new(&ObjectName::OPPORTUNITY)
        .with(&FieldName::fixed("Id"), id(1))
        .with(&FieldName::fixed("NextStep"), "Send the questionnaire")
        .with(
            &FieldName::fixed("Amount"),
            "125000.10"
                .parse::<rust_decimal::Decimal>()
                .expect("a decimal"),
        )
}

#[tokio::test]
async fn every_call_names_us_and_accepts_compression() {
    let (server, org, _tokens) = org().await;
    Mock::given(method("POST"))
        .and(path(OPPORTUNITY))
        .and(header("authorization", "Bearer token-1"))
        .and(header("sforce-call-options", "client=ergo/1.0"))
        .and(header("accept", "application/json"))
        .and(header("accept-encoding", "gzip"))
        .and(header("content-type", "application/json; charset=UTF-8"))
        .respond_with(json(
            201,
            r#"{"id":"006000000000001AAA","success":true,"errors":[]}"#,
        ))
        .mount(&server)
        .await;
    let saved = org
        .create(&ObjectName::OPPORTUNITY, &record(), WriteOptions::default())
        .await
        .expect("created");
    assert_eq!(saved.id, id(1));
    // The id travels in the URL or nowhere; numbers keep their digits.
    let body = &bodies(&server).await[0];
    insta::assert_snapshot!(body, @r#"{"Amount":125000.10,"NextStep":"Send the questionnaire"}"#);
    let requests = server.received_requests().await.expect("recording is on");
    assert!(
        !requests[0]
            .headers
            .contains_key("sforce-duplicate-rule-header")
    );
}

#[tokio::test]
async fn an_update_carries_its_precondition_and_412_is_stale() {
    let (server, org, _tokens) = org().await;
    let at = format!("{OPPORTUNITY}/{}", id(1));
    Mock::given(method("PATCH"))
        .and(path(&at))
        .and(dated(
            "if-unmodified-since",
            "Mon, 02 Mar 2026 08:30:00 GMT",
        ))
        .respond_with(ResponseTemplate::new(412))
        .mount(&server)
        .await;
    let options = WriteOptions {
        if_unmodified_since: Utc.with_ymd_and_hms(2026, 3, 2, 8, 30, 0).single(),
        ..WriteOptions::default()
    };
    let error = org
        .update(&ObjectName::OPPORTUNITY, &id(1), &record(), options)
        .await
        .expect_err("changed under us");
    assert!(error.has_code(&Code::PreconditionFailed));
    assert_eq!(
        (error.class(), error.outcome()),
        (Class::Stale, Outcome::Answered)
    );
}

#[tokio::test]
async fn an_update_is_answered_with_nothing() {
    let (server, org, _tokens) = org().await;
    let at = format!("{OPPORTUNITY}/{}", id(1));
    answer(&server, "PATCH", &at, 204, "").await;
    org.update(
        &ObjectName::OPPORTUNITY,
        &id(1),
        &record(),
        WriteOptions::default(),
    )
    .await
    .expect("updated");
}

#[tokio::test]
async fn saving_over_an_alerting_duplicate_rule_takes_an_explicit_option() {
    let (server, org, _tokens) = org().await;
    Mock::given(header_exists("sforce-duplicate-rule-header"))
        .respond_with(json(
            201,
            r#"{"id":"006000000000001AAA","success":true,"errors":[]}"#,
        ))
        .mount(&server)
        .await;
    let options = WriteOptions {
        allow_duplicates: true,
        ..WriteOptions::default()
    };
    org.create(&ObjectName::OPPORTUNITY, &record(), options)
        .await
        .expect("saved");
}

#[tokio::test]
async fn deleting_a_deleted_record_is_stale() {
    let (server, org, _tokens) = org().await;
    let at = format!("{OPPORTUNITY}/{}", id(1));
    answer(
        &server,
        "DELETE",
        &at,
        404,
        r#"[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]"#,
    )
    .await;
    let error = org
        .delete(&ObjectName::OPPORTUNITY, &id(1))
        .await
        .expect_err("deleted before");
    assert!(error.has_code(&Code::EntityIsDeleted));
    assert_eq!(error.class(), Class::Stale);
}

#[tokio::test]
async fn fields_of_a_record_are_read() {
    let (server, org, _tokens) = org().await;
    let at = format!("{OPPORTUNITY}/{}", id(1));
    Mock::given(method("GET"))
        .and(path(&at))
        .and(wiremock::matchers::query_param("fields", "Id,NextStep"))
        .respond_with(json(
            200,
            r#"{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","NextStep":null}"#,
        ))
        .mount(&server)
        .await;
    let fields = [FieldName::fixed("Id"), FieldName::fixed("NextStep")];
    let row = org
        .retrieve(&ObjectName::OPPORTUNITY, &id(1), &fields)
        .await
        .expect("a row");
    assert_eq!(row.id(), Some(id(1)));
}

#[tokio::test]
async fn an_upsert_answers_created_updated_or_several() {
    let created = r#"{"id":"006000000000001AAA","success":true,"errors":[]}"#;
    let updated = r#"{"id":"006000000000001AAA","success":true,"errors":[],"created":false}"#;
    let several = format!("[\"{OPPORTUNITY}/{}\",\"{OPPORTUNITY}/{}\"]", id(1), id(2));
    for (status, body, expected) in [
        (201, created, Upserted::Created(id(1))),
        (200, updated, Upserted::Updated(Some(id(1)))),
        (204, "", Upserted::Updated(None)),
        (300, several.as_str(), Upserted::Several(vec![id(1), id(2)])),
    ] {
        let (server, org, _tokens) = org().await;
        let at = format!("{OPPORTUNITY}/Ergo_Key__c/m%2F1%20%2B%C3%A9");
        answer(&server, "PATCH", &at, status, body).await;
        let upserted = org
            .upsert(
                &ObjectName::OPPORTUNITY,
                &KEY,
                "m/1 +é",
                &record(),
                WriteOptions::default(),
            )
            .await
            .expect("an outcome");
        assert_eq!(upserted, expected);
    }
}

#[tokio::test]
async fn an_empty_external_id_is_never_sent() {
    let (server, org, _tokens) = org().await;
    let error = org
        .upsert(
            &ObjectName::OPPORTUNITY,
            &KEY,
            "",
            &record(),
            WriteOptions::default(),
        )
        .await
        .expect_err("no key");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    assert_eq!(
        (error.outcome(), calls(&server).await),
        (Outcome::NotSent, 0)
    );
}

#[tokio::test]
async fn deletions_within_a_span_are_listed() {
    let (server, org, _tokens) = org().await;
    let at = format!("{OPPORTUNITY}/deleted");
    Mock::given(path(&at))
        .and(wiremock::matchers::query_param("start", "2026-03-01T00:00:00.000Z"))
        .respond_with(json(200, r#"{"deletedRecords":[{"id":"006000000000001AAA","deletedDate":"2026-03-02T08:30:00.000+0000"}],"earliestDateAvailable":"2026-02-01T00:00:00.000+0000","latestDateCovered":"2026-03-03T00:00:00.000+0000"}"#))
        .mount(&server)
        .await;
    let day = |day| {
        Utc.with_ymd_and_hms(2026, 3, day, 0, 0, 0)
            .single()
            .expect("a day")
    };
    let deleted = org
        .deleted(&ObjectName::OPPORTUNITY, day(1), day(3))
        .await
        .expect("a list");
    assert_eq!(deleted.records.len(), 1);
    assert_eq!(deleted.latest_covered, Some(day(3)));
}

#[tokio::test]
async fn an_answer_we_cannot_read_after_a_write_is_ambiguous() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", OPPORTUNITY, 201, "<html>").await;
    let error = org
        .create(&ObjectName::OPPORTUNITY, &record(), WriteOptions::default())
        .await
        .expect_err("not JSON");
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Ambiguous);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_token() {
    let (server, org, _tokens) = org().await;
    let elsewhere = wiremock::MockServer::start().await;
    Mock::given(path(OPPORTUNITY))
        .respond_with(
            ResponseTemplate::new(302).insert_header("location", elsewhere.uri().as_str()),
        )
        .mount(&server)
        .await;
    let error = org
        .create(&ObjectName::OPPORTUNITY, &record(), WriteOptions::default())
        .await
        .expect_err("a redirect is no answer");
    assert!(
        matches!(
            error,
            Error::Refused {
                http_status: 302,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(calls(&elsewhere).await, 0);
}
