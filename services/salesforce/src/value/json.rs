//! Values and records to and from JSON, numbers kept digit for digit.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Children, Record, Value};

/// Deepest nesting of parents, children and compound values accepted in an answer.
const DEPTH_MAX: usize = 24;

impl Value {
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

/// The body of a collection write.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowsBody<'a> {
    pub all_or_none: bool,
    pub records: &'a [Record],
}
