//! Field values and records, as Salesforce sends and takes them.
//!
//! Numbers stay exact: each is parsed as a decimal from the JSON text itself. Going through a float
//! would turn 0.1 + 0.2 of a currency field into a difference nobody made.

mod convert;
mod json;

pub(crate) use json::RowsBody;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;

use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::time;

/// The value of one field.
///
/// JSON does not tell a date from a text; the describe does. Text is kept as sent and read through
/// [`Value::as_id`], [`Value::as_datetime`], [`Value::as_date`] and [`Value::as_time`].
#[derive(Clone, PartialEq)]
pub enum Value {
    /// No value; written, it clears the field.
    Null,
    /// A checkbox.
    Bool(bool),
    /// A number, currency or percent, exact.
    Number(Decimal),
    /// A number outside the decimal type's 28 digits, as the JSON text it was.
    NumberText(String),
    /// Everything that travels as text: ids, picklists, dates, long text.
    Text(String),
    /// A parent record selected over a relationship.
    Record(Box<Record>),
    /// The rows of a child subquery.
    Children(Children),
    /// A compound value such as an address, or tooling metadata.
    Object(BTreeMap<String, Value>),
    /// A list of values, such as `TaskWhoIds`.
    List(Vec<Value>),
    /// In a composite request only: the value another subrequest answers.
    Reference(Reference),
}

/// A pointer to a value in the answer of an earlier subrequest, sent as `@{reference.field}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    subrequest: FieldName,
    field: FieldName,
}

impl Reference {
    /// Points to `field` of the answer of the subrequest named `subrequest`.
    pub fn new(subrequest: FieldName, field: FieldName) -> Self {
        Self { subrequest, field }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{{{}.{}}}", self.subrequest, self.field)
    }
}

/// The rows of a child subquery; an empty subquery is answered as `null`, not as this.
#[derive(Debug, Clone, PartialEq)]
pub struct Children {
    /// Rows in all, also those on later pages.
    pub total_size: u64,
    /// Whether `records` holds all of them.
    pub done: bool,
    /// Where the next page is when not done.
    pub next_records_url: Option<String>,
    /// The rows sent with the parent.
    pub records: Vec<Record>,
}

/// One record: its object and the fields that were selected or shall be written.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// The object's API name; `AggregateResult` for aggregate rows.
    pub object: String,
    /// Field values by API name.
    pub fields: BTreeMap<String, Value>,
}

impl Record {
    /// An empty record of an object, to be filled with [`Record::set`].
    pub fn new(object: &ObjectName) -> Self {
        Self {
            object: object.as_str().to_owned(),
            fields: BTreeMap::new(),
        }
    }

    /// This record with `field` set to `value`.
    #[must_use]
    pub fn with(mut self, field: &FieldName, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    /// Sets `field` to `value`.
    pub fn set(&mut self, field: &FieldName, value: impl Into<Value>) {
        self.fields.insert(field.as_str().to_owned(), value.into());
    }

    /// The record's own id, when it was selected.
    pub fn id(&self) -> Option<Id> {
        self.get("Id").and_then(Value::as_id)
    }

    /// The value at a field or dotted path (`Account.Name`); `None` when it was not selected.
    ///
    /// Below a null parent every path is [`Value::Null`]: the parent was selected and there is none.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let value = self.fields.get(first)?;
        match (value, rest) {
            (_, None) | (Value::Null, Some(_)) => Some(value),
            (Value::Record(parent), Some(rest)) => parent.get(rest),
            (Value::Object(parts), Some(rest)) => parts.get(rest),
            (
                Value::Bool(_)
                | Value::Number(_)
                | Value::NumberText(_)
                | Value::Text(_)
                | Value::Children(_)
                | Value::List(_)
                | Value::Reference(_),
                Some(_),
            ) => None,
        }
    }

    /// The text at a path; `None` when it is missing, null or not text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_text)
    }

    /// The id at a path.
    pub fn id_at(&self, path: &str) -> Option<Id> {
        self.get(path).and_then(Value::as_id)
    }

    /// The checkbox at a path.
    pub fn bool(&self, path: &str) -> Option<bool> {
        self.get(path).and_then(Value::as_bool)
    }

    /// The number at a path.
    pub fn decimal(&self, path: &str) -> Option<Decimal> {
        self.get(path).and_then(Value::as_decimal)
    }

    /// The moment at a path.
    pub fn datetime(&self, path: &str) -> Option<DateTime<Utc>> {
        self.get(path).and_then(Value::as_datetime)
    }

    /// The date at a path.
    pub fn date(&self, path: &str) -> Option<NaiveDate> {
        self.get(path).and_then(Value::as_date)
    }

    /// The rows of a child subquery; empty when there are none or it was not selected.
    pub fn children(&self, relationship: &str) -> &[Record] {
        match self.fields.get(relationship) {
            Some(Value::Children(children)) => &children.records,
            Some(_) | None => &[],
        }
    }
}

impl Value {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, when this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The checkbox state, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The exact number, when this is one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The record id this text is.
    pub fn as_id(&self) -> Option<Id> {
        self.as_text().and_then(|text| Id::parse(text).ok())
    }

    /// The moment this text is.
    pub fn as_datetime(&self) -> Option<DateTime<Utc>> {
        self.as_text().and_then(time::parse_datetime)
    }

    /// The date this text is.
    pub fn as_date(&self) -> Option<NaiveDate> {
        self.as_text().and_then(time::parse_date)
    }

    /// The time of day this text is.
    pub fn as_time(&self) -> Option<NaiveTime> {
        self.as_text().and_then(time::parse_time)
    }

    /// The parent record, when this is one.
    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The selected values of a multi-select picklist, in the order Salesforce sends them.
    pub fn multi_select(&self) -> impl Iterator<Item = &str> {
        self.as_text()
            .unwrap_or("")
            .split(';')
            .filter(|part| !part.is_empty())
    }

    /// A multi-select picklist value.
    pub fn from_multi_select<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Text(values.into_iter().collect::<Vec<_>>().join(";"))
    }
}

/// Values are customer content: Debug shows the kind only, so no log line can leak one.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(_) => f.write_str("Bool(..)"),
            Self::Number(_) | Self::NumberText(_) => f.write_str("Number(..)"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Record(record) => record.fmt(f),
            Self::Children(children) => write!(f, "Children({} rows)", children.records.len()),
            Self::Object(parts) => f.debug_list().entries(parts.keys()).finish(),
            Self::List(items) => write!(f, "List({} items)", items.len()),
            Self::Reference(reference) => write!(f, "Reference({reference})"),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} {:?})", self.object, self.fields)
    }
}

#[cfg(test)]
mod tests;
