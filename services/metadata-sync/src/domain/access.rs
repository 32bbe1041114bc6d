//! The access review: what the connected user can reach, against what the published mapping and matching need.
//!
//! Salesforce folds profiles, permission sets and field-level security into its describes, so a describe says whether
//! the user may; it never says why not. Each gap therefore names the place in Setup where an admin sets it.

mod fix;
mod need;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mapping::Mapping;
use super::schema::Schema;
use need::Need;

/// Gaps listed of one review; their number is always told.
pub const GAPS_MAX: usize = 200;

/// What a look at an org beyond its schema found. Kept between looks: they cost calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The user may use the API.
    pub api_enabled: bool,
    /// Owners of records; absent when they could not be looked at.
    pub owners: Option<Owners>,
    /// Open opportunities the user sees; absent when they could not be counted.
    pub open_opportunities: Option<u64>,
    /// Record types of the pipelines written to, none for all; absent when nobody could be asked.
    pub pipelines: Option<Vec<String>>,
    /// What could not be looked at, for a person.
    pub notes: Vec<String>,
}

/// Owners of the records the user sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    /// How many.
    pub count: u32,
    /// Ids of those whose user record the user does not see.
    pub hidden: Vec<String>,
}

/// What a review found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Version of the mapping compared with; 0 when none was published.
    pub mapping_version: u64,
    /// Objects the mapping or matching uses, by name.
    pub objects: Vec<ObjectAccess>,
    /// Record types of the objects written to.
    pub record_types: Vec<RecordTypeAccess>,
    /// Stages of the sales process the user sees.
    pub stages: u32,
    /// What was seen beyond the schema.
    pub seen: Seen,
    /// Everything missing, the first [`GAPS_MAX`].
    pub missing: Vec<Gap>,
    /// How much is missing in all.
    pub missing_count: u32,
    /// Worth knowing; stops nothing.
    pub notes: Vec<String>,
}

/// What the user may do with one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectAccess {
    /// API name.
    pub object: String,
    /// May read.
    pub read: bool,
    /// May create.
    pub create: bool,
    /// May edit.
    pub edit: bool,
    /// Fields seen.
    pub fields_readable: u32,
    /// Fields that may be changed.
    pub fields_editable: u32,
    /// Fields the mapping writes, by name.
    pub fields: Vec<FieldAccess>,
}

/// What the user may do with one mapped field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldAccess {
    /// API name.
    pub field: String,
    /// Sees it.
    pub read: bool,
    /// May change it.
    pub edit: bool,
}

/// Whether the user may choose a record type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTypeAccess {
    /// sObject.
    pub object: String,
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// May choose it.
    pub available: bool,
}

/// What kind of access is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Use of the API.
    Api,
    /// Reading an object.
    ObjectRead,
    /// Creating records.
    ObjectCreate,
    /// Editing records.
    ObjectEdit,
    /// Seeing a field.
    FieldRead,
    /// Changing a field.
    FieldEdit,
    /// Choosing a record type.
    RecordType,
    /// Seeing a user who owns records.
    Owner,
}

/// One thing needed and out of reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What kind.
    pub kind: Kind,
    /// sObject; empty for the API.
    pub object: String,
    /// Field; empty unless it is about one.
    pub field: String,
    /// Id of the record type or user; empty otherwise.
    pub subject_id: String,
    /// What is missing.
    pub message: String,
    /// Where an admin sets it.
    pub fix: String,
    /// Mapping entries that need it; empty when matching does.
    pub entry_ids: Vec<String>,
}

impl Review {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing_count == 0
    }
}

/// Compares what the user can reach in the org of `schema` with what `mapping` (of `mapping_version`) needs.
#[must_use]
pub fn review(
    schema: &Schema,
    mapping: Option<&Mapping>,
    mapping_version: u64,
    seen: &Seen,
) -> Review {
    let needs = need::needs(mapping);
    let mut notes = seen.notes.clone();
    let mut missing = Vec::new();
    if seen.api_enabled {
        for (object, need) in &needs {
            reach(schema, object, need, &mut missing, &mut notes);
        }
        pipelines(schema, seen, &mut missing);
        owners(seen, &mut missing);
    } else {
        // Nothing else can be told apart from it.
        missing.push(fix::api());
    }
    if seen.open_opportunities == Some(0) && needs.contains_key("Opportunity") {
        notes.push(fix::NO_OPPORTUNITY.to_owned());
    }
    let missing_count = u32::try_from(missing.len()).unwrap_or(u32::MAX);
    missing.truncate(GAPS_MAX);
    Review {
        mapping_version,
        objects: needs
            .iter()
            .map(|(object, need)| access(schema, object, need))
            .collect(),
        record_types: record_types(schema, &needs),
        stages: schema
            .get("Opportunity")
            .map_or(0, |deal| u32::try_from(deal.stages.len()).unwrap_or(0)),
        seen: seen.clone(),
        missing,
        missing_count,
        notes,
    }
}

/// What is missing of one object. A missing object hides its fields, so only the object is named then.
fn reach(
    schema: &Schema,
    name: &str,
    need: &Need,
    missing: &mut Vec<Gap>,
    notes: &mut Vec<String>,
) {
    let readable = schema.get(name).filter(|object| object.queryable);
    let Some(object) = readable else {
        if need.optional {
            notes.push(format!(
                "{name} is not in the org or hidden from the connected user: matching does without it"
            ));
        } else {
            missing.push(fix::object(Kind::ObjectRead, name, need.everyone()));
        }
        return;
    };
    if let Some(entries) = &need.create
        && !object.createable
    {
        missing.push(fix::object(Kind::ObjectCreate, name, entries.clone()));
    }
    if !need.fields.is_empty() && !object.updateable {
        missing.push(fix::object(Kind::ObjectEdit, name, need.everyone()));
    }
    for (field, entries) in &need.fields {
        match object.fields.get(field) {
            None => missing.push(fix::field(Kind::FieldRead, name, field, entries.clone())),
            // Without edit on the object no field of it counts as editable: the object's gap says it once. Formulas
            // and numbers nobody may edit are a fault of the mapping, which drift suspends.
            Some(known)
                if object.updateable
                    && !known.updateable
                    && !known.calculated
                    && !known.auto_number =>
            {
                missing.push(fix::field(Kind::FieldEdit, name, field, entries.clone()));
            }
            Some(_) => {}
        }
    }
}

/// Pipelines an admin chose by record type, which the user must be assigned to see their stages.
fn pipelines(schema: &Schema, seen: &Seen, missing: &mut Vec<Gap>) {
    let Some(deal) = schema.get("Opportunity") else {
        return;
    };
    for id in seen.pipelines.iter().flatten() {
        let known = deal.record_types.iter().find(|known| known.id == *id);
        match known {
            Some(known) if known.available => {}
            Some(known) => missing.push(fix::record_type("Opportunity", id, &known.name)),
            None => missing.push(fix::record_type("Opportunity", id, id)),
        }
    }
}

fn owners(seen: &Seen, missing: &mut Vec<Gap>) {
    for id in seen.owners.iter().flat_map(|owners| &owners.hidden) {
        missing.push(fix::owner(id));
    }
}

fn access(schema: &Schema, name: &str, need: &Need) -> ObjectAccess {
    let Some(object) = schema.get(name).filter(|object| object.queryable) else {
        return ObjectAccess {
            object: name.to_owned(),
            fields: need
                .fields
                .keys()
                .map(|field| FieldAccess {
                    field: field.clone(),
                    ..FieldAccess::default()
                })
                .collect(),
            ..ObjectAccess::default()
        };
    };
    let editable = object
        .fields
        .values()
        .filter(|field| field.updateable)
        .count();
    ObjectAccess {
        object: name.to_owned(),
        read: true,
        create: object.createable,
        edit: object.updateable,
        fields_readable: u32::try_from(object.fields.len()).unwrap_or(u32::MAX),
        fields_editable: u32::try_from(editable).unwrap_or(u32::MAX),
        fields: need
            .fields
            .keys()
            .map(|name| FieldAccess {
                field: name.clone(),
                read: object.fields.contains_key(name),
                edit: object
                    .fields
                    .get(name)
                    .is_some_and(|field| field.updateable),
            })
            .collect(),
    }
}

fn record_types(schema: &Schema, needs: &BTreeMap<String, Need>) -> Vec<RecordTypeAccess> {
    let mut found = Vec::new();
    for (name, need) in needs {
        let writes = need.create.is_some() || !need.fields.is_empty() || name == "Opportunity";
        let Some(object) = schema.get(name).filter(|_| writes) else {
            continue;
        };
        found.extend(
            object
                .record_types
                .iter()
                .filter(|known| !known.master)
                .map(|known| RecordTypeAccess {
                    object: name.clone(),
                    id: known.id.clone(),
                    name: known.name.clone(),
                    available: known.available,
                }),
        );
    }
    found
}
