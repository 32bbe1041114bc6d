//! A record as its rules see it: typed values, the record type by name, and what a change drags along.
//!
//! A value that Salesforce will compute from the change (a hidden formula, a forecast category, the fields behind a
//! changed lookup) is left out rather than taken from before: a rule that reads it is not answered.

use formula::{Kind, Number, Record, Value};

use super::compile::Book;
use super::globals;
use crate::domain::schema::{self, Field, Object};
use crate::domain::value::{FieldValue, Fields};

/// The record before the change. `user_id` is the connected user's: it is who saves.
pub(super) fn before(object: &Object, book: &Book, fields: &Fields, user_id: &str) -> Record {
    let mut record = Record::default();
    for (name, value) in fields {
        match book.parents.get(name) {
            // A checkbox is never empty: an empty one stands behind a parent that is not there, and that is disputed.
            Some(Kind::Boolean) if *value == FieldValue::Null => {}
            Some(kind) => put(&mut record, name, convert(*kind, value)),
            None => set(&mut record, object, name, value),
        }
    }
    if let Some(id) = fields.get("RecordTypeId") {
        record_type(&mut record, object, id);
    }
    globals::set(&mut record, object, user_id);
    blank_behind_nothing(&mut record, object, book);
    record
}

/// Behind a lookup that leads nowhere everything is blank; of a checkbox there that is disputed.
pub(super) fn blank_behind_nothing(record: &mut Record, object: &Object, book: &Book) {
    for (path, kind) in &book.parents {
        let leads_nowhere = lookup(object, path)
            .is_some_and(|lookup| record.get(&lookup.name).is_some_and(Value::is_null));
        if leads_nowhere && *kind != Kind::Boolean {
            record.set(path, Value::Null);
        }
    }
}

/// The lookup a path to a parent's field starts with.
pub(super) fn lookup<'o>(object: &'o Object, path: &str) -> Option<&'o Field> {
    let relation = path.split('.').next()?;
    let mut fields = object.fields.values();
    fields.find(|field| !field.relationship.is_empty() && field.relationship == relation)
}

/// The record with `changed` laid over it, as the rules would see it.
pub(super) fn after(object: &Object, prior: &Record, changed: &Fields) -> Record {
    let mut record = prior.clone();
    for field in object.fields.values() {
        // Computed by Salesforce from we do not know what.
        if field.calculated && field.formula.is_empty() {
            record.unset(&field.name);
        }
    }
    lay_over(&mut record, object, changed);
    record
}

/// Sets fields of a record, with what Salesforce drags along.
pub(super) fn lay_over(record: &mut Record, object: &Object, changed: &Fields) {
    for (name, value) in changed {
        set(record, object, name, value);
    }
    for (name, value) in changed {
        drag(record, object, name, value, changed);
    }
}

/// The record type a new record gets when none is given: the user's default one.
pub(super) fn default_record_type(record: &mut Record, object: &Object) {
    let default = object.record_types.iter().find(|known| known.is_default);
    match default {
        Some(known) if !known.is_master => {
            record.set("RecordTypeId", Value::text(known.id.clone()));
            record_type(record, object, &FieldValue::Text(known.id.clone()));
        }
        Some(_) | None => {
            record.unset("RecordTypeId");
            record.unset_behind("RecordType");
        }
    }
}

/// Whether a change of the field `name` may change what `key` reads.
pub(super) fn moves(object: &Object, name: &str, key: &str) -> bool {
    if formula::key(name) == key {
        return true;
    }
    if name == "RecordTypeId" && key.starts_with("recordtype.") {
        return true;
    }
    let behind = |relationship: &str| {
        key.strip_prefix(&formula::key(relationship))
            .is_some_and(|rest| rest.starts_with('.'))
    };
    object
        .fields
        .get(name)
        .is_some_and(|field| !field.relationship.is_empty() && behind(&field.relationship))
        || dragged(object, name)
            .iter()
            .any(|dragged| formula::key(dragged) == key)
}

/// Fields Salesforce sets by itself when another is set (language section 9, and the standard derived fields).
fn dragged(object: &Object, name: &str) -> &'static [&'static str] {
    match (object.name.as_str(), name) {
        ("Opportunity", "StageName") => &[
            "IsClosed",
            "IsWon",
            "Probability",
            "ForecastCategory",
            "ForecastCategoryName",
            "ExpectedRevenue",
        ],
        ("Opportunity", "Amount" | "Probability") => &["ExpectedRevenue"],
        ("Opportunity", "ForecastCategoryName") => &["ForecastCategory"],
        ("Opportunity", "CloseDate") => &["Fiscal", "FiscalQuarter", "FiscalYear"],
        (
            "Contact" | "Lead" | "Account",
            "FirstName" | "LastName" | "MiddleName" | "Suffix" | "Salutation",
        ) => &["Name"],
        ("Lead" | "Case" | "Task", "Status") => &["IsConverted", "IsClosed"],
        _ => &[],
    }
}

fn drag(record: &mut Record, object: &Object, name: &str, value: &FieldValue, changed: &Fields) {
    for dragged in dragged(object, name) {
        if !changed.contains_key(*dragged) {
            record.unset(dragged);
        }
    }
    if name == "StageName" && object.name == "Opportunity" {
        let stage = object
            .stages
            .iter()
            .find(|stage| Some(stage.api_name.as_str()) == value.text());
        if let Some(stage) = stage {
            for (dragged, value) in [
                ("IsClosed", Value::Bool(stage.closed)),
                ("IsWon", Value::Bool(stage.won)),
                (
                    "Probability",
                    Value::Number(Number::from(i64::from(stage.probability))),
                ),
            ] {
                if !changed.contains_key(dragged) && object.has(dragged) {
                    record.set(dragged, value);
                }
            }
        }
    }
    if name == "RecordTypeId" {
        record_type(record, object, value);
    }
    if let Some(field) = object.fields.get(name)
        && !field.relationship.is_empty()
    {
        record.unset_behind(&field.relationship);
    }
}

fn set(record: &mut Record, object: &Object, name: &str, value: &FieldValue) {
    let kind = object.fields.get(name).and_then(|field| kind(field.kind));
    put(record, name, kind.and_then(|kind| convert(kind, value)));
}

/// What cannot be read as its type is not known.
fn put(record: &mut Record, name: &str, value: Option<Value<'static>>) {
    match value {
        Some(value) => record.set(name, value),
        None => record.unset(name),
    }
}

fn record_type(record: &mut Record, object: &Object, id: &FieldValue) {
    // Records without one read as the master record type in some places and as nothing in others: left unknown.
    let known = id.text().and_then(|id| {
        object
            .record_types
            .iter()
            .find(|known| known.id.get(..15) == id.get(..15))
    });
    match known {
        Some(known) => {
            record.set("RecordType.Id", Value::text(known.id.clone()));
            record.set(
                "RecordType.DeveloperName",
                Value::text(known.developer_name.clone()),
            );
            record.set("RecordType.Name", Value::text(known.name.clone()));
        }
        None => record.unset_behind("RecordType"),
    }
}

fn convert(kind: Kind, value: &FieldValue) -> Option<Value<'static>> {
    match value {
        FieldValue::Null if kind == Kind::Boolean => Some(Value::Bool(false)),
        FieldValue::Null => Some(Value::Null),
        FieldValue::Bool(flag) => Some(Value::Bool(*flag)),
        FieldValue::Number(number) => Number::parse(&number.to_string()).map(Value::Number),
        FieldValue::Text(text) if text.is_empty() => Some(Value::Null),
        FieldValue::Text(text) => Value::from_json(kind, &serde_json::Value::String(text.clone())),
    }
}

/// The formula language's type of a field; `None` for compound and binary ones.
pub(super) fn kind(kind: schema::Kind) -> Option<Kind> {
    Some(match kind {
        schema::Kind::Text
        | schema::Kind::TextArea
        | schema::Kind::Combobox
        | schema::Kind::Email
        | schema::Kind::Phone
        | schema::Kind::Url => Kind::Text,
        schema::Kind::Picklist => Kind::Picklist,
        schema::Kind::MultiPicklist => Kind::MultiPicklist,
        schema::Kind::Boolean => Kind::Boolean,
        schema::Kind::Int | schema::Kind::Double | schema::Kind::Currency => Kind::Number,
        schema::Kind::Percent => Kind::Percent,
        schema::Kind::Date => Kind::Date,
        schema::Kind::DateTime => Kind::DateTime,
        schema::Kind::Time => Kind::Time,
        schema::Kind::Reference => Kind::Id,
        schema::Kind::Other => return None,
    })
}
