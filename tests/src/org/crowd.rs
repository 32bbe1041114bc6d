//! Any number of customers to meet: accounts with one contact and one open deal each, found or created 200 to a call by
//! ordinary REST.

use super::rest::{Rest, quoted};
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Begins the name of every account seeded here.
const PREFIX: &str = "Ergo Load ";
/// Names of one query: the longest stays far below SOQL's 100,000 characters.
const NAMES_MAX: usize = 200;

/// The name of the account with this number.
fn account_name(number: usize) -> String {
    format!("{PREFIX}{number:06}")
}

/// The address of its only contact.
#[must_use]
pub fn contact_email(number: usize) -> String {
    format!("person@load-{number:06}.example")
}

/// Makes sure that accounts 0 to `accounts` exist with contact, opportunity and role; answers the opportunities' ids.
///
/// # Errors
/// When Salesforce refuses.
pub async fn prepare_crowd(rest: &Rest, accounts: usize) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = (0..accounts).map(account_name).collect();
    let present = ids(rest, "Account", "Name", &names).await?;
    let missing: Vec<usize> = (0..accounts)
        .filter(|number| !present.contains_key(&names[*number]))
        .collect();
    let rows: Vec<_> = missing
        .iter()
        .map(|number| row(json!({ "Name": names[*number], "Website": format!("https://load-{number:06}.example") })))
        .collect();
    let created = rest
        .create("Account", &rows)
        .await
        .context("create accounts")?;
    let mut account_ids = present;
    account_ids.extend(
        missing
            .iter()
            .map(|number| names[*number].clone())
            .zip(created),
    );

    let emails: Vec<String> = (0..accounts).map(contact_email).collect();
    let contacts = with_missing(
        rest,
        "Contact",
        "Email",
        &emails,
        |number| json!({ "LastName": format!("Person {number:06}"), "Email": contact_email(number), "AccountId": account_ids[&names[number]] }),
    );
    let contacts = contacts.await?;
    let closing = (chrono::Utc::now() + chrono::Days::new(60))
        .date_naive()
        .to_string();
    let opportunities = with_missing(
        rest,
        "Opportunity",
        "Name",
        &names,
        |number| json!({ "Name": names[number], "StageName": "Qualification", "CloseDate": closing, "AccountId": account_ids[&names[number]] }),
    );
    let opportunities = opportunities.await?;
    let known = roles(rest, opportunities.values()).await?;
    let rows: Vec<_> = (0..accounts)
        .filter(|number| !known.contains(&opportunities[&names[*number]]))
        .map(|number| row(json!({ "OpportunityId": opportunities[&names[number]], "ContactId": contacts[&emails[number]], "IsPrimary": true })))
        .collect();
    rest.create("OpportunityContactRole", &rows)
        .await
        .context("create contact roles")?;
    Ok(names
        .iter()
        .map(|name| opportunities[name].clone())
        .collect())
}

/// Ids by identity, after creating those that were missing.
async fn with_missing(
    rest: &Rest,
    object: &str,
    identity: &str,
    wanted: &[String],
    make: impl Fn(usize) -> Value,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = ids(rest, object, identity, wanted).await?;
    let missing: Vec<usize> = (0..wanted.len())
        .filter(|number| !found.contains_key(&wanted[*number]))
        .collect();
    let rows: Vec<_> = missing.iter().map(|number| row(make(*number))).collect();
    let created = rest
        .create(object, &rows)
        .await
        .with_context(|| format!("create {object} records"))?;
    found.extend(
        missing
            .iter()
            .map(|number| wanted[*number].clone())
            .zip(created),
    );
    Ok(found)
}

async fn ids(
    rest: &Rest,
    object: &str,
    identity: &str,
    wanted: &[String],
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for part in wanted.chunks(NAMES_MAX) {
        let list: Vec<String> = part.iter().map(|text| quoted(text)).collect();
        let soql = format!(
            "SELECT Id, {identity} FROM {object} WHERE {identity} IN ({})",
            list.join(",")
        );
        for record in rest
            .query(&soql)
            .await
            .with_context(|| format!("look for {object} records"))?
        {
            if let (Some(identity), Some(id)) = (record[identity].as_str(), record["Id"].as_str()) {
                found.insert(identity.to_owned(), id.to_owned());
            }
        }
    }
    Ok(found)
}

/// Opportunities that have a contact role.
async fn roles(
    rest: &Rest,
    opportunities: impl Iterator<Item = &String>,
) -> anyhow::Result<BTreeSet<String>> {
    let all: Vec<&String> = opportunities.collect();
    let mut found = BTreeSet::new();
    for part in all.chunks(NAMES_MAX) {
        let list: Vec<String> = part.iter().map(|id| quoted(id)).collect();
        let soql = format!(
            "SELECT OpportunityId FROM OpportunityContactRole WHERE OpportunityId IN ({})",
            list.join(",")
        );
        for record in rest.query(&soql).await.context("look for contact roles")? {
            found.extend(record["OpportunityId"].as_str().map(str::to_owned));
        }
    }
    Ok(found)
}

fn row(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}
