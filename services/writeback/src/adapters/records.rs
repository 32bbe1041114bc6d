//! Records as the domain sees them, read and built.

use std::collections::{BTreeMap, BTreeSet};

use salesforce::soql::{Condition, Query};
use salesforce::{
    Error, FieldName, FieldPath, Id, ObjectName, Org, RETRIEVE_ROWS_MAX, Record, Value,
};

use crate::domain::value::{FieldValue, Fields};

/// Fields of records by id; `None` for one that is deleted or not shared.
pub type Read = BTreeMap<String, Option<Fields>>;

/// Records of one query that follows relations: their ids travel in the URL, which holds 16 KiB.
const RELATED_ROWS_MAX: usize = 200;

/// Reads fields of records of one object, and of their parents where a name is a path; answers how many calls it took.
/// Parents come in the same call.
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
    if fields.iter().any(|field| field.contains('.')) {
        return read_related(org, &name, ids, &fields).await;
    }
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

/// As [`read`], by query: only a query follows relations.
async fn read_related<'a>(
    org: &Org,
    object: &ObjectName,
    ids: impl IntoIterator<Item = &'a str>,
    fields: &BTreeSet<&str>,
) -> Result<(Read, u64), Error> {
    let mut paths = vec![FieldPath::fixed("Id")];
    for field in fields.iter().filter(|field| **field != "Id") {
        paths.push(FieldPath::parse(field).map_err(|error| Error::Invalid(error.to_string()))?);
    }
    let mut parsed = Vec::new();
    for id in ids {
        parsed.push(Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?);
    }
    let mut read = Read::new();
    let mut calls = 0;
    for chunk in parsed.chunks(RELATED_ROWS_MAX) {
        // What the query does not answer is deleted or not shared.
        read.extend(chunk.iter().map(|id| (id.as_str().to_owned(), None)));
        let query = Query::from(object.clone())
            .fields(paths.iter().cloned())
            .filter(Condition::is_in(
                FieldName::fixed("Id"),
                chunk.iter().cloned(),
            ));
        calls += 1;
        for record in org.query(query, RELATED_ROWS_MAX).await? {
            let Some(id) = record.id().map(|id| id.as_str().to_owned()) else {
                continue;
            };
            let mut found = Fields::new();
            for path in fields.iter().filter(|path| path.contains('.')) {
                if let Some(value) = behind(&record, path) {
                    found.insert((*path).to_owned(), value);
                }
            }
            found.extend(fields_of(record));
            read.insert(id, Some(found));
        }
    }
    Ok((read, calls))
}

/// The value at the end of a path. A parent that is not there and one that is not shared with us look alike, so what is
/// behind them is left out.
fn behind(record: &Record, path: &str) -> Option<FieldValue> {
    match path.split_once('.') {
        None => value_of(record.fields.get(path)?.clone()),
        Some((relation, rest)) => match record.fields.get(relation)? {
            Value::Record(parent) => behind(parent, rest),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::NumberText(_)
            | Value::Text(_)
            | Value::Children(_)
            | Value::Object(_)
            | Value::List(_)
            | Value::Reference(_) => None,
        },
    }
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
