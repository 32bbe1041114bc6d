use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::org::Org;

fn names(records: &[Json]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["Name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn parents_children_and_order_are_answered_in_the_real_shape() {
    let org = Org::demo();
    let records = org
        .query(
            "SELECT Id, Name, Account.Name, Account.Owner.Email, Champion__r.Name, \
             (SELECT Contact.Email, Role FROM OpportunityContactRoles), (SELECT Id FROM Tasks) \
             FROM Opportunity WHERE Amount > 150000 ORDER BY Amount DESC NULLS LAST LIMIT 2",
        )
        .await;
    assert_eq!(
        names(&records),
        ["Granite Bank - Risk Desk", "Everline Energy - Expansion"]
    );
    let first = &records[0];
    assert_eq!(first["attributes"]["type"], "Opportunity");
    assert_eq!(first["Account"]["Name"], "Granite Bank");
    assert_eq!(
        first["Account"]["Owner"]["Email"],
        "rosa.marchetti@northwind.example"
    );
    assert_eq!(first["Champion__r"], Json::Null);
    assert_eq!(first["Tasks"], Json::Null);
    assert_eq!(first["OpportunityContactRoles"]["totalSize"], 1);
    assert_eq!(
        first["OpportunityContactRoles"]["records"][0]["Contact"]["Email"],
        "fiona.grant@granitebank.example"
    );
}

#[tokio::test]
async fn filters_select_what_they_say() {
    let org = Org::demo();
    let count = async |filter: &str| {
        let (status, answer) = org
            .try_query(&format!("SELECT COUNT() FROM Opportunity WHERE {filter}"))
            .await;
        assert_eq!(status, 200, "{filter}: {answer}");
        answer["totalSize"].as_u64().expect("a count")
    };
    for (filter, expected) in [
        ("Amount = NULL", 2),
        ("Amount != NULL", 16),
        ("IsClosed = true", 3),
        ("StageName IN ('Prospecting', 'qualification')", 5),
        ("StageName NOT IN ('Prospecting', 'Qualification')", 13),
        ("Name LIKE 'granite%'", 2),
        ("Name LIKE '%- Renewal' OR Name LIKE '%Renewal ____'", 3),
        ("NOT (Name LIKE '%Renewal%')", 15),
        ("Amount >= 150000 AND (Amount < 200000 OR Amount > 3e5)", 3),
        ("CloseDate < TODAY", 3),
        ("CloseDate = NEXT_N_DAYS:30", 4),
        ("CreatedDate = TODAY", 18),
        ("CreatedDate >= 2020-01-01T00:00:00Z", 18),
        ("Account.Name = 'Acme Robotics'", 2),
        ("Account.Industry IN ('Banking')", 2),
        (
            "AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy')",
            2,
        ),
        (
            "Id NOT IN (SELECT OpportunityId FROM OpportunityContactRole)",
            0,
        ),
        ("RecordType.DeveloperName = 'Renewal'", 3),
        ("Owner.IsActive = false", 1),
        ("Pain_Points__c INCLUDES ('Cost;Speed', 'Security')", 0),
        ("Pain_Points__c EXCLUDES ('Cost')", 18),
        ("Competitor__c = ''", 16),
    ] {
        assert_eq!(count(filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn groups_are_counted_summed_and_ordered() {
    let org = Org::demo();
    let records = org
        .query("SELECT StageName, COUNT(Id) deals, SUM(Amount) FROM Opportunity GROUP BY StageName HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC, StageName")
        .await;
    assert_eq!(records[0]["attributes"], json!({"type": "AggregateResult"}));
    assert_eq!(
        (
            &records[0]["StageName"],
            &records[0]["deals"],
            &records[0]["expr0"]
        ),
        (&json!("Qualification"), &json!(3), &json!(182_000.0))
    );
    let records = org
        .query("SELECT COUNT(Id), MIN(CloseDate), MAX(Amount) FROM Opportunity")
        .await;
    assert_eq!(
        (&records[0]["expr0"], &records[0]["expr2"]),
        (&json!(18), &json!(310_000.0))
    );
}

#[tokio::test]
async fn long_results_come_in_pages_until_the_cursor_is_lost() {
    let org = Org::demo();
    org.control.generate(500, 1, 0).await.expect("generated");
    let request = org
        .request(Method::GET, "/query")
        .query(&[("q", "SELECT Id FROM Contact ORDER BY Id")]);
    let (_, mut page) = org
        .send(request.header("Sforce-Query-Options", "batchSize=200"))
        .await;
    assert_eq!(
        (&page["totalSize"], &page["done"]),
        (&json!(530), &json!(false))
    );
    let mut seen: Vec<String> = Vec::new();
    loop {
        let records = page["records"].as_array().expect("records");
        seen.extend(
            records
                .iter()
                .map(|record| record["Id"].as_str().expect("an id").to_owned()),
        );
        let Some(next) = page["nextRecordsUrl"].as_str().map(str::to_owned) else {
            break;
        };
        let path = next
            .strip_prefix("/services/data/v67.0")
            .expect("a relative data path")
            .to_owned();
        page = org.get(&path).await.1;
    }
    assert_eq!(seen.len(), 530);
    assert!(seen.is_sorted());

    let request = org
        .request(Method::GET, "/query")
        .query(&[("q", "SELECT Id FROM Contact")]);
    let (_, page) = org
        .send(request.header("Sforce-Query-Options", "batchSize=200"))
        .await;
    let next = page["nextRecordsUrl"]
        .as_str()
        .expect("more")
        .strip_prefix("/services/data/v67.0")
        .expect("relative")
        .to_owned();
    org.control
        .send(&salesforce_sim::control::command::Command::LoseCursors)
        .await
        .expect("lost");
    let (status, body) = org.get(&next).await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &json!("INVALID_QUERY_LOCATOR"))
    );
}

#[tokio::test]
async fn queries_are_refused_with_the_right_code() {
    let org = Org::demo();
    for (soql, code) in [
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Owner.Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM TaskRelation", "INVALID_TYPE"),
        (
            "SELECT Id, (SELECT Id FROM Nopes) FROM Account",
            "INVALID_TYPE",
        ),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
        ),
        (
            "SELECT Id FROM Account ORDER BY Description",
            "INVALID_FIELD",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Amount = '5'",
            "INVALID_FIELD",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'",
            "INVALID_FIELD",
        ),
        (
            "SELECT Id FROM Account WHERE Id = 'nonsense'",
            "INVALID_QUERY_FILTER_OPERATOR",
        ),
        (
            "SELECT Id FROM Account OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
            "MALFORMED_QUERY",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'it's'",
            "MALFORMED_QUERY",
        ),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ] {
        let (status, body) = org.try_query(soql).await;
        assert_eq!(
            (status.as_u16(), &body[0]["errorCode"]),
            (400, &json!(code)),
            "{soql}"
        );
    }
}

#[tokio::test]
async fn deleted_rows_are_seen_only_by_query_all_and_by_deleted() {
    let org = Org::demo();
    let account = org.id_of("Account", "Fennel Foods").await;
    let (status, _) = org.delete(&format!("/sobjects/Account/{account}")).await;
    assert_eq!(status, 204);
    assert!(
        org.query("SELECT Id FROM Contact WHERE Account.Name = 'Fennel Foods'")
            .await
            .is_empty()
    );
    assert!(
        org.query(&format!(
            "SELECT Id FROM Contact WHERE AccountId = '{account}'"
        ))
        .await
        .is_empty()
    );
    let soql = format!(
        "SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true AND AccountId = '{account}'"
    );
    let (_, all) = org
        .send(org.request(Method::GET, "/queryAll").query(&[("q", &soql)]))
        .await;
    assert_eq!(all["totalSize"], 2);
    let (status, body) = org.get(&format!("/sobjects/Account/{account}")).await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (404, &json!("NOT_FOUND"))
    );

    let now = chrono::Utc::now();
    let stamp = |hours: i64| {
        (now + chrono::Duration::hours(hours))
            .format("%Y-%m-%dT%H:%M:%S+00:00")
            .to_string()
    };
    let span = [("start", stamp(-1)), ("end", stamp(1))];
    let (_, deleted) = org
        .send(
            org.request(Method::GET, "/sobjects/Account/deleted")
                .query(&span),
        )
        .await;
    assert_eq!(deleted["deletedRecords"][0]["id"], account);
    let (_, updated) = org
        .send(
            org.request(Method::GET, "/sobjects/Account/updated")
                .query(&span),
        )
        .await;
    assert_eq!(updated["ids"].as_array().map(Vec::len), Some(11));
}

#[tokio::test]
async fn permissions_explain_why_and_record_access_says_what() {
    let org = Org::demo();
    let user = &org
        .query("SELECT Id, ProfileId FROM User WHERE Username = 'integration@northwind.example'")
        .await[0];
    let profile = user["ProfileId"].as_str().expect("a profile");
    let rows = org
        .query(&format!(
            "SELECT Field, PermissionsEdit FROM FieldPermissions WHERE SobjectType = 'Opportunity' AND Parent.ProfileId = '{profile}'"
        ))
        .await;
    assert!(
        rows.iter()
            .any(|row| row["Field"] == "Opportunity.Amount" && row["PermissionsEdit"] == true)
    );
    assert!(
        !rows
            .iter()
            .any(|row| row["Field"] == "Opportunity.StageName"),
        "not permissionable"
    );
    let id = user["Id"].as_str().expect("an id");
    let assigned = format!(
        "SELECT Field FROM FieldPermissions WHERE SobjectType = 'Opportunity' AND PermissionsEdit = true AND ParentId IN \
         (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{id}')"
    );
    let before = org.query(&assigned).await.len();
    assert_eq!(before, rows.len());
    org.control
        .set_field_permission(
            "integration@northwind.example",
            "Opportunity",
            "Amount",
            true,
            false,
        )
        .await
        .expect("set");
    assert_eq!(org.query(&assigned).await.len(), before - 1);
    let account = org.id_of("Account", "Granite Bank").await;
    let soql = format!(
        "SELECT RecordId, HasEditAccess, MaxAccessLevel FROM UserRecordAccess WHERE UserId = '{id}' AND RecordId IN ('{account}')"
    );
    assert_eq!(org.query(&soql).await[0]["MaxAccessLevel"], "All");
    org.control
        .share_record(
            "integration@northwind.example",
            &account,
            Some(salesforce_sim::access::RecordAccess::Read),
        )
        .await
        .expect("shared");
    assert_eq!(org.query(&soql).await[0]["HasEditAccess"], false);
    let (status, body) = org
        .patch(
            &format!("/sobjects/Account/{account}"),
            json!({"Site": "x"}),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (403, &json!("INSUFFICIENT_ACCESS_OR_READONLY"))
    );
}

#[tokio::test]
async fn a_search_finds_people_by_address() {
    let org = Org::demo();
    let body = json!({"q": "priya.raman@acme-robotics.example", "in": "EMAIL", "fields": ["Id", "Email"],
        "sobjects": [{"name": "Contact"}, {"name": "Lead"}]});
    let (_, found) = org.post("/parameterizedSearch", body).await;
    assert_eq!(found["searchRecords"].as_array().map(Vec::len), Some(1));
    let sosl = "FIND {Granite} IN NAME FIELDS RETURNING Account(Id, Name)";
    let (_, found) = org
        .send(org.request(Method::GET, "/search").query(&[("q", sosl)]))
        .await;
    assert_eq!(found["searchRecords"][0]["Name"], "Granite Bank");
    let (status, body) = org
        .send(
            org.request(Method::GET, "/search")
                .query(&[("q", "FIND nothing")]),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &body[0]["errorCode"]),
        (400, &json!("MALFORMED_SEARCH"))
    );
}

#[tokio::test]
async fn a_bulk_query_is_created_looked_at_and_read_in_pages() {
    let org = Org::demo();
    let post = async |body: Json| {
        org.send(org.request(Method::POST, "/jobs/query").json(&body))
            .await
    };
    for (body, code) in [
        (
            json!({"operation": "insert", "query": "SELECT Id FROM Account"}),
            "INVALIDJOB",
        ),
        (
            json!({"operation": "query", "query": "SELECT Nope FROM Account"}),
            "INVALID_FIELD",
        ),
        (
            json!({"operation": "query", "query": "SELECT COUNT() FROM Account"}),
            "API_ERROR",
        ),
        (
            json!({"operation": "query", "query": "SELECT BillingAddress FROM Account"}),
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        (
            json!({"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}),
            "FUNCTIONALITY_NOT_ENABLED",
        ),
        (
            json!({"operation": "query", "query": "SELECT Id FROM Account", "surprise": 1}),
            "JSON_PARSER_ERROR",
        ),
    ] {
        let (status, answer) = post(body.clone()).await;
        assert_eq!(
            (status.as_u16(), answer[0]["errorCode"].as_str()),
            (400, Some(code)),
            "{body}"
        );
    }
    let (_, job) = post(json!({
        "operation": "query",
        "query": "SELECT Id, Name, Owner.Email, IsClosed, Amount, CreatedDate FROM Opportunity ORDER BY Name"
    }))
    .await;
    let id = job["id"].as_str().expect("a job").to_owned();
    assert!(id.starts_with("750"), "{job}");
    assert_eq!(job["state"], "UploadComplete");
    let page = async |query: &str| {
        let path = format!("/jobs/query/{id}/results{query}");
        let answer = org
            .request(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map(|value| value.to_str().expect("text").to_owned())
        };
        let (locator, rows) = (header("sforce-locator"), header("sforce-numberofrecords"));
        (
            answer.status().as_u16(),
            locator,
            rows,
            answer.text().await.expect("a body"),
        )
    };
    assert_eq!(page("").await.0, 400, "not done yet");
    let look = format!("/jobs/query/{id}");
    assert_eq!(org.get(&look).await.1["state"], "InProgress");
    let (_, done) = org.get(&look).await;
    assert_eq!(
        (&done["state"], &done["numberRecordsProcessed"]),
        (&json!("JobComplete"), &json!(18))
    );
    let (_, locator, rows, text) = page("?maxRecords=10").await;
    assert_eq!(rows.as_deref(), Some("10"));
    let first: Vec<&str> = text.lines().collect();
    assert_eq!(
        first[0],
        r#""Id","Name","Owner.Email","IsClosed","Amount","CreatedDate""#
    );
    assert!(
        first[1].contains("\"false\"") && first[1].ends_with("Z\""),
        "{}",
        first[1]
    );
    let locator = locator.expect("a next page");
    let (_, last, rows, _) = page(&format!("?maxRecords=10&locator={locator}")).await;
    assert_eq!(
        (last.as_deref(), rows.as_deref()),
        (Some("null"), Some("8"))
    );
    assert_eq!(page("?locator=bm9wZQ").await.0, 400);
    org.control
        .send(&salesforce_sim::control::command::Command::LoseCursors)
        .await
        .expect("are lost");
    assert_eq!(page("").await.0, 404);
}
