//! What the org holds in the end, in words that do not depend on ids or on the order things were written in: two runs of
//! the same meetings must leave the same.

use super::meetings::numbered;
use anyhow::Context;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use testkit::org::Rest;

/// Lines that differ shown at most.
const SHOWN_MAX: usize = 10;

/// Everything the drill's meetings may have touched, one line each.
pub(crate) async fn read(
    rest: &Rest,
    opportunities: &[String],
) -> anyhow::Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    let mut names: HashMap<String, String> = HashMap::new();
    let contacts = rows(
        rest,
        "SELECT Id, FirstName, LastName, Email, Account.Name FROM Contact WHERE Email LIKE '%@load-%'",
    );
    for contact in contacts.await? {
        let email = said(&contact["Email"]);
        names.insert(said(&contact["Id"]), email.clone());
        lines.insert(format!(
            "contact {email}: {} {} of {}",
            said(&contact["FirstName"]),
            said(&contact["LastName"]),
            said(&contact["Account"]["Name"])
        ));
    }
    let deals = rows(
        rest,
        "SELECT Id, Name, NextStep, StageName FROM Opportunity WHERE Name LIKE 'Ergo Load %'",
    );
    for deal in deals.await? {
        let name = said(&deal["Name"]);
        names.insert(said(&deal["Id"]), name.clone());
        if opportunities.contains(&said(&deal["Id"])) {
            lines.insert(format!(
                "{name}: {}, {}",
                said(&deal["NextStep"]),
                said(&deal["StageName"])
            ));
        }
    }
    let named = |id: &Value| {
        let id = said(id);
        names.get(&id).cloned().unwrap_or(id)
    };
    let roles = rows(
        rest,
        "SELECT OpportunityId, ContactId, Role, IsPrimary FROM OpportunityContactRole",
    );
    for role in roles.await? {
        lines.insert(format!(
            "role of {} in {}: {}, primary {}",
            named(&role["ContactId"]),
            named(&role["OpportunityId"]),
            said(&role["Role"]),
            said(&role["IsPrimary"])
        ));
    }
    for (object, when) in [
        ("Task", "ActivityDate, Status"),
        ("Event", "StartDateTime, EndDateTime"),
    ] {
        let soql = format!("SELECT Subject, Description, WhatId, WhoId, {when} FROM {object}");
        for activity in rows(rest, &soql).await? {
            if numbered(&said(&activity["Subject"])).is_none() {
                continue;
            }
            let fields: Vec<String> = when
                .split(", ")
                .map(|field| said(&activity[field]))
                .collect();
            lines.insert(format!(
                "{object} {}: {} {} {} {:?}",
                said(&activity["Subject"]),
                named(&activity["WhatId"]),
                named(&activity["WhoId"]),
                fields.join(" "),
                said(&activity["Description"])
            ));
        }
    }
    for note in rows(
        rest,
        "SELECT Title, TextPreview, ContentSize FROM ContentNote",
    )
    .await?
    {
        if numbered(&said(&note["Title"])).is_some() {
            lines.insert(format!(
                "note {}: {:?}, {} bytes",
                said(&note["Title"]),
                said(&note["TextPreview"]),
                said(&note["ContentSize"])
            ));
        }
    }
    Ok(lines)
}

/// The lines only one of two runs has, shortened.
pub(crate) fn difference(calm: &BTreeSet<String>, rough: &BTreeSet<String>) -> Vec<String> {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>, which: &str| {
        let lines: Vec<String> = one
            .difference(other)
            .take(SHOWN_MAX)
            .map(|line| format!("only {which}: {line}"))
            .collect();
        lines
    };
    [
        only(calm, rough, "without faults"),
        only(rough, calm, "with faults"),
    ]
    .concat()
}

async fn rows(rest: &Rest, soql: &str) -> anyhow::Result<Vec<Value>> {
    rest.query(soql).await.with_context(|| soql.to_owned())
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
