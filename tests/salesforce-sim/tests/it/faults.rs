use salesforce_sim::{Fault, FaultBody, FaultKind, Refusal};
use serde_json::json;

use crate::org::Org;

#[tokio::test]
async fn a_reset_after_the_commit_leaves_the_row_and_one_before_does_not() {
    let org = Org::demo();
    for (kind, rows) in [
        (FaultKind::ResetBeforeCommit, 0),
        (FaultKind::CommitThenReset, 1),
    ] {
        org.control
            .fault(Fault::new(kind).on_path("/sobjects/Task").times(1))
            .await
            .expect("added");
        let lost = org
            .request(reqwest::Method::POST, "/sobjects/Task")
            .json(&json!({"Subject": "x"}))
            .send()
            .await;
        assert!(lost.is_err(), "the connection must be reset");
        assert_eq!(org.query("SELECT Id FROM Task").await.len(), rows);
        assert_eq!(org.control.write_log(0).await.expect("log").len(), rows);
    }
}

#[tokio::test]
async fn error_bursts_come_in_every_dress() {
    let org = Org::demo();
    for (status, body, expected) in [
        (503, FaultBody::Json, Some("SERVER_UNAVAILABLE")),
        (500, FaultBody::Empty, None),
        (502, FaultBody::Html, None),
        (500, FaultBody::Json, Some("UNKNOWN_EXCEPTION")),
    ] {
        org.control
            .fault(Fault::new(FaultKind::Status { status, body }).times(1))
            .await
            .expect("added");
        let (found, answer) = org.get("/limits").await;
        assert_eq!(found.as_u16(), status);
        assert_eq!(answer[0]["errorCode"].as_str(), expected);
        assert_eq!(org.get("/limits").await.0, 200);
    }
}

#[tokio::test]
async fn limits_maintenance_and_sessions_refuse_as_the_platform_does() {
    let org = Org::demo();
    org.control
        .set_api_limit(Some(10), Some(10))
        .await
        .expect("set");
    let (status, body) = org.get("/limits").await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (403, &json!("REQUEST_LIMIT_EXCEEDED"))
    );
    assert!(
        body[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("TotalRequests Limit exceeded"))
    );
    org.control
        .set_api_limit(Some(1_000), Some(0))
        .await
        .expect("set");
    let (_, limits) = org.get("/limits").await;
    assert_eq!(
        limits["DailyApiRequests"],
        json!({"Max": 1_000, "Remaining": 999})
    );

    org.control
        .fault(Fault::new(FaultKind::Maintenance))
        .await
        .expect("added");
    assert_eq!(org.get("/limits").await.0, 200);
    assert_eq!(
        org.post("/sobjects/Task", json!({"Subject": "x"})).await.0,
        503
    );
    org.control.clear_faults().await.expect("cleared");
    assert_eq!(org.control.expire_sessions(None).await.expect("expired"), 1);
    assert_eq!(org.get("/limits").await.0, 401);
}

#[tokio::test]
async fn refusals_and_row_locks_hit_what_they_name() {
    let org = Org::demo();
    org.control.lock_rows("Task", 1).await.expect("added");
    let (status, body) = org.post("/sobjects/Task", json!({"Subject": "x"})).await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &json!("UNABLE_TO_LOCK_ROW"))
    );
    assert_eq!(
        org.post("/sobjects/Task", json!({"Subject": "x"})).await.0,
        201
    );
    org.control
        .refuse(Refusal {
            object: Some("Opportunity".into()),
            field: Some("NextStep".into()),
            id: None,
            code: "CANNOT_EXECUTE_FLOW_TRIGGER".into(),
            message: "We can't save this record because the \"Deal\" process failed.".into(),
            fields: Vec::new(),
            remaining: None,
        })
        .await
        .expect("added");
    let id = org.id_of("Opportunity", "Harbor Media - Newsroom").await;
    let (_, body) = org
        .patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"NextStep": "x"}),
        )
        .await;
    assert_eq!(body[0]["errorCode"], "CANNOT_EXECUTE_FLOW_TRIGGER");
    assert_eq!(
        org.patch(&format!("/sobjects/Opportunity/{id}"), json!({"Amount": 7}))
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn a_slow_answer_holds_nobody_else_up() {
    let org = Org::demo();
    let slow = Fault::new(FaultKind::LatencyMs(60_000)).on_path("/sobjects/Task");
    org.control.fault(slow).await.expect("added");
    let request = org
        .request(reqwest::Method::POST, "/sobjects/Task")
        .json(&json!({"Subject": "slow"}));
    let waiting = tokio::spawn(request.send());
    for _ in 0..20 {
        assert_eq!(
            org.post("/sobjects/Contact", json!({"LastName": "quick"}))
                .await
                .0,
            201
        );
    }
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_client_that_gives_up_waiting_may_have_written_all_the_same() {
    let org = Org::demo();
    let slow = Fault::new(FaultKind::CommitThenDelayMs(60_000))
        .on_path("/sobjects/Task")
        .times(1);
    org.control.fault(slow).await.expect("added");
    let request = org
        .request(reqwest::Method::POST, "/sobjects/Task")
        .json(&json!({"Subject": "late"}));
    let patience = std::time::Duration::from_secs(2);
    let lost = request.timeout(patience).send().await;
    assert!(lost.is_err_and(|error| error.is_timeout()));
    assert_eq!(org.control.write_log(0).await.expect("log").len(), 1);
}
