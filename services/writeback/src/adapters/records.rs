//! Records as the domain sees them, read and built.

use std::collections::{BTreeMap, BTreeSet};

use salesforce::{Error, FieldName, Id, ObjectName, Org, RETRIEVE_ROWS_MAX, Record, Value};

use crate::domain::value::{FieldValue, Fields};

/// Fields of records by id; `None` for one that is deleted or not shared.
pub type Read = BTreeMap<String, Option<Fields>>;

/// Reads fields of records of one object; answers how many calls it took.
///
/// # Errors
/// When a call failed.
pub async fn read<'a>(
    org: &Org,
    object: &str,
    ids: impl IntoIterator<Item = &'a str>,
    fields: impl IntoIterator<Item = &'a str>,
) -> Result<(Read, u64), Error> {
    let name = object_name(object)?;
    let fields: BTreeSet<&str> = fields.into_iter().collect();
    let mut names = vec![FieldName::fixed("Id")];
    for field in fields.into_iter().filter(|field| *field != "Id") {
        names.push(field_name(field)?);
    }
    let mut parsed = Vec::new();
    for id in ids {
        parsed.push(Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?);
    }
    let mut read = Read::new();
    let mut calls = 0;
    for chunk in parsed.chunks(RETRIEVE_ROWS_MAX) {
        let records = org.retrieve_many(&name, chunk, &names).await?;
        calls += 1;
        for (id, record) in chunk.iter().zip(records) {
            read.insert(id.as_str().to_owned(), record.map(fields_of));
        }
    }
    Ok((read, calls))
}

/// A record's fields; parents, lists and compound values are not for us.
#[must_use]
pub fn fields_of(record: Record) -> Fields {
    record
        .fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value_of(value)?)))
        .collect()
}

fn value_of(value: Value) -> Option<FieldValue> {
    Some(match value {
        Value::Null => FieldValue::Null,
        Value::Bool(flag) => FieldValue::Bool(flag),
        Value::Number(number) => FieldValue::Number(number),
        Value::NumberText(text) | Value::Text(text) => FieldValue::Text(text),
        Value::Record(_)
        | Value::Children(_)
        | Value::Object(_)
        | Value::List(_)
        | Value::Reference(_) => return None,
    })
}

/// A record to be written; with its id when it exists.
///
/// # Errors
/// When a name or the id is not one: such a mapping cannot have been published.
pub fn record<'a>(
    object: &str,
    id: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a FieldValue)>,
) -> Result<Record, Error> {
    let mut record = Record::new(&object_name(object)?);
    if !id.is_empty() {
        let id = Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?;
        record.set(&FieldName::fixed("Id"), id);
    }
    for (name, value) in fields {
        let value = match value {
            FieldValue::Null => Value::Null,
            FieldValue::Bool(flag) => Value::Bool(*flag),
            FieldValue::Number(number) => Value::Number(*number),
            FieldValue::Text(text) => Value::Text(text.clone()),
        };
        record.set(&field_name(name)?, value);
    }
    Ok(record)
}

/// An object's name.
///
/// # Errors
/// When it is none.
pub fn object_name(name: &str) -> Result<ObjectName, Error> {
    ObjectName::parse(name).map_err(|error| Error::Invalid(error.to_string()))
}

/// A field's name.
///
/// # Errors
/// When it is none.
pub fn field_name(name: &str) -> Result<FieldName, Error> {
    FieldName::parse(name).map_err(|error| Error::Invalid(error.to_string()))
}
