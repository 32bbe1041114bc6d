//! Composite requests and batches.

use chrono::{TimeZone, Utc};
use salesforce::soql::Query;
use salesforce::{
    BatchGet, Class, Code, Composite, Error, FieldName, ObjectDescribe, ObjectName, Record,
    Reference, Subrequest, WriteOptions,
};

use super::support::{answer, bodies, calls, id, org};

const COMPOSITE: &str = "/services/data/v67.0/composite";

fn reference(n: usize) -> FieldName {
    FieldName::parse(&format!("r{n}")).expect("a name")
}

fn next_step(text: &str) -> Record {
    Record::new(&ObjectName::OPPORTUNITY).with(&FieldName::fixed("NextStep"), text)
}

#[tokio::test]
async fn subrequests_keep_their_order_and_refer_to_each_other() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", COMPOSITE, 200, r#"{"compositeResponse":[
        {"body":null,"httpHeaders":{},"httpStatusCode":204,"referenceId":"opp"},
        {"body":{"id":"006000000000002AAA","success":true,"errors":[]},"httpHeaders":{},"httpStatusCode":201,"referenceId":"note"},
        {"body":[{"errorCode":"PROCESSING_HALTED","message":"rolled back"}],"httpHeaders":{},"httpStatusCode":400,"referenceId":"link"}]}"#).await;
    let note = FieldName::fixed("note");
    let link = Record::new(&ObjectName::fixed("ContentDocumentLink"))
        .with(
            &FieldName::fixed("ContentDocumentId"),
            Reference::new(note.clone(), FieldName::fixed("id")),
        )
        .with(&FieldName::fixed("LinkedEntityId"), id(1));
    let moment = Utc
        .with_ymd_and_hms(2026, 3, 2, 8, 30, 0)
        .single()
        .expect("a moment");
    let request = Composite::new(true)
        .push(
            Subrequest::update(
                FieldName::fixed("opp"),
                &ObjectName::OPPORTUNITY,
                &id(1),
                next_step("Call"),
            )
            .if_unmodified_since(moment),
        )
        .push(Subrequest::create(
            note,
            &ObjectName::fixed("ContentNote"),
            Record::new(&ObjectName::fixed("ContentNote")),
        ))
        .push(Subrequest::create(
            FieldName::fixed("link"),
            &ObjectName::fixed("ContentDocumentLink"),
            link,
        ));
    let answers = org.composite(request).await.expect("the call succeeded");
    assert!(answers[0].is_success());
    assert_eq!(answers[1].created_id(), Some(id(2)));
    let errors = answers[2].errors();
    assert_eq!(
        (errors[0].code.clone(), errors[0].class()),
        (Code::ProcessingHalted, Class::Follow)
    );
    insta::assert_snapshot!(bodies(&server).await[0], @r#"{"allOrNone":true,"collateSubrequests":false,"compositeRequest":[{"method":"PATCH","url":"/services/data/v67.0/sobjects/Opportunity/006000000000001AAA","referenceId":"opp","httpHeaders":{"If-Unmodified-Since":"Mon, 02 Mar 2026 08:30:00 GMT"},"body":{"NextStep":"Call"}},{"method":"POST","url":"/services/data/v67.0/sobjects/ContentNote","referenceId":"note","body":{}},{"method":"POST","url":"/services/data/v67.0/sobjects/ContentDocumentLink","referenceId":"link","body":{"ContentDocumentId":"@{note.id}","LinkedEntityId":"006000000000001AAA"}}]}"#);
}

#[tokio::test]
async fn text_that_salesforce_would_replace_is_not_sent() {
    let (server, org, _tokens) = org().await;
    let request = Composite::new(true).push(Subrequest::update(
        FieldName::fixed("opp"),
        &ObjectName::OPPORTUNITY,
        &id(1),
        next_step("see @{secret.Email}"),
    ));
    let error = org.composite(request).await.expect_err("refused");
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    // Collections replace nothing: the same text may travel there.
    answer(
        &server,
        "PATCH",
        "/services/data/v67.0/composite/sobjects",
        200,
        r#"[{"id":"006000000000001AAA","success":true,"errors":[]}]"#,
    )
    .await;
    let row = next_step("see @{secret.Email}").with(&FieldName::fixed("Id"), id(1));
    org.update_many(&[row], false, WriteOptions::default())
        .await
        .expect("sent");
}

#[tokio::test]
async fn the_limits_of_a_composite_request_hold_before_sending() {
    let (server, org, _tokens) = org().await;
    let update = |n| {
        Subrequest::update(
            reference(n),
            &ObjectName::OPPORTUNITY,
            &id(1),
            next_step("x"),
        )
    };
    let query = |n| Subrequest::query(reference(n), &Query::from(ObjectName::ACCOUNT));
    let too_many = (0..26)
        .map(update)
        .fold(Composite::new(true), Composite::push);
    let too_heavy = (0..6)
        .map(query)
        .fold(Composite::new(true), Composite::push);
    let twice = [update(1), update(1)]
        .into_iter()
        .fold(Composite::new(true), Composite::push);
    for request in [too_many, too_heavy, twice] {
        let error = org.composite(request).await.expect_err("refused");
        assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    }
    assert!(
        org.composite(Composite::new(true))
            .await
            .expect("empty")
            .is_empty()
    );
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test]
async fn a_rehearsal_reads_every_verdict_of_a_rolled_back_request() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", COMPOSITE, 200, r#"{"compositeResponse":[
        {"body":[{"success":false,"errors":[{"statusCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"Too late","fields":[]}]}],"httpHeaders":{},"httpStatusCode":200,"referenceId":"rows"},
        {"body":[{"errorCode":"NOT_FOUND","message":"x"}],"httpHeaders":{},"httpStatusCode":404,"referenceId":"stop"}]}"#).await;
    let request = Composite::new(true)
        .push(Subrequest::update_many(
            FieldName::fixed("rows"),
            vec![next_step("Call").with(&FieldName::fixed("Id"), id(1))],
            false,
        ))
        .push(Subrequest::delete(
            FieldName::fixed("stop"),
            &ObjectName::OPPORTUNITY,
            &id(9),
        ));
    let answers = org.composite(request).await.expect("answered");
    let rows = answers[0].rows(1).expect("one row");
    assert!(
        matches!(&rows[0], salesforce::RowOutcome::Refused(errors) if errors[0].message == "Too late")
    );
    assert!(!answers[1].is_success());
}

#[tokio::test]
async fn a_batch_reads_independent_things() {
    let (server, org, _tokens) = org().await;
    answer(&server, "POST", "/services/data/v67.0/composite/batch", 200, r#"{"hasErrors":true,"results":[
        {"statusCode":200,"result":{"name":"Opportunity","fields":[{"name":"Name","type":"string","length":120}]}},
        {"statusCode":404,"result":[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]}]}"#).await;
    let objects = [ObjectName::OPPORTUNITY, ObjectName::fixed("Hidden__c")];
    let described = org.describe_many(&objects).await.expect("answered");
    let opportunity = described[0].as_ref().expect("visible");
    assert_eq!(
        opportunity.field("name").map(|field| field.length),
        Some(120)
    );
    assert!(
        described[1]
            .as_ref()
            .is_err_and(|error| error.has_code(&Code::NotFound))
    );
    insta::assert_snapshot!(bodies(&server).await[0], @r#"{"batchRequests":[{"method":"GET","url":"v67.0/sobjects/Opportunity/describe"},{"method":"GET","url":"v67.0/sobjects/Hidden__c/describe"}]}"#);
    let reads = vec![BatchGet::describe(&ObjectName::TASK); 26];
    assert!(matches!(org.batch(&reads).await, Err(Error::Invalid(_))));
    let _type_is_public: Option<ObjectDescribe> = None;
}
