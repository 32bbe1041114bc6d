//! What became of records that are gone: asked of the recycle bin, where a merged record names the one it went into.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use salesforce::soql::{Condition, Query};
use salesforce::{Error, FieldName, Id, Org};

use super::records;
use crate::domain::merged::{Fate, mergeable};

/// Ids of one query.
const IDS_PER_QUERY_MAX: usize = 200;
/// Merges of merges looked up.
const STEPS_MAX: usize = 5;

/// The fates of records, and of those they were merged into; and how many calls it took.
///
/// # Errors
/// When a call failed.
pub async fn fates(
    org: &Org,
    ids: BTreeSet<String>,
) -> Result<(HashMap<String, Fate>, u64), Error> {
    let mut fates = HashMap::new();
    let mut calls = 0;
    let mut asking = ids;
    for _ in 0..STEPS_MAX {
        let mut by_object: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for id in asking.into_iter().filter(|id| !fates.contains_key(id)) {
            by_object.entry(mergeable(&id)).or_default().push(id);
        }
        if by_object.is_empty() {
            break;
        }
        let mut next = BTreeSet::new();
        for (object, ids) in by_object {
            let Some(object) = object else {
                // Others cannot be merged; whether they are there is for whoever reads them to say.
                continue;
            };
            for part in ids.chunks(IDS_PER_QUERY_MAX) {
                calls += 1;
                for (id, fate) in of_part(org, object, part).await? {
                    if let Fate::Into(master) = &fate {
                        next.insert(master.clone());
                    }
                    fates.insert(id, fate);
                }
            }
        }
        asking = next;
    }
    Ok((fates, calls))
}

async fn of_part(org: &Org, object: &str, ids: &[String]) -> Result<Vec<(String, Fate)>, Error> {
    let mut parsed = Vec::with_capacity(ids.len());
    for id in ids {
        parsed.push(Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?);
    }
    let query = Query::from(records::object_name(object)?)
        .fields(["Id", "IsDeleted", "MasterRecordId"].map(FieldName::fixed))
        .filter(Condition::is_in(FieldName::fixed("Id"), parsed));
    let mut found: Vec<(String, Fate)> = ids.iter().map(|id| (id.clone(), Fate::Gone)).collect();
    for record in org.query_all(query, IDS_PER_QUERY_MAX).await? {
        let Some(id) = record.id() else { continue };
        let deleted = matches!(
            record.fields.get("IsDeleted"),
            Some(salesforce::Value::Bool(true))
        );
        let fate = match (deleted, record.text("MasterRecordId")) {
            (false, _) => Fate::There,
            (true, Some(master)) => Fate::Into(master.to_owned()),
            (true, None) => Fate::Gone,
        };
        if let Some(known) = found.iter_mut().find(|(known, _)| known == id.as_str()) {
            known.1 = fate;
        }
    }
    Ok(found)
}
