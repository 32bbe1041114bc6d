//! The value of one Salesforce field as we hold it: exact, and independent of any client library.
//!
//! Numbers are decimals parsed from the JSON text itself: a float would change money nobody touched.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// One field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Empty; written, it clears the field.
    Null,
    /// A checkbox.
    Bool(bool),
    /// A number, exact.
    Number(Decimal),
    /// Everything that travels as text: picklists, dates, ids, long text.
    Text(String),
}

/// Fields of one record, by API name.
pub type Fields = BTreeMap<String, FieldValue>;

/// Why JSON is not a field value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("value is not a JSON null, boolean, number or text: {0}")]
pub struct NotAValue(&'static str);

impl FieldValue {
    /// Salesforce stores the empty text as nothing, so both are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// The text, when this is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => quote(text),
        }
    }

    /// From JSON text.
    ///
    /// # Errors
    /// When the text is not JSON, or is a list or an object, or a number beyond 28 digits.
    pub fn from_json(json: &str) -> Result<Self, NotAValue> {
        let json = json.trim();
        match json.as_bytes().first() {
            Some(b'n') if json == "null" => Ok(Self::Null),
            Some(b't') if json == "true" => Ok(Self::Bool(true)),
            Some(b'f') if json == "false" => Ok(Self::Bool(false)),
            Some(b'"') => serde_json::from_str(json)
                .map(Self::Text)
                .map_err(|_| NotAValue("broken text")),
            Some(b'-' | b'0'..=b'9') => number(json)
                .map(Self::Number)
                .ok_or(NotAValue("broken number")),
            _ => Err(NotAValue("something else")),
        }
    }

    /// For a person: text in quotes, at most 80 characters.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => {
                let mut short: String = text.chars().take(80).collect();
                if short.len() < text.len() {
                    short.push('…');
                }
                format!("\"{short}\"")
            }
        }
    }
}

/// A decimal from JSON's number syntax, exponent form included.
fn number(json: &str) -> Option<Decimal> {
    if json.contains(['e', 'E']) {
        Decimal::from_scientific(json).ok()
    } else {
        Decimal::from_str_exact(json).ok()
    }
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("text always serialises")
}

/// Several fields as one JSON object.
#[must_use]
pub fn fields_to_json(fields: &Fields) -> String {
    let mut json = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&quote(name));
        json.push(':');
        json.push_str(&value.to_json());
    }
    json.push('}');
    json
}

/// Several fields from one JSON object.
///
/// # Errors
/// When the text is not an object of values.
pub fn fields_from_json(json: &str) -> Result<Fields, NotAValue> {
    let raw: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(json).map_err(|_| NotAValue("not an object"))?;
    raw.into_iter()
        .map(|(name, value)| Ok((name, FieldValue::from_json(value.get())?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn money_survives_json() {
        for json in [
            "12345678901234567.89",
            "0.10",
            "-3",
            "null",
            "true",
            "\"a\\\"b\"",
        ] {
            assert_eq!(FieldValue::from_json(json).unwrap().to_json(), json);
        }
        assert_eq!(
            FieldValue::from_json("1.5E3").unwrap(),
            FieldValue::Number(Decimal::from(1500))
        );
        for json in ["", "[1]", "{}", "nul", "1x", "\"open"] {
            assert!(FieldValue::from_json(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn fields_survive_json(text in "\\PC{0,40}", number in any::<i64>(), flag in any::<bool>()) {
            let fields = Fields::from([
                ("A".to_owned(), FieldValue::Text(text)),
                ("B".to_owned(), FieldValue::Number(number.into())),
                ("C".to_owned(), FieldValue::Bool(flag)),
                ("D".to_owned(), FieldValue::Null),
            ]);
            prop_assert_eq!(fields_from_json(&fields_to_json(&fields)).unwrap(), fields);
        }
    }
}
