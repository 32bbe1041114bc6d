//! Values as a formula sees them.
//!
//! There is one blank: an empty text is [`Value::Null`], as on the platform (section 4.2).

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, NaiveDate, Timelike, Utc};

use crate::kind::Kind;
use crate::number::Number;

/// Milliseconds in a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A value, borrowing its text where it can.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Blank.
    Null,
    /// True or false.
    Bool(bool),
    /// A decimal.
    Number(Number),
    /// A text, a picklist's API value, or the `;`-joined values of a multi-select. Never empty.
    Text(Cow<'a, str>),
    /// A day.
    Date(NaiveDate),
    /// An instant, in milliseconds since 1970-01-01 GMT.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(u32),
    /// Latitude and longitude in degrees.
    Location(f64, f64),
}

impl<'a> Value<'a> {
    /// A text value; blank when empty.
    #[must_use]
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Value::Null
        } else {
            Value::Text(text)
        }
    }

    /// The instant `at`.
    #[must_use]
    pub fn instant(at: DateTime<Utc>) -> Self {
        Value::DateTime(at.timestamp_millis())
    }

    /// The same value, not borrowing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(flag) => Value::Bool(flag),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Date(date) => Value::Date(date),
            Value::DateTime(at) => Value::DateTime(at),
            Value::Time(at) => Value::Time(at),
            Value::Location(latitude, longitude) => Value::Location(latitude, longitude),
        }
    }

    /// The same value, borrowing its text.
    #[must_use]
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(flag) => Value::Bool(*flag),
            Value::Number(number) => Value::Number(number.clone()),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Date(date) => Value::Date(*date),
            Value::DateTime(at) => Value::DateTime(*at),
            Value::Time(at) => Value::Time(*at),
            Value::Location(latitude, longitude) => Value::Location(*latitude, *longitude),
        }
    }

    /// Whether it is blank.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether a field of `kind` may hold it.
    #[must_use]
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(_) => kind == Kind::Boolean,
            Value::Number(_) => matches!(kind, Kind::Number | Kind::Percent),
            Value::Text(_) => matches!(
                kind,
                Kind::Text | Kind::Id | Kind::Picklist | Kind::MultiPicklist
            ),
            Value::Date(_) => kind == Kind::Date,
            Value::DateTime(_) => kind == Kind::DateTime,
            Value::Time(_) => kind == Kind::Time,
            Value::Location(..) => kind == Kind::Location,
        }
    }

    /// Reads a value as the REST API and the fixtures write it: `kind` says how a text is read.
    /// `None` when the JSON cannot be a value of that kind.
    #[must_use]
    pub fn from_json(kind: Kind, json: &serde_json::Value) -> Option<Value<'static>> {
        use serde_json::Value as Json;
        Some(match (kind, json) {
            (_, Json::Null) => Value::Null,
            (Kind::Boolean, Json::Bool(flag)) => Value::Bool(*flag),
            (Kind::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("true") => {
                Value::Bool(true)
            }
            (Kind::Boolean, Json::String(text)) if text.eq_ignore_ascii_case("false") => {
                Value::Bool(false)
            }
            (Kind::Number | Kind::Percent, Json::String(text)) if text.is_empty() => Value::Null,
            (Kind::Number | Kind::Percent, Json::String(text)) => {
                Value::Number(Number::parse(text)?)
            }
            (Kind::Number | Kind::Percent, Json::Number(number)) => {
                Value::Number(Number::parse(&number.to_string())?)
            }
            (Kind::Text | Kind::Id | Kind::Picklist | Kind::MultiPicklist, Json::String(text)) => {
                Value::text(text.clone())
            }
            (Kind::Text | Kind::Picklist, Json::Number(number)) => Value::text(number.to_string()),
            (Kind::MultiPicklist, Json::Array(members)) => {
                let members: Option<Vec<&str>> = members.iter().map(Json::as_str).collect();
                Value::text(members?.join(";"))
            }
            (Kind::Date | Kind::DateTime | Kind::Time, Json::String(text)) if text.is_empty() => {
                Value::Null
            }
            (Kind::Date, Json::String(text)) => Value::Date(date(text)?),
            (Kind::DateTime, Json::String(text)) => Value::DateTime(instant(text)?),
            (Kind::Time, Json::String(text)) => Value::Time(time(text)?),
            (Kind::Location, Json::Object(parts)) => {
                let part = |name: &str| parts.get(name).and_then(Json::as_f64);
                Value::Location(part("latitude")?, part("longitude")?)
            }
            _ => return None,
        })
    }

    /// Writes the value as the fixtures do: numbers as decimal strings, days and instants in ISO form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => serde_json::Value::Bool(*flag),
            Value::Location(latitude, longitude) => {
                serde_json::json!({"latitude": latitude, "longitude": longitude})
            }
            other => serde_json::Value::String(other.to_string()),
        }
    }
}

/// A day from the first ten characters, so that the day of an instant is accepted as well.
fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..10).unwrap_or(text), "%Y-%m-%d").ok()
}

/// An instant as the API writes it (`+0000` without a colon) or as ISO 8601 does; a day is its midnight.
fn instant(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|at| at.timestamp_millis())
        .ok()
        .or_else(|| {
            let midnight = NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)?;
            Some(midnight.and_utc().timestamp_millis())
        })
}

/// A time of day, with or without milliseconds and the API's `Z`.
fn time(text: &str) -> Option<u32> {
    let time = chrono::NaiveTime::parse_from_str(text.trim_end_matches('Z'), "%H:%M:%S%.f").ok()?;
    Some(time.num_seconds_from_midnight() * 1000 + time.nanosecond() / 1_000_000)
}

/// Plain, for sentences and JSON: the text as it is, days and instants in ISO form, blank as `blank`.
impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("blank"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::Date(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Value::DateTime(at) => match DateTime::from_timestamp_millis(*at) {
                Some(at) if at.timestamp_subsec_millis() != 0 => {
                    write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
                }
                Some(at) => write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%SZ")),
                None => write!(f, "{at} ms"),
            },
            Value::Time(at) => write!(
                f,
                "{:02}:{:02}:{:02}.{:03}",
                at / 3_600_000,
                at / 60_000 % 60,
                at / 1000 % 60,
                at % 1000
            ),
            Value::Location(latitude, longitude) => write!(f, "{latitude}, {longitude}"),
        }
    }
}
