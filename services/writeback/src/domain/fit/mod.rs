//! Fits a value to a field: what Salesforce will store, or why it cannot.
//!
//! Nothing is guessed. A picklist value is taken exactly, by label, or by a synonym an admin wrote down; text is cut
//! only where the mapping says so, between graphemes, and marked; numbers are never rounded silently.

mod picklist;
mod plain;
mod stored;
#[cfg(test)]
mod tests;
mod textual;

use chrono::SecondsFormat;
use chrono_tz::Tz;

use super::meeting::Typed;
use super::schema::{Field, Kind, Stage};
use super::value::FieldValue;
pub use stored::takes;

use picklist::{fit_multi, fit_picklist};
use plain::{fit_boolean, fit_currency, fit_date, fit_number};
use textual::{fit_short, fit_text, is_email};

/// What fitting needs beside the value and the field.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Text that is too long is cut and marked.
    pub truncate: bool,
    /// (as said, the picklist's value).
    pub synonyms: &'a [(String, String)],
    /// Joins several texts.
    pub list_separator: &'a str,
    /// Days are cut in this zone.
    pub time_zone: Tz,
    /// The record's record type; `None` when not known or none.
    pub record_type_id: Option<&'a str>,
    /// The record's currency; `None` when not known, as in orgs with one currency.
    pub currency: Option<&'a str>,
    /// Index of the controlling field's value; `None` when not known.
    pub controlling_index: Option<u32>,
    /// The stages, for StageName.
    pub stages: &'a [Stage],
}

/// A fitted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// What is written.
    pub value: FieldValue,
    /// It was cut.
    pub truncated: bool,
}

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfit {
    /// Stable.
    pub code: &'static str,
    /// For a person, with the fix.
    pub message: String,
}

fn unfit(code: &'static str, message: impl Into<String>) -> Unfit {
    Unfit {
        code,
        message: message.into(),
    }
}

/// Fits `value` to `field`.
///
/// # Errors
/// Why it does not fit.
pub fn fit(value: &Typed, field: &Field, rules: Rules<'_>) -> Result<Fitted, Unfit> {
    if matches!(value, Typed::Elsewhere) {
        return Err(unfit(
            "text_elsewhere",
            "the text is kept outside the event and was not fetched; publish it inline",
        ));
    }
    let exact = |value| Fitted {
        value,
        truncated: false,
    };
    match field.kind {
        Kind::Text | Kind::TextArea | Kind::Combobox => fit_text(value, field, rules),
        Kind::Email => fit_short(value, field, "email", is_email),
        Kind::Phone => fit_short(value, field, "phone", |text| {
            text.chars().any(|c| c.is_ascii_digit())
        }),
        Kind::Url => fit_short(value, field, "url", |text| {
            !text.contains(char::is_whitespace) && text.contains('.')
        }),
        Kind::Picklist => fit_picklist(value, field, rules).map(exact),
        Kind::MultiPicklist => fit_multi(value, field, rules).map(exact),
        Kind::Boolean => fit_boolean(value).map(exact),
        Kind::Int => fit_number(value, field, 0).map(exact),
        Kind::Currency => {
            fit_currency(value, rules.currency)?;
            fit_number(value, field, field.scale).map(exact)
        }
        Kind::Double | Kind::Percent => fit_number(value, field, field.scale).map(exact),
        Kind::Date => fit_date(value, rules.time_zone).map(exact),
        Kind::DateTime => match value {
            Typed::DateTime(moment) => Ok(exact(FieldValue::Text(
                moment.to_rfc3339_opts(SecondsFormat::Millis, true),
            ))),
            _ => Err(unfit(
                "not_a_moment",
                "the field takes a moment and the value is none",
            )),
        },
        Kind::Time => Err(unfit(
            "time_unsupported",
            "time-of-day fields are not written",
        )),
        Kind::Reference => Err(unfit(
            "reference_refused",
            "only lookups to users are set, and only from a mapped address; map another field",
        )),
        Kind::Other => Err(unfit(
            "type_unsupported",
            "fields of this type cannot be written; map another field",
        )),
    }
}

pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}
