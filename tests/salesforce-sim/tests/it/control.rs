use reqwest::Method;
use salesforce_sim::control::command::Command;
use salesforce_sim::{Operation, config::INTEGRATION_USERNAME};
use serde_json::json;

use crate::org::Org;

#[tokio::test]
async fn the_write_log_says_who_changed_what_from_what() {
    let org = Org::demo();
    let id = org
        .id_of("Opportunity", "Acme Robotics - Line Monitoring")
        .await;
    let request = org
        .request(Method::PATCH, &format!("/sobjects/Opportunity/{id}"))
        .header("Sforce-Call-Options", "client=ergo-writeback")
        .header("X-Request-Id", "request-7")
        .json(&json!({"StageName": "Value Proposition", "NextStep": "Send the deck"}));
    assert_eq!(org.send(request).await.0, 204);
    let log = org.control.write_log(0).await.expect("log");
    assert_eq!(log.len(), 1);
    let entry = &log[0];
    assert_eq!(
        (entry.object.as_str(), entry.id.as_str(), entry.operation),
        ("Opportunity", id.as_str(), Operation::Update)
    );
    assert_eq!(
        (
            entry.username.as_str(),
            entry.client.as_str(),
            entry.request_id.as_str()
        ),
        (INTEGRATION_USERNAME, "ergo-writeback", "request-7")
    );
    assert_eq!(
        (&entry.before["StageName"], &entry.after["StageName"]),
        (&json!("Needs Analysis"), &json!("Value Proposition"))
    );
    assert!(
        entry.side_effects.contains(&"Probability".to_owned())
            && !entry.side_effects.contains(&"NextStep".to_owned())
    );

    org.control
        .save_as(
            "dev.okafor@northwind.example",
            "Opportunity",
            Some(&id),
            json!({"NextStep": "mine"}),
        )
        .await
        .expect("saved");
    let log = org.control.write_log(entry.seq).await.expect("log");
    assert_eq!((log.len(), log[0].client.as_str()), (1, "human"));
}

#[tokio::test]
async fn the_schema_changes_under_its_clients() {
    let org = Org::demo();
    let (object, field) = ("Opportunity".to_owned(), "Competitor__c".to_owned());
    let tell = async |command: Command| org.control.send(&command).await.expect("accepted");
    let id = org
        .query("SELECT Id FROM Opportunity WHERE Competitor__c != null")
        .await[0]["Id"]
        .as_str()
        .expect("id")
        .to_owned();
    tell(Command::RenameField {
        object: object.clone(),
        field,
        to: "Rival__c".into(),
    })
    .await;
    assert_eq!(
        org.query(&format!(
            "SELECT Rival__c FROM Opportunity WHERE Id = '{id}'"
        ))
        .await[0]["Rival__c"],
        "Vantage Suite"
    );
    assert_eq!(
        org.try_query("SELECT Competitor__c FROM Opportunity")
            .await
            .0,
        400
    );
    tell(Command::AddField {
        object: object.clone(),
        definition: "Mood__c string(10) cunp \"Mood\"".into(),
    })
    .await;
    assert_eq!(
        org.patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"Mood__c": "12"})
        )
        .await
        .0,
        204
    );
    tell(Command::RetypeField {
        object: object.clone(),
        field: "Mood__c".into(),
        definition: "Mood__c double(4,1) cunp \"Mood\"".into(),
    })
    .await;
    assert_eq!(
        org.query(&format!(
            "SELECT Mood__c FROM Opportunity WHERE Id = '{id}'"
        ))
        .await[0]["Mood__c"],
        12.0
    );
    tell(Command::DeleteField {
        object: object.clone(),
        field: "Mood__c".into(),
    })
    .await;
    assert_eq!(
        org.patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"Mood__c": 1})
        )
        .await
        .0,
        400
    );
    tell(Command::SetPicklist {
        object,
        field: "Risk__c".into(),
        active: vec!["Tiny".into()],
        inactive: vec!["Low".into()],
    })
    .await;
    assert_eq!(
        org.patch(
            &format!("/sobjects/Opportunity/{id}"),
            json!({"Risk__c": "Low"})
        )
        .await
        .0,
        400
    );
    let mut limited = org
        .query(&format!(
            "SELECT RecordType.DeveloperName FROM Opportunity WHERE Id = '{id}'"
        ))
        .await;
    let name = limited.remove(0)["RecordType"]["DeveloperName"]
        .as_str()
        .expect("a record type")
        .to_owned();
    if name == "New_Business" {
        assert_eq!(
            org.patch(
                &format!("/sobjects/Opportunity/{id}"),
                json!({"Risk__c": "Tiny"})
            )
            .await
            .0,
            204
        );
    }
}

#[tokio::test]
async fn a_reset_brings_the_same_org_back() {
    let org = Org::demo();
    let before = org
        .control
        .query("SELECT Id, Name, StageName FROM Opportunity ORDER BY Id")
        .await
        .expect("rows");
    let (_, _) = org.post("/sobjects/Account", json!({"Name": "New"})).await;
    org.control
        .put_rule("Account", "Never", "true", "no", None)
        .await
        .expect("added");
    org.control.reset().await.expect("reset");
    assert_eq!(
        org.control
            .query("SELECT Id, Name, StageName FROM Opportunity ORDER BY Id")
            .await
            .expect("rows"),
        before
    );
    assert_eq!(org.get("/limits").await.0, 401, "old sessions are gone");
    let token = org
        .control
        .token_for(INTEGRATION_USERNAME)
        .await
        .expect("a token");
    let url = format!(
        "{}/services/data/v67.0/sobjects/Account",
        org.sim.base_url()
    );
    let (status, _) = org
        .send(
            org.http
                .post(url)
                .bearer_auth(token)
                .json(&json!({"Name": "New"})),
        )
        .await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn many_rows_are_loaded_and_found_by_index() {
    let org = Org::demo();
    org.control.generate(2_000, 5, 1).await.expect("generated");
    assert_eq!(
        org.query("SELECT Id FROM Contact WHERE Email = 'alex.abel0@company0.example'")
            .await
            .len(),
        1
    );
    let (_, count) = org.try_query("SELECT COUNT() FROM Contact").await;
    assert_eq!(count["totalSize"], 10_030);
    let ids = org
        .control
        .load(
            "Lead",
            vec![
                json!({"LastName": "Loaded", "Company": "x"})
                    .as_object()
                    .expect("object")
                    .clone(),
            ],
        )
        .await;
    assert_eq!(
        org.control
            .record(&ids.expect("loaded")[0])
            .await
            .expect("there")["Name"],
        "Loaded"
    );
    let stats = org.control.stats().await.expect("stats");
    assert_eq!((stats.writes, stats.api_calls), (0, 2));
}

#[tokio::test]
async fn merges_and_conversions_leave_their_traces() {
    let org = Org::demo();
    let (winner, loser) = (
        org.id_of("Account", "Granite Bank").await,
        org.id_of("Account", "Harbor Media").await,
    );
    let merge = Command::Merge {
        winner: winner.clone(),
        losers: vec![loser.clone()],
    };
    org.control.send(&merge).await.expect("merged");
    let soql = format!("SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'");
    let (_, all) = org
        .send(org.request(Method::GET, "/queryAll").query(&[("q", &soql)]))
        .await;
    assert_eq!(all["records"][0]["MasterRecordId"], winner);
    let moved = org
        .query(&format!(
            "SELECT Id FROM Contact WHERE AccountId = '{winner}'"
        ))
        .await;
    assert_eq!(moved.len(), 5);

    let lead = org.query("SELECT Id FROM Lead LIMIT 1").await[0]["Id"]
        .as_str()
        .expect("id")
        .to_owned();
    let contact = moved[0]["Id"].as_str().expect("id").to_owned();
    let convert = Command::ConvertLead {
        lead: lead.clone(),
        account: winner,
        contact,
        opportunity: None,
    };
    org.control.send(&convert).await.expect("converted");
    let (_, answer) = org
        .patch(&format!("/sobjects/Lead/{lead}"), json!({"Title": "x"}))
        .await;
    assert_eq!(answer[0]["errorCode"], "CANNOT_UPDATE_CONVERTED_LEAD");
}

#[tokio::test]
async fn a_permission_change_concerns_one_user_only() {
    let org = Org::demo();
    let (rosa, dev) = (
        "rosa.marchetti@northwind.example",
        "dev.okafor@northwind.example",
    );
    org.control
        .set_field_permission(rosa, "Opportunity", "NextStep", true, false)
        .await
        .expect("set");
    let id = org.id_of("Opportunity", "Harbor Media - Newsroom").await;
    let save = async |user: &str| {
        org.control
            .save_as(user, "Opportunity", Some(&id), json!({"NextStep": "x"}))
            .await
    };
    assert!(save(rosa).await.is_err());
    save(dev).await.expect("dev still may");
    let own = org
        .query(&format!(
            "SELECT Profile.Name FROM User WHERE Username = '{rosa}'"
        ))
        .await;
    assert_eq!(own[0]["Profile"]["Name"], format!("Custom: {rosa}"));
}

#[tokio::test]
async fn a_lead_may_belong_to_a_queue_and_a_deal_may_not() {
    let org = Org::demo();
    let queue = org.query("SELECT Id FROM Group WHERE Type = 'Queue'").await[0]["Id"].clone();
    let (status, _) = org
        .post(
            "/sobjects/Lead",
            json!({"LastName": "x", "Company": "y", "OwnerId": queue}),
        )
        .await;
    assert_eq!(status, 201);
    let deal = json!({"Name": "x", "StageName": "Prospecting", "CloseDate": "2027-01-01", "OwnerId": queue});
    assert_eq!(org.post("/sobjects/Opportunity", deal).await.0, 400);
}
