use reqwest::Method;
use salesforce_sim::config::INTEGRATION_USERNAME;
use serde_json::{Value as Json, json};

use crate::org::Org;

fn codes(body: &Json) -> Vec<&str> {
    body.as_array()
        .map(|errors| {
            errors
                .iter()
                .filter_map(|error| error["errorCode"].as_str())
                .collect()
        })
        .unwrap_or_default()
}

#[tokio::test]
async fn bad_values_are_refused_with_the_field_and_the_reason() {
    let org = Org::demo();
    let good = json!({"Name": "deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"});
    for (field, value, code, named) in [
        (
            "Name",
            json!("x".repeat(121)),
            "STRING_TOO_LONG",
            Some("Name"),
        ),
        (
            "NextStep",
            json!("😀".repeat(128)),
            "STRING_TOO_LONG",
            Some("NextStep"),
        ),
        ("Name", json!(null), "REQUIRED_FIELD_MISSING", Some("Name")),
        ("Name", json!("   "), "REQUIRED_FIELD_MISSING", Some("Name")),
        ("Amount", json!("lots"), "JSON_PARSER_ERROR", None),
        (
            "Amount",
            json!(1e17),
            "NUMBER_OUTSIDE_VALID_RANGE",
            Some("Amount"),
        ),
        (
            "Seats__c",
            json!(123_456_789),
            "NUMBER_OUTSIDE_VALID_RANGE",
            Some("Seats__c"),
        ),
        ("CloseDate", json!("31/12/2026"), "JSON_PARSER_ERROR", None),
        (
            "Budget_Confirmed__c",
            json!("maybe"),
            "JSON_PARSER_ERROR",
            None,
        ),
        (
            "StageName",
            json!("Dreaming"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            Some("StageName"),
        ),
        (
            "Risk__c",
            json!("Extreme"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            Some("Risk__c"),
        ),
        (
            "Pain_Points__c",
            json!("Cost;Boredom"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            Some("Pain_Points__c"),
        ),
        (
            "Territory__c",
            json!("DACH"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            Some("Territory__c"),
        ),
        (
            "AccountId",
            json!("001000000000001"),
            "INVALID_CROSS_REFERENCE_KEY",
            None,
        ),
        (
            "AccountId",
            json!("nonsense"),
            "MALFORMED_ID",
            Some("AccountId"),
        ),
        (
            "AccountId",
            json!("005Hs0000000001"),
            "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD",
            Some("AccountId"),
        ),
        (
            "OwnerId",
            json!("005Hs0000000006"),
            "INACTIVE_OWNER_OR_USER",
            Some("OwnerId"),
        ),
        (
            "IsClosed",
            json!(true),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            Some("IsClosed"),
        ),
        ("Nope__c", json!(1), "INVALID_FIELD", None),
        (
            "Id",
            json!("006Hs0000000001"),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            Some("Id"),
        ),
        (
            "Description",
            json!("bell \u{7}"),
            "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET",
            Some("Description"),
        ),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let (status, answer) = org.post("/sobjects/Opportunity", body).await;
        assert_eq!(status, 400, "{field} = {value}: {answer}");
        assert_eq!(codes(&answer), [code], "{field} = {value}: {answer}");
        if let Some(named) = named {
            assert_eq!(answer[0]["fields"], json!([named]), "{answer}");
        }
    }
    let (_, answer) = org
        .post(
            "/sobjects/Contact",
            json!({"LastName": "x", "Email": "not an address"}),
        )
        .await;
    assert_eq!(codes(&answer), ["INVALID_EMAIL_ADDRESS"]);
    assert_eq!(
        org.control.write_log(0).await.expect("log").len(),
        0,
        "nothing was written"
    );
    assert_eq!(org.control.attempts(0).await.expect("log").len(), 22);
}

#[tokio::test]
async fn several_reasons_are_told_at_once() {
    let org = Org::demo();
    let body = json!({"Name": "x".repeat(121), "Risk__c": "Extreme", "StageName": "Prospecting"});
    let (_, answer) = org.post("/sobjects/Opportunity", body).await;
    assert_eq!(
        codes(&answer),
        [
            "REQUIRED_FIELD_MISSING",
            "STRING_TOO_LONG",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        ]
    );
}

#[tokio::test]
async fn a_stage_sets_probability_forecast_and_closed_unless_both_are_sent() {
    let org = Org::demo();
    let id = org
        .id_of("Opportunity", "Acme Robotics - Line Monitoring")
        .await;
    let read = async || {
        org.get(&format!("/sobjects/Opportunity/{id}?fields=Probability,ForecastCategoryName,IsClosed,IsWon,ExpectedRevenue")).await.1
    };
    org.patch(
        &format!("/sobjects/Opportunity/{id}"),
        json!({"StageName": "Proposal/Price Quote"}),
    )
    .await;
    let row = read().await;
    assert_eq!(
        (
            &row["Probability"],
            &row["ForecastCategoryName"],
            &row["ExpectedRevenue"]
        ),
        (&json!(75.0), &json!("Best Case"), &json!(63_000.0))
    );
    org.patch(&format!("/sobjects/Opportunity/{id}"), json!({"StageName": "Value Proposition", "Probability": 42, "ForecastCategoryName": "Commit"})).await;
    let row = read().await;
    assert_eq!(
        (&row["Probability"], &row["ForecastCategoryName"]),
        (&json!(42.0), &json!("Commit"))
    );
    org.patch(
        &format!("/sobjects/Opportunity/{id}"),
        json!({"StageName": "Closed Won"}),
    )
    .await;
    let row = read().await;
    assert_eq!(
        (&row["IsClosed"], &row["IsWon"], &row["Probability"]),
        (&json!(true), &json!(true), &json!(100.0))
    );
}

#[tokio::test]
async fn record_types_limit_stages_and_values() {
    let org = Org::demo();
    let id = org.id_of("Opportunity", "Bluebird Health - Renewal").await;
    for body in [
        json!({"StageName": "Prospecting"}),
        json!({"Risk__c": "Critical"}),
    ] {
        let (_, answer) = org
            .patch(&format!("/sobjects/Opportunity/{id}"), body)
            .await;
        assert_eq!(codes(&answer), ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"]);
    }
    let (status, _) = org
        .patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"Risk__c": "High", "Region__c": "EMEA", "Territory__c": "DACH"}),
        )
        .await;
    assert_eq!(status, 204);
    let (_, answer) = org
        .patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"Region__c": "APAC"}),
        )
        .await;
    assert_eq!(
        answer[0]["fields"],
        json!(["Territory__c"]),
        "a new region makes the old territory invalid"
    );
}

#[tokio::test]
async fn validation_rules_block_with_their_own_message() {
    let org = Org::demo();
    let id = org
        .id_of("Opportunity", "Dunmore & Tate - Knowledge Base")
        .await;
    let path = format!("/sobjects/Opportunity/{id}");
    let (status, answer) = org.patch(&path, json!({"StageName": "Closed Won"})).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!([{"message": "Enter an amount before closing the deal as won.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Amount"]}])
    );
    assert_eq!(
        org.patch(&path, json!({"StageName": "Closed Won", "Amount": 5}))
            .await
            .0,
        204
    );
    org.control
        .put_rule("Opportunity", "No_Backdating", "AND(ISCHANGED(CloseDate), CloseDate < PRIORVALUE(CloseDate), ISPICKVAL(Account.Industry, \"Consulting\"))", "Only forward.", None)
        .await
        .expect("compiles");
    let (_, answer) = org.patch(&path, json!({"CloseDate": "2020-01-01"})).await;
    assert_eq!(
        (codes(&answer), &answer[0]["fields"]),
        (vec!["FIELD_CUSTOM_VALIDATION_EXCEPTION"], &json!([]))
    );
    assert!(
        org.control
            .put_rule("Opportunity", "Broken", "Nope__c = 1", "x", None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn conditional_updates_fail_when_the_record_moved() {
    let org = Org::demo();
    let id = org.id_of("Opportunity", "Harbor Media - Newsroom").await;
    let path = format!("/sobjects/Opportunity/{id}");
    let before = httpdate::fmt_http_date(std::time::SystemTime::now());
    let conditional = |body: Json| {
        org.send(
            org.request(Method::PATCH, &path)
                .header("If-Unmodified-Since", &before)
                .json(&body),
        )
    };
    assert_eq!(conditional(json!({"NextStep": "one"})).await.0, 204);
    org.control.advance_clock(5_000).await.expect("moved");
    org.control
        .save_as(
            "dev.okafor@northwind.example",
            "Opportunity",
            Some(&id),
            json!({"NextStep": "a person's"}),
        )
        .await
        .expect("saved");
    assert_eq!(conditional(json!({"NextStep": "two"})).await.0, 412);
    assert_eq!(
        org.control.record(&id).await.expect("there")["NextStep"],
        "a person's"
    );
}

#[tokio::test]
async fn upserts_create_update_or_name_the_several() {
    let org = Org::demo();
    let path = "/sobjects/Task/Ergo_Key__c/a%2Fb";
    let (status, body) = org.patch(path, json!({"Subject": "one"})).await;
    assert_eq!((status.as_u16(), &body["created"]), (201, &json!(true)));
    let (status, body) = org.patch(path, json!({"Subject": "two"})).await;
    assert_eq!((status.as_u16(), &body["created"]), (200, &json!(false)));
    assert_eq!(org.get(path).await.1["Subject"], "two");
    assert_eq!(
        org.patch(
            "/sobjects/Task/Ergo_Key__c/none?updateOnly=true",
            json!({"Subject": "x"})
        )
        .await
        .0,
        404
    );
    let (status, body) = org
        .patch("/sobjects/Task/Nope__c/1", json!({"Subject": "x"}))
        .await;
    assert_eq!(status, 404);
    assert_eq!(
        body[0]["message"],
        "Provided external ID field does not exist or is not accessible: Nope__c"
    );
    let (_, body) = org
        .post(
            "/sobjects/Task",
            json!({"Subject": "clash", "Ergo_Key__c": "A/B"}),
        )
        .await;
    assert_eq!(
        codes(&body),
        ["DUPLICATE_VALUE"],
        "keys are unique without regard to case"
    );

    for _ in 0..2 {
        org.post(
            "/sobjects/Contact",
            json!({"LastName": "Twin", "Email": "twin@example.com"}),
        )
        .await;
    }
    let (status, body) = org
        .patch(
            "/sobjects/Contact/Email/twin@example.com",
            json!({"Title": "x"}),
        )
        .await;
    assert_eq!(
        (status.as_u16(), body.as_array().map(Vec::len)),
        (300, Some(2))
    );
}

#[tokio::test]
async fn duplicate_rules_alert_or_block() {
    let org = Org::demo();
    let rule = |allow_save: bool| salesforce_sim::control::command::Command::PutDuplicateRule {
        object: "Contact".into(),
        name: "Same_Email".into(),
        fields: vec!["Email".into()],
        allow_save,
        message: "Looks like a duplicate.".into(),
    };
    org.control.send(&rule(true)).await.expect("added");
    let body = json!({"LastName": "Raman", "Email": "PRIYA.RAMAN@acme-robotics.example"});
    let (status, answer) = org.post("/sobjects/Contact", body.clone()).await;
    assert_eq!(
        (status.as_u16(), codes(&answer)),
        (400, vec!["DUPLICATES_DETECTED"])
    );
    assert_eq!(answer[0]["duplicateResut"]["allowSave"], true);
    assert_eq!(answer[0]["duplicateResut"]["matchResults"][0]["size"], 1);
    assert!(answer[0].get("fields").is_none());
    let forced = || {
        org.request(Method::POST, "/sobjects/Contact")
            .header("Sforce-Duplicate-Rule-Header", "allowSave=true")
            .json(&body)
    };
    assert_eq!(org.send(forced()).await.0, 201);
    org.control.send(&rule(false)).await.expect("replaced");
    assert_eq!(org.send(forced()).await.0, 400);
}

#[tokio::test]
async fn activities_follow_their_own_rules() {
    let org = Org::demo();
    let contact = org
        .query("SELECT Id, AccountId FROM Contact WHERE Email = 'fiona.grant@granitebank.example'")
        .await
        .remove(0);
    let opportunity = org.id_of("Opportunity", "Granite Bank - Risk Desk").await;
    let body = json!({"Subject": "Call", "Status": "Completed", "ActivityDate": "2026-03-02", "TaskSubtype": "Call",
        "WhoId": contact["Id"], "WhatId": opportunity, "Description": "line\nline"});
    let (_, created) = org.post("/sobjects/Task", body).await;
    let (_, task) = org
        .get(&format!(
            "/sobjects/Task/{}",
            created["id"].as_str().expect("an id")
        ))
        .await;
    assert_eq!(
        (&task["AccountId"], &task["IsClosed"], &task["Description"]),
        (&contact["AccountId"], &json!(true), &json!("line\r\nline"))
    );
    assert_eq!(
        org.query(&format!(
            "SELECT LastActivityDate FROM Opportunity WHERE Id = '{opportunity}'"
        ))
        .await[0]["LastActivityDate"],
        "2026-03-02"
    );

    let lead = org.query("SELECT Id FROM Lead LIMIT 1").await[0]["Id"].clone();
    let (_, answer) = org
        .post(
            "/sobjects/Task",
            json!({"Subject": "x", "WhoId": lead, "WhatId": opportunity}),
        )
        .await;
    assert_eq!(codes(&answer), ["FIELD_INTEGRITY_EXCEPTION"]);
    let (_, answer) = org
        .post("/sobjects/Event", json!({"Subject": "no time"}))
        .await;
    assert_eq!(codes(&answer), ["REQUIRED_FIELD_MISSING"]);
    let body = json!({"Subject": "long", "StartDateTime": "2026-03-01T10:00:00Z", "EndDateTime": "2026-03-20T10:00:00Z"});
    assert_eq!(
        codes(&org.post("/sobjects/Event", body).await.1),
        ["FIELD_INTEGRITY_EXCEPTION"]
    );
    let body = json!({"Subject": "ok", "StartDateTime": "2026-03-01T10:00:00+0100", "DurationInMinutes": 30});
    let (_, created) = org.post("/sobjects/Event", body).await;
    let (_, event) = org
        .get(&format!(
            "/sobjects/Event/{}",
            created["id"].as_str().expect("an id")
        ))
        .await;
    assert_eq!(
        (&event["EndDateTime"], &event["ActivityDate"]),
        (&json!("2026-03-01T09:30:00.000+0000"), &json!("2026-03-01"))
    );
}

#[tokio::test]
async fn object_permissions_hide_or_refuse() {
    let org = Org::demo();
    let id = org.id_of("Account", "Granite Bank").await;
    let read_only = salesforce_sim::access::ObjectAccess {
        read: true,
        ..Default::default()
    };
    org.control
        .set_object_permission(INTEGRATION_USERNAME, "Account", read_only)
        .await
        .expect("set");
    let (_, answer) = org.post("/sobjects/Account", json!({"Name": "x"})).await;
    assert_eq!(codes(&answer), ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"]);
    let (status, answer) = org
        .patch(&format!("/sobjects/Account/{id}"), json!({"Site": "x"}))
        .await;
    assert_eq!(
        (status.as_u16(), codes(&answer)),
        (403, vec!["INSUFFICIENT_ACCESS_OR_READONLY"])
    );
    org.control
        .set_object_permission(INTEGRATION_USERNAME, "Account", Default::default())
        .await
        .expect("set");
    assert_eq!(org.get("/sobjects/Account/describe").await.0, 404);
    assert_eq!(
        codes(&org.try_query("SELECT Id FROM Account").await.1),
        ["INVALID_TYPE"]
    );
    assert_eq!(
        codes(&org.try_query("SELECT Account.Name FROM Contact").await.1),
        ["INVALID_FIELD"]
    );
}

#[tokio::test]
async fn a_note_is_linked_once_and_one_role_is_primary() {
    let org = Org::demo();
    let deal = org.id_of("Opportunity", "Granite Bank - Risk Desk").await;
    let (_, note) = org
        .post(
            "/sobjects/ContentNote",
            json!({"Title": "t", "Content": "aGk="}),
        )
        .await;
    let link = json!({"ContentDocumentId": note["id"], "LinkedEntityId": deal});
    assert_eq!(
        org.post("/sobjects/ContentDocumentLink", link.clone())
            .await
            .0,
        201
    );
    assert_eq!(
        codes(&org.post("/sobjects/ContentDocumentLink", link).await.1),
        ["DUPLICATE_VALUE"]
    );

    let contact = org
        .query("SELECT Id FROM Contact WHERE Email = 'raj.malhotra@granitebank.example'")
        .await[0]["Id"]
        .clone();
    let role = json!({"OpportunityId": deal, "ContactId": contact, "Role": "Evaluator", "IsPrimary": true});
    assert_eq!(
        org.post("/sobjects/OpportunityContactRole", role).await.0,
        201
    );
    let primary = org.query(&format!("SELECT ContactId FROM OpportunityContactRole WHERE OpportunityId = '{deal}' AND IsPrimary = true")).await;
    assert_eq!((primary.len(), &primary[0]["ContactId"]), (1, &contact));
}

#[tokio::test]
async fn addresses_that_lead_nowhere_say_so() {
    let org = Org::demo();
    for (path, message) in [
        (
            "/sobjects/Account/001Hs00000zzzzz",
            "The requested resource does not exist",
        ),
        (
            "/sobjects/Nope/001Hs00000zzzzz",
            "The requested resource does not exist",
        ),
        (
            "/sobjects/Account/23foo",
            "Provided external ID field does not exist or is not accessible: 23foo",
        ),
    ] {
        for (status, body) in [
            org.get(path).await,
            org.patch(path, json!({"Site": "x"})).await,
            org.delete(path).await,
        ] {
            assert_eq!(
                (status.as_u16(), &body[0]["message"]),
                (404, &json!(message)),
                "{path}"
            );
        }
    }
    let contact = org.query("SELECT Id FROM Contact LIMIT 1").await[0]["Id"]
        .as_str()
        .expect("id")
        .to_owned();
    let (_, body) = org
        .patch(
            &format!("/sobjects/Account/{contact}"),
            json!({"Site": "x"}),
        )
        .await;
    assert_eq!(codes(&body), ["MALFORMED_ID"]);
}
