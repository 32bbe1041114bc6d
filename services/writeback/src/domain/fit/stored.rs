//! Whether a value that fitted when it was approved still fits: the field may have changed since. Nothing is converted
//! here, because what is written is what was approved.

use super::{Rules, Unfit, fit, unfit};
use crate::domain::meeting::Typed;
use crate::domain::schema::{Field, Kind};
use crate::domain::text;
use crate::domain::value::FieldValue;
use chrono::Utc;
use chrono_tz::Tz;

/// Checks an approved value against the field as it is now.
///
/// # Errors
/// Why it no longer fits.
pub fn takes(value: &FieldValue, field: &Field) -> Result<(), Unfit> {
    let typed = match value {
        FieldValue::Null if field.nillable => return Ok(()),
        FieldValue::Null => return Err(unfit("required", "the field may no longer be empty")),
        FieldValue::Bool(flag) => Typed::Bool(*flag),
        FieldValue::Number(number) => Typed::Number(*number),
        FieldValue::Text(text) => match field.kind {
            Kind::Text
            | Kind::TextArea
            | Kind::Combobox
            | Kind::Email
            | Kind::Phone
            | Kind::Url => return within(text, field),
            Kind::Picklist => return listed(std::iter::once(text.as_str()), field),
            Kind::MultiPicklist => return listed(text.split(';'), field),
            Kind::DateTime => match chrono::DateTime::parse_from_rfc3339(text) {
                Ok(moment) => Typed::DateTime(moment.with_timezone(&Utc)),
                Err(_) => Typed::Text(text.clone()),
            },
            // A day is text in JSON.
            Kind::Date => Typed::Text(text.clone()),
            Kind::Boolean
            | Kind::Int
            | Kind::Double
            | Kind::Currency
            | Kind::Percent
            | Kind::Time
            | Kind::Reference
            | Kind::Other => {
                return Err(unfit(
                    "type_changed",
                    "the field no longer takes text; map another field or correct the value",
                ));
            }
        },
    };
    // Salesforce takes `true` and `5` for text no more than it takes text for a number.
    let textual = !matches!(
        field.kind,
        Kind::Boolean
            | Kind::Int
            | Kind::Double
            | Kind::Currency
            | Kind::Percent
            | Kind::Date
            | Kind::DateTime
    );
    if textual {
        return Err(unfit(
            "type_changed",
            "the field takes text now; map another field or correct the value",
        ));
    }
    fit(&typed, field, plain_rules()).map(|_| ())
}

/// Approved text is encoded already: only its length can have become too much.
fn within(text: &str, field: &Field) -> Result<(), Unfit> {
    let found = text::length(text);
    if field.length == 0 || found <= field.length {
        return Ok(());
    }
    Err(unfit(
        "too_long",
        format!(
            "the text has {found} characters and the field takes {} now; shorten it or allow truncation in the mapping",
            field.length
        ),
    ))
}

fn listed<'a>(values: impl Iterator<Item = &'a str>, field: &Field) -> Result<(), Unfit> {
    for value in values {
        let known = field
            .values
            .iter()
            .find(|known| known.value == value && known.active);
        if known.is_none() && !field.values.is_empty() {
            return Err(unfit(
                "picklist_value_gone",
                format!(
                    "\"{}\" may no longer be chosen in the list; choose another value or add a synonym to the mapping",
                    super::excerpt(value)
                ),
            ));
        }
    }
    Ok(())
}

fn plain_rules() -> Rules<'static> {
    Rules {
        currency: None,
        truncate: false,
        synonyms: &[],
        list_separator: "",
        time_zone: Tz::UTC,
        record_type_id: None,
        controlling_index: None,
        stages: &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::PicklistValue;
    use rust_decimal::Decimal;

    fn field(kind: Kind, length: usize) -> Field {
        Field {
            name: "F__c".into(),
            label: "F".into(),
            kind,
            length,
            precision: 6,
            scale: 2,
            nillable: true,
            createable: true,
            updateable: true,
            calculated: false,
            restricted: true,
            values: ["Good", "Bad"]
                .into_iter()
                .filter(|_| matches!(kind, Kind::Picklist | Kind::MultiPicklist))
                .map(|value| PicklistValue {
                    value: value.into(),
                    label: value.into(),
                    active: value == "Good",
                    valid_for: vec![],
                    record_type_ids: vec![],
                })
                .collect(),
            controller: None,
            external_id: false,
            html: false,
            initial: crate::domain::schema::Initial::Blank,
            relationship: String::new(),
            reference_to: vec![],
            formula: String::new(),
            formula_blank_as_zero: false,
        }
    }

    #[test]
    fn a_value_is_held_exactly_when_the_field_changed_under_it() {
        let text = |text: &str| FieldValue::Text(text.into());
        let number = |number: i64| FieldValue::Number(Decimal::from(number));
        for (value, kind, length, expected) in [
            (text("said"), Kind::Text, 4, None),
            (text("said"), Kind::Text, 3, Some("too_long")),
            (text("said"), Kind::Double, 0, Some("type_changed")),
            (text("said"), Kind::Boolean, 0, Some("type_changed")),
            (text("said"), Kind::Reference, 0, Some("type_changed")),
            (text("2026-03-02"), Kind::Date, 0, None),
            (text("said"), Kind::Date, 0, Some("not_a_date")),
            (text("2026-03-02T10:00:00Z"), Kind::DateTime, 0, None),
            (text("said"), Kind::DateTime, 0, Some("not_a_moment")),
            (text("Good"), Kind::Picklist, 0, None),
            (text("Bad"), Kind::Picklist, 0, Some("picklist_value_gone")),
            (text("Ugly"), Kind::Picklist, 0, Some("picklist_value_gone")),
            (
                text("Good;Bad"),
                Kind::MultiPicklist,
                0,
                Some("picklist_value_gone"),
            ),
            (number(12), Kind::Currency, 0, None),
            (number(123_456), Kind::Currency, 0, Some("out_of_range")),
            (number(12), Kind::Text, 10, Some("type_changed")),
            (FieldValue::Bool(true), Kind::Boolean, 0, None),
            (
                FieldValue::Bool(true),
                Kind::Double,
                0,
                Some("not_a_number"),
            ),
            (FieldValue::Null, Kind::Text, 10, None),
        ] {
            let found = takes(&value, &field(kind, length)).err();
            assert_eq!(
                found.map(|unfit| unfit.code),
                expected,
                "{value:?} into {kind:?}"
            );
        }
        let required = Field {
            nillable: false,
            ..field(Kind::Text, 10)
        };
        assert!(takes(&FieldValue::Null, &required).is_err());
    }
}
