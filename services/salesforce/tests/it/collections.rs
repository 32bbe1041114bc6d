//! Collections: 200 with every row refused, row order, and the limits.

use salesforce::{Class, Code, Error, FieldName, ObjectName, Record, RowOutcome, WriteOptions};
use wiremock::Mock;
use wiremock::matchers::{method, path, query_param};

use super::support::{answer, bodies, calls, id, json, org};

const COLLECTIONS: &str = "/services/data/v67.0/composite/sobjects";

fn row(n: u32) -> Record {
    Record::new(&ObjectName::OPPORTUNITY)
        .with(&FieldName::fixed("Id"), id(n))
        .with(&FieldName::fixed("NextStep"), "Call")
}

#[tokio::test]
async fn rows_are_judged_one_by_one_although_the_status_is_200() {
    let (server, org, _tokens) = org().await;
    answer(&server, "PATCH", COLLECTIONS, 200, r#"[
        {"id":"006000000000001AAA","success":true,"errors":[]},
        {"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW","message":"unable to obtain exclusive access","fields":[]}]},
        {"id":"006000000000003AAA","success":false,"errors":[
            {"statusCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"Close date is past","fields":["CloseDate"]},
            {"statusCode":"REQUIRED_FIELD_MISSING","message":"x","fields":["StageName"]}]}]"#).await;
    let rows = [row(1), row(2), row(3)];
    let outcomes = org
        .update_many(&rows, false, WriteOptions::default())
        .await
        .expect("the call succeeded");
    assert_eq!(
        outcomes[0],
        RowOutcome::Saved {
            id: Some(id(1)),
            created: None
        }
    );
    let classes = |outcome: &RowOutcome| match outcome {
        RowOutcome::Refused(errors) => errors.iter().map(|error| error.class()).collect(),
        RowOutcome::Saved { .. } => Vec::new(),
    };
    assert_eq!(classes(&outcomes[1]), [Class::Retry]);
    assert_eq!(classes(&outcomes[2]), [Class::User, Class::User]);
    insta::assert_snapshot!(bodies(&server).await[0], @r#"{"allOrNone":false,"records":[{"attributes":{"type":"Opportunity"},"Id":"006000000000001AAA","NextStep":"Call"},{"attributes":{"type":"Opportunity"},"Id":"006000000000002AAA","NextStep":"Call"},{"attributes":{"type":"Opportunity"},"Id":"006000000000003AAA","NextStep":"Call"}]}"#);
}

#[tokio::test]
async fn an_upsert_says_which_rows_are_new() {
    let (server, org, _tokens) = org().await;
    let at = format!("{COLLECTIONS}/Task/Ergo_Key__c");
    answer(
        &server,
        "PATCH",
        &at,
        200,
        r#"[{"id":"006000000000001AAA","success":true,"errors":[],"created":true}]"#,
    )
    .await;
    let key = FieldName::fixed("Ergo_Key__c");
    let rows = [Record::new(&ObjectName::TASK).with(&key, "m-1")];
    let outcomes = org
        .upsert_many(
            &ObjectName::TASK,
            &key,
            &rows,
            true,
            WriteOptions::default(),
        )
        .await
        .expect("the call succeeded");
    assert_eq!(
        outcomes,
        [RowOutcome::Saved {
            id: Some(id(1)),
            created: Some(true)
        }]
    );
}

#[tokio::test]
async fn a_rolled_back_row_follows_its_culprit() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", COLLECTIONS, 200, r#"[{"success":false,"errors":[{"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK","message":"x","fields":[]}]}]"#).await;
    let outcomes = org
        .create_many(&[row(1)], true, WriteOptions::default())
        .await
        .expect("the call succeeded");
    let RowOutcome::Refused(errors) = &outcomes[0] else {
        panic!("the row was rolled back");
    };
    assert_eq!(errors[0].code, Code::AllOrNoneOperationRolledBack);
    assert_eq!(errors[0].class(), Class::Follow);
}

#[tokio::test]
async fn a_refused_row_without_errors_still_has_one() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", COLLECTIONS, 200, r#"[{"success":false}]"#).await;
    let outcomes = org
        .create_many(&[row(1)], false, WriteOptions::default())
        .await
        .expect("the call succeeded");
    assert!(matches!(&outcomes[0], RowOutcome::Refused(errors) if errors.len() == 1));
}

#[tokio::test]
async fn more_than_200_rows_or_a_row_without_id_are_not_sent() {
    let (server, org, _tokens) = org().await;
    let rows: Vec<Record> = (0..201).map(row).collect();
    let error = org
        .update_many(&rows, false, WriteOptions::default())
        .await
        .expect_err("too many");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    let error = org
        .update_many(
            &[Record::new(&ObjectName::TASK)],
            false,
            WriteOptions::default(),
        )
        .await
        .expect_err("no id");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test]
async fn nothing_to_write_costs_nothing() {
    let (server, org, _tokens) = org().await;
    assert!(
        org.create_many(&[], true, WriteOptions::default())
            .await
            .expect("empty")
            .is_empty()
    );
    assert!(org.delete_many(&[], true).await.expect("empty").is_empty());
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test]
async fn another_number_of_rows_than_sent_is_inconsistent() {
    let (server, org, _tokens) = org().await;
    answer(&server, "PATCH", COLLECTIONS, 200, "[]").await;
    let error = org
        .update_many(&[row(1)], false, WriteOptions::default())
        .await
        .expect_err("a row is missing");
    assert!(matches!(error, Error::Inconsistent { .. }), "{error:?}");
}

#[tokio::test]
async fn rows_are_deleted_by_a_list_of_ids() {
    let (server, org, _tokens) = org().await;
    Mock::given(method("DELETE"))
        .and(path(COLLECTIONS))
        .and(query_param("ids", format!("{},{}", id(1), id(2)).as_str()))
        .and(query_param("allOrNone", "false"))
        .respond_with(json(200, r#"[{"id":"006000000000001AAA","success":true,"errors":[]},{"id":"006000000000002AAA","success":false,"errors":[{"statusCode":"ENTITY_IS_DELETED","message":"entity is deleted","fields":[]}]}]"#))
        .mount(&server)
        .await;
    let outcomes = org
        .delete_many(&[id(1), id(2)], false)
        .await
        .expect("answered");
    assert!(
        matches!(&outcomes[1], RowOutcome::Refused(errors) if errors[0].code == Code::EntityIsDeleted)
    );
}

#[tokio::test]
async fn many_rows_are_read_in_the_order_asked_with_gaps() {
    let (server, org, _tokens) = org().await;
    let at = format!("{COLLECTIONS}/Opportunity");
    answer(
        &server,
        "POST",
        &at,
        200,
        r#"[null,{"attributes":{"type":"Opportunity"},"Id":"006000000000002AAA"}]"#,
    )
    .await;
    let fields = [FieldName::fixed("Id")];
    let rows = org
        .retrieve_many(&ObjectName::OPPORTUNITY, &[id(1), id(2)], &fields)
        .await
        .expect("answered");
    assert!(rows[0].is_none());
    assert_eq!(rows[1].as_ref().and_then(Record::id), Some(id(2)));
    insta::assert_snapshot!(bodies(&server).await[0], @r#"{"ids":["006000000000001AAA","006000000000002AAA"],"fields":["Id"]}"#);
}
