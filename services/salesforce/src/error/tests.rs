//! Error bodies in every wrapping, and what they mean.

use proptest::prelude::*;

use super::*;

fn only(http_status: u16, body: &str) -> ApiError {
    let mut errors = parse_errors(http_status, body.as_bytes());
    assert_eq!(errors.len(), 1, "{body}");
    errors.remove(0)
}

#[test]
fn every_wrapping_becomes_one_error_type() {
    let error = only(
        404,
        r#"[{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}]"#,
    );
    assert_eq!(
        (error.code, error.http_status),
        (Code::EntityIsDeleted, 404)
    );

    // `fields` may be missing or null.
    let error = only(
        400,
        r#"[{"message":"x","errorCode":"STRING_TOO_LONG","fields":null}]"#,
    );
    assert!(error.fields.is_empty());

    // Collection rows say statusCode.
    let error = only(
        400,
        r#"[{"statusCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing: [LastName]","fields":["LastName"]}]"#,
    );
    assert_eq!(
        (error.code, error.fields),
        (Code::RequiredFieldMissing, vec!["LastName".to_owned()])
    );

    // OAuth errors are an object.
    let error = only(
        400,
        r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
    );
    assert_eq!(error.code.as_str(), "invalid_grant");
    assert_eq!(error.message, "expired access/refresh token");
}

#[test]
fn a_body_without_an_error_is_named_after_its_status() {
    for (status, body, code) in [
        (500, "", Code::UnknownException),
        (500, "\"\"", Code::UnknownException),
        (503, "<html>maintenance</html>", Code::ServerUnavailable),
        (502, "[]", Code::ServerUnavailable),
        (410, "gone", Code::UnsupportedApiVersion),
        (429, "slow down", Code::ServerUnavailable),
        (412, "", Code::PreconditionFailed),
        (404, "null", Code::NotFound),
        (431, "{}", Code::Unknown("HTTP_431".to_owned())),
        (
            400,
            "[{\"message\":1}]",
            Code::Unknown("HTTP_400".to_owned()),
        ),
    ] {
        let error = only(status, body);
        assert_eq!(error.code, code, "{status} {body}");
        assert_eq!(error.raw, body);
    }
}

#[test]
fn several_failed_rules_are_all_kept() {
    let body = r#"[{"message":"one","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":["CloseDate"]},
                   {"message":"two","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":[]}]"#;
    let error = Error::refused("update", 400, body.as_bytes());
    let messages: Vec<&str> = error
        .api_errors()
        .map(|error| error.message.as_str())
        .collect();
    assert_eq!(messages, ["one", "two"]);
    assert_eq!(
        (error.class(), error.outcome()),
        (Class::User, Outcome::Answered)
    );
}

#[test]
fn a_duplicate_report_is_read_under_its_misspelled_key() {
    let body = r#"[{"duplicateResut":{"allowSave":true,"duplicateRule":"Contacts_DR","duplicateRuleEntityType":"Contact","errorMessage":"Use one",
        "matchResults":[{"entityType":"Contact","errors":[],"matchEngine":"ExactMatchEngine","rule":"Contact_MR","size":2,"success":true,
        "matchRecords":[{"additionalInformation":[],"fieldDiffs":[],"matchConfidence":100.0,
          "record":{"attributes":{"type":"Lead","url":"/services/data/v50.0/sobjects/Lead/x"},"Id":"001D000000IRFmaIAH"}},
          {"matchConfidence":100,"record":{"attributes":{"type":"Contact"}}}]}]},
        "errorCode":"DUPLICATES_DETECTED","message":"Use one"}]"#;
    for body in [
        body.to_owned(),
        body.replace("duplicateResut", "duplicateResult"),
    ] {
        let duplicates = only(400, &body).duplicates.expect("a duplicate report");
        assert!(duplicates.allow_save);
        assert_eq!(duplicates.rule, "Contacts_DR");
        assert_eq!(duplicates.records.len(), 1);
        assert_eq!(duplicates.records[0].object, "Lead");
        assert_eq!(duplicates.records[0].id.as_str(), "001D000000IRFmaIAH");
    }
}

#[test]
fn what_is_kept_of_a_body_is_bounded() {
    let long = "é".repeat(100_000);
    let error = only(400, &format!(r#"[{{"errorCode":"X","message":"{long}"}}]"#));
    assert!(error.raw.len() <= RAW_BYTES_MAX && error.message.len() <= RAW_BYTES_MAX);
    assert!(only(502, &long).raw.len() <= RAW_BYTES_MAX);
}

#[test]
fn trigger_text_decides_what_its_code_cannot() {
    for (message, class) in [
        (
            "T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to obtain",
            Class::Retry,
        ),
        (
            "T: caused by FIELD_CUSTOM_VALIDATION_EXCEPTION, no",
            Class::User,
        ),
        ("entity type cannot be inserted: Opportunity", Class::Admin),
    ] {
        let body = format!(
            r#"[{{"errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","message":"{message}"}}]"#
        );
        assert_eq!(only(400, &body).class(), class, "{message}");
    }
}

#[test]
fn the_two_request_limits_are_told_apart() {
    for (message, quota, delay_min_ms) in [
        ("TotalRequests Limit exceeded.", Quota::Daily, 900_000),
        (
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            Quota::Concurrent,
            5_000,
        ),
        (
            "ConcurrentPerOrgLongTxn Limit exceeded.",
            Quota::Concurrent,
            5_000,
        ),
        ("se excedió el límite", Quota::Daily, 900_000),
    ] {
        let body = format!(r#"[{{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"{message}"}}]"#);
        let error = only(403, &body);
        assert_eq!(
            (error.class(), error.quota()),
            (Class::Quota, Some(quota)),
            "{message}"
        );
        assert_eq!(
            error.retry_advice().map(|advice| advice.delay_min_ms),
            Some(delay_min_ms)
        );
    }
    let full = only(
        400,
        r#"[{"errorCode":"STORAGE_LIMIT_EXCEEDED","message":"x"}]"#,
    );
    assert_eq!(full.quota(), Some(Quota::Other));
}

#[test]
fn the_culprit_gives_a_rolled_back_call_its_class() {
    let body = r#"[{"errorCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","message":"x"},
                   {"errorCode":"UNABLE_TO_LOCK_ROW","message":"x"}]"#;
    assert_eq!(
        Error::refused("create_many", 400, body.as_bytes()).class(),
        Class::Retry
    );
}

#[test]
fn a_breakdown_after_sending_is_ambiguous_unless_it_says_nothing_ran() {
    for (status, code, outcome) in [
        (500, "UNKNOWN_EXCEPTION", Outcome::Ambiguous),
        (503, "SERVER_UNAVAILABLE", Outcome::Ambiguous),
        (500, "SOMETHING_NEW", Outcome::Ambiguous),
        (503, "TOO_MANY_APEX_REQUESTS", Outcome::Answered),
        (
            503,
            "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
            Outcome::Answered,
        ),
        (400, "UNABLE_TO_LOCK_ROW", Outcome::Answered),
        (403, "REQUEST_LIMIT_EXCEEDED", Outcome::Answered),
    ] {
        let body = format!(r#"[{{"errorCode":"{code}","message":"x"}}]"#);
        let error = Error::refused("create", status, body.as_bytes());
        assert_eq!(error.outcome(), outcome, "{code}");
    }
}

#[test]
fn every_retryable_class_comes_with_advice_and_no_other_does() {
    for code in Code::ALL {
        let error = ApiError {
            code: code.clone(),
            ..ApiError::from_status(400, "")
        };
        let once_more = *code == Code::CannotExecuteFlowTrigger;
        assert_eq!(
            error.retry_advice().is_some(),
            error.class().retryable() || once_more,
            "{code:?}"
        );
    }
}

#[test]
fn neither_error_text_nor_debug_quotes_a_record() {
    let body = r#"[{"errorCode":"STRING_TOO_LONG","message":"data value too large: pat@example.com","fields":["Email"]}]"#;
    let error = Error::refused("update", 400, body.as_bytes());
    let first = error.api_errors().next().expect("one error");
    assert!(!format!("{error:?} {error} {first:?}").contains("pat@"));
    insta::assert_snapshot!(first, @"salesforce answered STRING_TOO_LONG (400)");
}

#[test]
fn error_text_never_quotes_a_body() {
    let error =
        serde_json::from_str::<Vec<u32>>(r#"["00D-secret-token"]"#).expect_err("not numbers");
    let shown = DecodeError::from(error).to_string();
    insta::assert_snapshot!(shown, @"unexpected shape at line 1 column 19");
}

#[test]
fn messages_are_read_where_they_hold_what_nothing_else_does() {
    let message =
        "duplicate value found: Key__c duplicates value on record with id: 001D000000IRFma";
    let body =
        |code: &str, message: &str| format!(r#"[{{"errorCode":"{code}","message":"{message}"}}]"#);
    let error = only(400, &body("DUPLICATE_VALUE", message));
    assert_eq!(
        error.existing_record().map(|id| id.to_string()).as_deref(),
        Some("001D000000IRFmaIAH")
    );
    // The same words under another code mean nothing.
    assert_eq!(
        only(400, &body("FIELD_CUSTOM_VALIDATION_EXCEPTION", message)).existing_record(),
        None
    );
    let long = "Next Step: data value too large: xyz (max length=255)";
    assert_eq!(
        only(400, &body("STRING_TOO_LONG", long)).length_max(),
        Some(255)
    );
    assert_eq!(
        only(400, &body("STRING_TOO_LONG", "demasiado largo")).length_max(),
        None
    );
}

proptest! {
    #[test]
    fn any_body_is_at_least_one_error(status in 300_u16..600, body in proptest::collection::vec(any::<u8>(), 0..120)) {
        let errors = parse_errors(status, &body);
        prop_assert!(!errors.is_empty());
        prop_assert!(errors.iter().all(|error| error.http_status == status && error.raw.len() <= RAW_BYTES_MAX));
    }

    #[test]
    fn any_json_of_the_right_outline_is_at_least_one_error(body in "\\[?\\{(\"(errorCode|statusCode|error|message|fields|duplicateResut)\":(\"x\"|1|null|\\[\\]|\\{\\}),?){0,4}\\}?\\]?") {
        prop_assert!(!parse_errors(400, body.as_bytes()).is_empty());
    }
}
