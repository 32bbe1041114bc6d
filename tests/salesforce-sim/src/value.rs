//! Field values as the org stores them, and their text forms on the wire.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value as Json;

use crate::clock::datetime;
use crate::id::Id;

/// One stored value. Absent fields are not stored at all, so rows stay small.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Empty; an empty string is stored as this.
    Null,
    /// Checkbox.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `double`, `currency`, `percent`.
    Number(Decimal),
    /// Text of every kind, picklist values, `a;b;c` for multi-select.
    Text(Box<str>),
    /// Reference or id.
    Id(Id),
    /// Days since 1970.
    Date(NaiveDate),
    /// Milliseconds since 1970.
    DateTime(i64),
}

impl Value {
    /// Text, or null when empty.
    pub fn text(text: &str) -> Value {
        if text.is_empty() {
            Value::Null
        } else {
            Value::Text(text.into())
        }
    }

    /// Whether nothing is stored.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The id, if it is one.
    pub fn as_id(&self) -> Option<Id> {
        if let Value::Id(id) = self {
            Some(*id)
        } else {
            None
        }
    }

    /// The checkbox; false when empty.
    pub fn as_bool(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// The number, of either numeric kind.
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Int(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    /// As the REST API prints it.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Number(number) => number.to_f64().map_or(Json::Null, Json::from),
            Value::Text(text) => Json::from(&**text),
            Value::Id(id) => Json::from(id.to_string()),
            Value::Date(date) => Json::from(date.format("%Y-%m-%d").to_string()),
            Value::DateTime(ms) => Json::from(format_datetime(*ms)),
        }
    }

    /// Appends the JSON form to `out`.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Text(text) => write_string(text, out),
            Value::Id(id) => {
                out.push('"');
                out.push_str(&id.to_string());
                out.push('"');
            }
            _ => out.push_str(&self.to_json().to_string()),
        }
    }
}

/// Appends a JSON string literal.
pub(crate) fn write_string(text: &str, out: &mut String) {
    // Serialising a str cannot fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// `2015-06-26T20:00:02.000+0000`: the offset has no colon.
pub fn format_datetime(ms: i64) -> String {
    datetime(ms)
        .format("%Y-%m-%dT%H:%M:%S%.3f+0000")
        .to_string()
}

/// Reads a datetime in any form the API accepts: with `Z`, `+hh:mm`, `+hhmm` or without seconds' fraction.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|at| at.with_timezone(&Utc));
    if let Ok(at) = parsed {
        return Some(at.timestamp_millis());
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        return Some(at.and_utc().timestamp_millis());
    }
    parse_date(text).map(day_start_ms)
}

/// Reads `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    if text.len() != 10 {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Midnight UTC of a day.
pub fn day_start_ms(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::{format_datetime, parse_datetime};

    #[test]
    fn a_recorded_datetime_survives_a_round_trip() {
        let text = "2015-06-26T20:00:02.000+0000";
        assert_eq!(
            parse_datetime(text).map(format_datetime).as_deref(),
            Some(text)
        );
        assert_eq!(
            parse_datetime("2015-06-26T22:00:02+02:00"),
            parse_datetime("2015-06-26T20:00:02Z")
        );
        assert_eq!(parse_datetime("yesterday"), None);
    }
}
