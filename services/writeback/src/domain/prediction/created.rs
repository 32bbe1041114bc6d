//! A record about to be created, as its rules see it: what we set, what the describe says a new record starts with, and
//! blanks. What Salesforce fills or derives by itself is left out, so that a rule that reads it is not answered.

use formula::{Blanks, Context, Fields as Declared, Kind, Record, Value};

use super::compile::Book;
use super::{facts, globals};
use crate::domain::reference;
use crate::domain::schema::{Field, Initial, Object};
use crate::domain::value::Fields;

/// Blank while the rules of a creation run (language section 10).
const BLANK_ON_CREATE: [&str; 3] = ["Id", "CreatedDate", "CreatedById"];

/// Fields of a new record that Salesforce derives from others, or fills from the org's and the user's settings.
fn derived(object: &str, name: &str) -> bool {
    let listed: &[&str] = match object {
        "Task" => &["TaskSubtype", "ReminderDateTime", "IsReminderSet"],
        "Event" => &[
            "ActivityDate",
            "ActivityDateTime",
            "DurationInMinutes",
            "EndDate",
            "EndDateTime",
            "EventSubtype",
            "ReminderDateTime",
            "IsReminderSet",
        ],
        "Opportunity" => &["Probability", "ForecastCategoryName", "Pricebook2Id"],
        _ => &[],
    };
    listed.contains(&name) || name == "CurrencyIsoCode"
}

/// The record with `fields` set, created by `user_id`.
pub(super) fn record(object: &Object, book: &Book, fields: &Fields, user_id: &str) -> Record {
    let mut record = Record::default();
    globals::set(&mut record, object, user_id);
    for (name, field) in &object.fields {
        if !fields.contains_key(name)
            && let Some(value) = start(object, book, field)
        {
            record.set(name, value);
        }
    }
    for name in BLANK_ON_CREATE {
        record.set(name, Value::Null);
    }
    if object.has("OwnerId") && !user_id.is_empty() {
        record.set("OwnerId", Value::text(user_id.to_owned()));
    }
    if !fields.contains_key("RecordTypeId") {
        facts::default_record_type(&mut record, object);
    }
    // What refers to a record that is not in Salesforce yet has an id only then: rules that read it cannot be answered.
    let given: Fields = fields
        .iter()
        .filter(|(_, value)| !reference::is(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    facts::lay_over(&mut record, object, &given);
    facts::blank_behind_nothing(&mut record, object, book);
    record
}

/// What a field that is not given starts with; `None` when it is not known.
fn start(object: &Object, book: &Book, field: &Field) -> Option<Value<'static>> {
    let fills = field.calculated || !field.createable || derived(&object.name, &field.name);
    if fills || BLANK_ON_CREATE.contains(&field.name.as_str()) {
        return None;
    }
    if let Some(value) = book.initial.get(&field.name) {
        return value.clone();
    }
    match facts::kind(field.kind)? {
        // Absent is false, and the describe tells the default of every checkbox.
        Kind::Boolean => None,
        _ => Some(Value::Null),
    }
}

/// The value a field of the object starts with: `None` when it starts blank, `Some(None)` when it is not known.
pub(super) fn initial(object: &Object, field: &Field) -> Option<Option<Value<'static>>> {
    let kind = facts::kind(field.kind)?;
    let is_list = matches!(kind, Kind::Picklist | Kind::MultiPicklist);
    let per_record_type = is_list && object.record_types.iter().any(|known| !known.is_master);
    match &field.initial {
        // Each record type may have a default of its own.
        _ if per_record_type => Some(None),
        Initial::Blank => None,
        Initial::Unknown => Some(None),
        Initial::Json(json) => {
            let json = serde_json::from_str(json).ok();
            Some(json.and_then(|json| Value::from_json(kind, &json)))
        }
        Initial::Formula(source) => Some(constant(source, kind)),
    }
}

/// The value of a default's formula, when it is the same for every user at every moment.
fn constant(source: &str, kind: Kind) -> Option<Value<'static>> {
    // A percent's default is written as a fraction in some places and as a number in others.
    if kind == Kind::Percent {
        return None;
    }
    let formula = formula::compile(source, &Declared::default(), Blanks::Blank).ok()?;
    let nothing = Record::default();
    match formula.answer(&Context::new(&nothing)) {
        formula::Answer::Value(value) if value.fits(kind) => Some(value),
        _ => None,
    }
}
