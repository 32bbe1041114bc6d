use reqwest::Method;
use salesforce_sim::config::INTEGRATION_USERNAME;
use serde_json::json;

use crate::org::Org;

#[tokio::test]
async fn validation_rules_are_listed_and_read_one_by_one() {
    let org = Org::demo();
    let tooling = async |soql: &str| {
        org.send(
            org.request(Method::GET, "/tooling/query")
                .query(&[("q", soql)]),
        )
        .await
    };
    let (_, list) = tooling(
        "SELECT Id, ValidationName, Active, ErrorMessage, EntityDefinition.QualifiedApiName FROM ValidationRule \
         WHERE EntityDefinition.QualifiedApiName IN ('Opportunity','Contact')",
    )
    .await;
    assert_eq!(list["totalSize"], 2);
    assert_eq!(
        list["records"][0]["EntityDefinition"]["QualifiedApiName"],
        "Opportunity"
    );
    let (status, body) = tooling("SELECT Metadata FROM ValidationRule").await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &json!("MALFORMED_QUERY"))
    );
    let id = list["records"][1]["Id"].as_str().expect("an id");
    let (_, rule) = org
        .get(&format!("/tooling/sobjects/ValidationRule/{id}"))
        .await;
    assert_eq!(
        rule["FullName"],
        "Opportunity.Competitor_Required_In_Negotiation"
    );
    assert!(
        rule["Metadata"]["errorConditionFormula"]
            .as_str()
            .is_some_and(|formula| formula.contains("Competitor__c"))
    );
    let (_, one) = tooling(
        "SELECT Id, Metadata FROM ValidationRule WHERE ValidationName = 'Closed_Won_Needs_Amount'",
    )
    .await;
    assert_eq!(one["records"][0]["Metadata"]["errorDisplayField"], "Amount");
}

#[tokio::test]
async fn without_view_setup_nothing_is_listed() {
    let org = Org::demo();
    org.control
        .send(
            &salesforce_sim::control::command::Command::SetUserPermissions {
                username: INTEGRATION_USERNAME.into(),
                api_enabled: None,
                view_setup: Some(false),
                update_inactive_owners: None,
            },
        )
        .await
        .expect("set");
    let (_, list) = org
        .send(
            org.request(Method::GET, "/tooling/query")
                .query(&[("q", "SELECT Id FROM ValidationRule")]),
        )
        .await;
    assert_eq!(list["totalSize"], 0);
}

#[tokio::test]
async fn stages_statuses_record_types_and_processes_are_rows() {
    let org = Org::demo();
    let stages = org
        .query(
            "SELECT ApiName, IsClosed, DefaultProbability FROM OpportunityStage ORDER BY SortOrder",
        )
        .await;
    assert_eq!(
        (stages.len(), &stages[8]["ApiName"]),
        (10, &json!("Closed Won"))
    );
    let status = org
        .query("SELECT ApiName FROM TaskStatus WHERE IsClosed = true")
        .await;
    assert_eq!(status[0]["ApiName"], "Completed");
    let kinds = org.query("SELECT Id, DeveloperName, BusinessProcessId FROM RecordType WHERE SobjectType = 'Opportunity' ORDER BY DeveloperName").await;
    assert_eq!(kinds[1]["DeveloperName"], "Renewal");
    let (_, processes) = org
        .send(
            org.request(Method::GET, "/tooling/query")
                .query(&[("q", "SELECT Id, Name, TableEnumOrId FROM BusinessProcess")]),
        )
        .await;
    assert_eq!(processes["totalSize"], 2);
}
