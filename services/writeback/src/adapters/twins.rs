//! Looks for records that would be created a second time: contacts by address, roles and relations by the two records
//! they tie together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use salesforce::soql::{Condition, Literal, Query};
use salesforce::{Error, FieldName, Id, ObjectName, Org};

use super::records;

/// Addresses of one query: they travel in its URL.
const ADDRESSES_PER_QUERY_MAX: usize = 100;
/// Ids of one query.
const IDS_PER_QUERY_MAX: usize = 200;
/// Rows one look reads at most.
const ROWS_MAX: usize = 4_000;

/// A contact that has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: String,
    /// Its account; empty when it has none.
    pub account_id: String,
}

/// The oldest contact of each address, in lower case, one of `accounts` before any other; and how many calls it took.
///
/// # Errors
/// When a call failed.
pub async fn contacts(
    org: &Org,
    addresses: &BTreeSet<&str>,
    accounts: &HashMap<String, String>,
) -> Result<(HashMap<String, Contact>, u64), Error> {
    let mut found: HashMap<String, Contact> = HashMap::new();
    let mut calls = 0;
    let addresses: Vec<&str> = addresses.iter().copied().collect();
    for part in addresses.chunks(ADDRESSES_PER_QUERY_MAX) {
        let mut literals = Vec::with_capacity(part.len());
        for address in part {
            let literal = Literal::text(*address);
            literals.push(literal.map_err(|error| Error::Invalid(error.to_string()))?);
        }
        let query = Query::from(ObjectName::CONTACT)
            .fields(["Id", "Email", "AccountId"].map(FieldName::fixed))
            .filter(Condition::is_in(FieldName::fixed("Email"), literals));
        calls += 1;
        for record in org.query(query, ROWS_MAX).await? {
            let (Some(id), Some(email)) = (record.id(), record.text("Email")) else {
                continue;
            };
            let email = email.to_lowercase();
            let contact = Contact {
                id: id.as_str().to_owned(),
                account_id: record.text("AccountId").unwrap_or_default().to_owned(),
            };
            let home = |of: &Contact| accounts.get(&email) == Some(&of.account_id);
            let better = found
                .get(&email)
                .is_none_or(|known| (home(&contact), &known.id) > (home(known), &contact.id));
            if better {
                found.insert(email, contact);
            }
        }
    }
    Ok((found, calls))
}

/// Ids of the records of `object` that tie a `one` of these to an `other`, by both; and how many calls it took.
///
/// # Errors
/// When a call failed.
pub async fn ties(
    org: &Org,
    object: &str,
    (one, other): (&str, &str),
    ones: &BTreeSet<&str>,
) -> Result<(BTreeMap<(String, String), String>, u64), Error> {
    let mut found = BTreeMap::new();
    let mut calls = 0;
    let ones: Vec<&str> = ones.iter().copied().collect();
    for part in ones.chunks(IDS_PER_QUERY_MAX) {
        let mut ids = Vec::with_capacity(part.len());
        for id in part {
            ids.push(Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?);
        }
        let query = Query::from(records::object_name(object)?)
            .fields([
                FieldName::fixed("Id"),
                records::field_name(one)?,
                records::field_name(other)?,
            ])
            .filter(Condition::is_in(records::field_name(one)?, ids));
        calls += 1;
        for record in org.query(query, ROWS_MAX).await? {
            if let (Some(id), Some(from), Some(to)) =
                (record.id(), record.text(one), record.text(other))
            {
                found.insert((from.to_owned(), to.to_owned()), id.as_str().to_owned());
            }
        }
    }
    Ok((found, calls))
}
