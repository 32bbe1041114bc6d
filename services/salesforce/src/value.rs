//! Field values and records, as Salesforce sends and takes them.
//!
//! Numbers stay exact: each is parsed as a decimal from the JSON text itself. Going through a float
//! would turn 0.1 + 0.2 of a currency field into a difference nobody made.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::time;

/// Deepest nesting of parents, children and compound values accepted in an answer.
const DEPTH_MAX: usize = 24;

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

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > DEPTH_MAX {
            return Err(<serde_json::Error as serde::de::Error>::custom(
                "value is nested too deeply",
            ));
        }
        let text = raw.get().trim();
        match text.as_bytes().first() {
            Some(b'n') => Ok(Self::Null),
            Some(b't') => Ok(Self::Bool(true)),
            Some(b'f') => Ok(Self::Bool(false)),
            Some(b'"') => Ok(Self::Text(serde_json::from_str(text)?)),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(Self::from_raw(item, depth + 1)?);
                }
                Ok(Self::List(list))
            }
            Some(b'{') => Self::from_object(text, depth),
            _ => Ok(parse_number(text)),
        }
    }

    fn from_object(text: &str, depth: usize) -> Result<Self, serde_json::Error> {
        let mut parts: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        if parts.contains_key("records") && parts.contains_key("totalSize") {
            let sent: ChildrenSent<'_> = serde_json::from_str(text)?;
            let mut records = Vec::with_capacity(sent.records.len());
            for raw in sent.records {
                records.push(Record::from_raw(raw, depth + 1)?);
            }
            return Ok(Self::Children(Children {
                total_size: sent.total_size,
                done: sent.done,
                next_records_url: sent.next_records_url,
                records,
            }));
        }
        let attributes: Option<Attributes> = parts
            .get("attributes")
            .and_then(|raw| serde_json::from_str(raw.get()).ok());
        if attributes.is_some() {
            parts.remove("attributes");
        }
        let mut fields = BTreeMap::new();
        for (name, raw) in parts {
            fields.insert(name, Self::from_raw(raw, depth + 1)?);
        }
        Ok(match attributes {
            Some(attributes) => Self::Record(Box::new(Record {
                object: attributes.object,
                fields,
            })),
            None => Self::Object(fields),
        })
    }
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "type")]
    object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChildrenSent<'a> {
    total_size: u64,
    #[serde(default = "yes")]
    done: bool,
    next_records_url: Option<String>,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
}

fn yes() -> bool {
    true
}

/// Salesforce sends doubles in exponent form at times (`1.0E7`).
fn parse_number(text: &str) -> Value {
    let parsed = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str_exact(text).ok()
    };
    match parsed {
        Some(number) => Value::Number(number),
        None => Value::NumberText(text.to_owned()),
    }
}

impl Record {
    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, serde_json::Error> {
        match Value::from_raw(raw, depth)? {
            Value::Record(record) => Ok(*record),
            // Some answers (single tooling rows, old versions) leave the attributes out.
            Value::Object(fields) => Ok(Self {
                object: String::new(),
                fields,
            }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::NumberText(_)
            | Value::Text(_)
            | Value::Children(_)
            | Value::List(_)
            | Value::Reference(_) => Err(<serde_json::Error as serde::de::Error>::custom(
                "record is not an object",
            )),
        }
    }

    /// The record as a write body: fields only, without `attributes` and without `Id`.
    pub(crate) fn fields_only(&self) -> FieldsOnly<'_> {
        FieldsOnly(self)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_raw(&raw, 0).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_raw(&raw, 0).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exact = |text: String, serializer: S| {
            RawValue::from_string(text)
                .map_err(S::Error::custom)?
                .serialize(serializer)
        };
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => exact(number.to_string(), serializer),
            Self::NumberText(text) => exact(text.clone(), serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Record(record) => record.serialize(serializer),
            Self::Children(children) => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("totalSize", &children.total_size)?;
                map.serialize_entry("done", &children.done)?;
                map.serialize_entry("records", &children.records)?;
                map.end()
            }
            Self::Object(parts) => parts.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Reference(reference) => serializer.collect_str(reference),
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len() + 1))?;
        if !self.object.is_empty() {
            map.serialize_entry("attributes", &BTreeMap::from([("type", &self.object)]))?;
        }
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Serialises a record's fields without attributes and id: the id travels in the URL.
pub(crate) struct FieldsOnly<'a>(&'a Record);

impl Serialize for FieldsOnly<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0.fields {
            if !name.eq_ignore_ascii_case("Id") {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
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

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self::Text(id.into())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Text(time::format_datetime(moment))
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Self::Text(time::format_date(date))
    }
}

impl From<NaiveTime> for Value {
    fn from(time: NaiveTime) -> Self {
        Self::Text(time::format_time(time))
    }
}

impl From<Reference> for Value {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
