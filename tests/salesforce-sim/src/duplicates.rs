//! Duplicate rules: exact matches on a set of fields, alerting or blocking.

use serde_json::{Map, json};

use crate::error::ApiError;
use crate::id::Id;
use crate::org::{API_VERSION, Org};
use crate::store::{Key, Row};

/// A rule that compares new and changed records with existing ones.
#[derive(Debug, Clone)]
pub struct DuplicateRule {
    /// API name.
    pub name: String,
    /// Object it guards.
    pub object: u16,
    /// Fields that must all be equal and not empty.
    pub fields: Vec<String>,
    /// An alert that the caller may override; otherwise a block.
    pub allow_save: bool,
    /// Text shown.
    pub message: String,
    /// Switched on.
    pub active: bool,
}

/// Most matches listed in an error.
const MATCHES_MAX: usize = 10;

/// The error of the first rule that objects to `row`, unless it is an alert the caller overrides.
pub fn check(
    org: &Org,
    object: u16,
    row: &Row,
    before: Option<&Row>,
    allow_save: bool,
) -> Option<ApiError> {
    for rule in org
        .duplicate_rules
        .iter()
        .filter(|rule| rule.active && rule.object == object)
    {
        if rule.allow_save && allow_save {
            continue;
        }
        let matches = matches(org, rule, row, before);
        if !matches.is_empty() {
            return Some(error(org, rule, &matches));
        }
    }
    None
}

fn matches(org: &Org, rule: &DuplicateRule, row: &Row, before: Option<&Row>) -> Vec<Id> {
    let described = org.schema.object(rule.object);
    let slots: Vec<u16> = rule
        .fields
        .iter()
        .filter_map(|name| described.slot(name))
        .collect();
    let keys: Option<Vec<Key>> = slots.iter().map(|slot| Key::of(row.get(*slot))).collect();
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
        return Vec::new();
    };
    // A save that leaves the compared fields alone is not checked again.
    if before.is_some_and(|before| slots.iter().all(|slot| before.get(*slot) == row.get(*slot))) {
        return Vec::new();
    }
    let table = org.table(rule.object);
    let indexed = slots
        .iter()
        .zip(&keys)
        .find(|(slot, _)| table.is_indexed(**slot));
    let positions = match indexed.and_then(|(slot, key)| table.lookup(*slot, key)) {
        Some(positions) => positions,
        None => table.positions().collect(),
    };
    let same = |other: &Row| {
        slots
            .iter()
            .zip(&keys)
            .all(|(slot, key)| Key::of(other.get(*slot)).as_ref() == Some(key))
    };
    let mut ids: Vec<Id> = positions
        .into_iter()
        .filter_map(|at| table.at(at))
        .filter(|other| !other.deleted && other.id != row.id && same(other))
        .map(|other| other.id)
        .collect();
    ids.sort_unstable();
    ids.truncate(MATCHES_MAX);
    ids
}

fn error(org: &Org, rule: &DuplicateRule, matches: &[Id]) -> ApiError {
    let name = &org.schema.object(rule.object).name;
    let records: Vec<_> = matches
        .iter()
        .map(|id| {
            json!({
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {
                    "attributes": {"type": name, "url": format!("/services/data/v{API_VERSION}/sobjects/{name}/{id}")},
                    "Id": id.to_string(),
                },
            })
        })
        .collect();
    let result = json!({
        "allowSave": rule.allow_save,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": name,
        "errorMessage": rule.message,
        "matchResults": [{
            "entityType": name,
            "errors": [],
            "matchEngine": "ExactMatchEngine",
            "matchRecords": records,
            "rule": format!("{}_Match", rule.name),
            "size": matches.len(),
            "success": true,
        }],
    });
    // The misspelled key is the platform's (salesforce-api.md 6.4).
    let extra = Map::from_iter([("duplicateResut".to_owned(), result)]);
    ApiError {
        extra,
        ..ApiError::bare(400, "DUPLICATES_DETECTED", rule.message.clone())
    }
}
