//! Fits a value to a field: what Salesforce will store, or why it cannot.
//!
//! Nothing is guessed. A picklist value is taken exactly, by label, or by a synonym an admin wrote down; text is cut
//! only where the mapping says so, between graphemes, and marked; numbers are never rounded silently.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use rust_decimal::Decimal;
use std::str::FromStr;

use super::meeting::Typed;
use super::schema::{Field, Kind, PicklistValue, Stage};
use super::text;
use super::value::FieldValue;

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
        Kind::Double | Kind::Currency | Kind::Percent => {
            fit_number(value, field, field.scale).map(exact)
        }
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
            "lookups are never set from what was said; map another field",
        )),
        Kind::Other => Err(unfit(
            "type_unsupported",
            "fields of this type cannot be written; map another field",
        )),
    }
}

/// The value as plain text.
fn as_text(value: &Typed, rules: Rules<'_>) -> String {
    match value {
        Typed::Text(text) => text.clone(),
        Typed::Number(number) => number.normalize().to_string(),
        Typed::Bool(flag) => (if *flag { "Yes" } else { "No" }).to_owned(),
        Typed::Date(date) => date.to_string(),
        Typed::DateTime(moment) => moment
            .with_timezone(&rules.time_zone)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string(),
        Typed::List(items) => {
            let separator = if rules.list_separator.is_empty() {
                "; "
            } else {
                rules.list_separator
            };
            items.join(separator)
        }
        Typed::Money { amount, currency } if currency.is_empty() => amount.to_string(),
        Typed::Money { amount, currency } => format!("{amount} {currency}"),
        Typed::Elsewhere => String::new(),
    }
}

fn fit_text(value: &Typed, field: &Field, rules: Rules<'_>) -> Result<Fitted, Unfit> {
    let mut plain = text::clean(&as_text(value, rules));
    if plain.is_empty() {
        return Err(unfit(
            "empty",
            "the value is empty and would clear the field",
        ));
    }
    if field.kind == Kind::Text {
        plain = plain.replace('\n', " ");
    }
    let encode = |text: &str| {
        if field.html {
            text::to_html(text)
        } else {
            text.to_owned()
        }
    };
    let encoded = encode(&plain);
    if field.length == 0 || text::length(&encoded) <= field.length {
        return Ok(Fitted {
            value: FieldValue::Text(encoded),
            truncated: false,
        });
    }
    if !rules.truncate {
        return Err(too_long(text::length(&encoded), field.length));
    }
    // Escaping grows text (a quote by six), so the cut is made before it and repeated until the result fits.
    let mut room = field.length;
    loop {
        let candidate = encode(&text::cut(&plain, room));
        let over = text::length(&candidate).saturating_sub(field.length);
        if over == 0 {
            return Ok(Fitted {
                value: FieldValue::Text(candidate),
                truncated: true,
            });
        }
        if room == 0 {
            return Err(too_long(text::length(&encoded), field.length));
        }
        room = room.saturating_sub((over / 6).max(1));
    }
}

fn too_long(found: usize, max: usize) -> Unfit {
    unfit(
        "too_long",
        format!(
            "the text has {found} characters and the field takes {max}; shorten it or allow truncation in the mapping"
        ),
    )
}

/// One-line values of a fixed form are never cut: half an address is a wrong address.
fn fit_short(
    value: &Typed,
    field: &Field,
    what: &'static str,
    valid: impl Fn(&str) -> bool,
) -> Result<Fitted, Unfit> {
    let Typed::Text(raw) = value else {
        return Err(unfit("not_text", format!("the value is not {what} text")));
    };
    let text = text::clean(raw).trim().to_owned();
    if text.is_empty() || text.contains('\n') || !valid(&text) {
        return Err(unfit(
            "malformed",
            format!("the value is not a valid {what}; correct it"),
        ));
    }
    if field.length > 0 && text::length(&text) > field.length {
        return Err(too_long(text::length(&text), field.length));
    }
    Ok(Fitted {
        value: FieldValue::Text(text),
        truncated: false,
    })
}

/// Salesforce's own check is stricter; this one only keeps obvious nonsense from costing a call.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.contains(char::is_whitespace)
            && domain.matches('@').count() == 0
    })
}

fn fit_boolean(value: &Typed) -> Result<FieldValue, Unfit> {
    let said = match value {
        Typed::Bool(flag) => return Ok(FieldValue::Bool(*flag)),
        Typed::Text(text) => text.trim().to_lowercase(),
        Typed::Number(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::List(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => String::new(),
    };
    match said.as_str() {
        "true" | "yes" => Ok(FieldValue::Bool(true)),
        "false" | "no" => Ok(FieldValue::Bool(false)),
        _ => Err(unfit(
            "not_a_boolean",
            "the field takes yes or no and the value is neither",
        )),
    }
}

fn fit_number(value: &Typed, field: &Field, scale: u32) -> Result<FieldValue, Unfit> {
    let number = match value {
        Typed::Number(number) => *number,
        Typed::Money { amount, .. } => *amount,
        Typed::Text(text) => Decimal::from_str(text.trim()).map_err(|_| {
            unfit(
                "not_a_number",
                "the field takes a number and the value is none; correct it",
            )
        })?,
        Typed::Bool(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::List(_)
        | Typed::Elsewhere => {
            return Err(unfit(
                "not_a_number",
                "the field takes a number and the value is none; correct it",
            ));
        }
    };
    let number = number.normalize();
    if number.scale() > scale {
        return Err(unfit(
            "too_many_decimals",
            format!(
                "{number} has more than the {scale} decimals the field keeps; round it by hand"
            ),
        ));
    }
    if field.precision > 0 {
        let integer_digits = field.precision.saturating_sub(field.scale);
        let digits = number.abs().trunc().normalize().to_string();
        let used = if digits == "0" { 0 } else { digits.len() };
        if used > integer_digits as usize {
            return Err(unfit(
                "out_of_range",
                format!(
                    "{number} has more than the {integer_digits} digits the field takes before the point"
                ),
            ));
        }
    }
    Ok(FieldValue::Number(number))
}

fn fit_date(value: &Typed, time_zone: Tz) -> Result<FieldValue, Unfit> {
    let date = match value {
        Typed::Date(date) => *date,
        Typed::DateTime(moment) => moment.with_timezone(&time_zone).date_naive(),
        Typed::Text(text) => chrono::NaiveDate::from_str(text.trim()).map_err(|_| {
            unfit(
                "not_a_date",
                "the field takes a day and the value is none; write it as YYYY-MM-DD",
            )
        })?,
        Typed::Number(_)
        | Typed::Bool(_)
        | Typed::List(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => {
            return Err(unfit(
                "not_a_date",
                "the field takes a day and the value is none; write it as YYYY-MM-DD",
            ));
        }
    };
    Ok(FieldValue::Text(date.to_string()))
}

/// Exact, else label, else synonym; the first that names an active value available to the record.
fn choose<'a>(said: &str, field: &'a Field, rules: Rules<'_>) -> Result<&'a PicklistValue, Unfit> {
    let said = text::clean(said).trim().to_owned();
    let named = |wanted: &str, by: fn(&PicklistValue) -> &str, fold: bool| {
        field.values.iter().find(|value| {
            let own = by(value);
            own == wanted || (fold && own.to_lowercase() == wanted.to_lowercase())
        })
    };
    let value: fn(&PicklistValue) -> &str = |value| value.value.as_str();
    let label: fn(&PicklistValue) -> &str = |value| value.label.as_str();
    let found = named(&said, value, false)
        .or_else(|| named(&said, label, false))
        .or_else(|| named(&said, value, true))
        .or_else(|| named(&said, label, true))
        .or_else(|| {
            rules
                .synonyms
                .iter()
                .find(|(from, _)| from.to_lowercase() == said.to_lowercase())
                .and_then(|(_, to)| named(to, value, false))
        });
    let Some(found) = found else {
        return Err(unfit(
            "picklist_value_unknown",
            format!(
                "\"{}\" is not a value of the list; choose one or add a synonym to the mapping",
                excerpt(&said)
            ),
        ));
    };
    if !found.active {
        return Err(unfit(
            "picklist_value_inactive",
            format!(
                "\"{}\" is inactive in the list; choose another value",
                found.value
            ),
        ));
    }
    if let Some(record_type) = rules.record_type_id
        && !found.record_type_ids.is_empty()
        && !found.record_type_ids.iter().any(|id| id == record_type)
    {
        return Err(unfit(
            "picklist_value_not_in_record_type",
            format!(
                "\"{}\" is not available for the record's record type; choose another value",
                found.value
            ),
        ));
    }
    if field.controller.is_some() && !found.valid_for.is_empty() {
        match rules.controlling_index {
            Some(index) if found.valid_for.contains(&index) => {}
            Some(_) => {
                return Err(unfit(
                    "picklist_value_not_for_controller",
                    format!(
                        "\"{}\" is not allowed for the controlling field's value",
                        found.value
                    ),
                ));
            }
            None => {
                return Err(unfit(
                    "picklist_controller_empty",
                    format!(
                        "\"{}\" depends on another field, which is empty or unknown",
                        found.value
                    ),
                ));
            }
        }
    }
    Ok(found)
}

fn fit_picklist(value: &Typed, field: &Field, rules: Rules<'_>) -> Result<FieldValue, Unfit> {
    let said = match value {
        Typed::Text(text) => text.clone(),
        Typed::List(items) if items.len() == 1 => items[0].clone(),
        Typed::Number(number) => number.normalize().to_string(),
        Typed::Bool(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::List(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => {
            return Err(unfit(
                "not_one_value",
                "the field takes one value of a list",
            ));
        }
    };
    // A stage's label and the picklist's may differ after a rename; the stage list is the authority.
    if !rules.stages.is_empty() {
        let stage = rules.stages.iter().find(|stage| {
            stage.api_name == said
                || stage.label == said
                || stage.api_name.to_lowercase() == said.to_lowercase()
                || stage.label.to_lowercase() == said.to_lowercase()
        });
        if let Some(stage) = stage {
            if !stage.active {
                return Err(unfit(
                    "stage_inactive",
                    format!(
                        "the stage \"{}\" is inactive; choose another",
                        stage.api_name
                    ),
                ));
            }
            if field
                .values
                .iter()
                .any(|value| value.value == stage.api_name)
            {
                return choose(&stage.api_name, field, rules)
                    .map(|found| FieldValue::Text(found.value.clone()));
            }
            return Ok(FieldValue::Text(stage.api_name.clone()));
        }
    }
    choose(&said, field, rules).map(|found| FieldValue::Text(found.value.clone()))
}

fn fit_multi(value: &Typed, field: &Field, rules: Rules<'_>) -> Result<FieldValue, Unfit> {
    let said: Vec<String> = match value {
        Typed::List(items) => items.clone(),
        Typed::Text(text) => text.split(';').map(str::to_owned).collect(),
        Typed::Number(_)
        | Typed::Bool(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => {
            return Err(unfit("not_a_list", "the field takes values of a list"));
        }
    };
    let mut chosen: Vec<&str> = Vec::new();
    for item in said.iter().filter(|item| !item.trim().is_empty()) {
        let value = choose(item, field, rules)?.value.as_str();
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    if chosen.is_empty() {
        return Err(unfit(
            "empty",
            "the value is empty and would clear the field",
        ));
    }
    // Salesforce's own limit (TOO_MANY_ENUM_VALUE).
    if chosen.len() > 100 {
        return Err(unfit(
            "too_many_values",
            "a multi-select takes at most 100 values",
        ));
    }
    Ok(FieldValue::Text(chosen.join(";")))
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    fn field(kind: Kind) -> Field {
        Field {
            name: "F__c".into(),
            label: "F".into(),
            kind,
            length: 0,
            precision: 0,
            scale: 0,
            nillable: true,
            createable: true,
            updateable: true,
            calculated: false,
            restricted: false,
            values: vec![],
            controller: None,
            external_id: false,
            html: false,
        }
    }

    fn rules() -> Rules<'static> {
        Rules {
            truncate: false,
            synonyms: &[],
            list_separator: "",
            time_zone: Tz::Europe__Berlin,
            record_type_id: None,
            controlling_index: None,
            stages: &[],
        }
    }

    fn picklist() -> Field {
        let value = |value: &str, label: &str| PicklistValue {
            value: value.into(),
            label: label.into(),
            active: true,
            valid_for: vec![],
            record_type_ids: vec![],
        };
        let mut field = field(Kind::Picklist);
        field.values = vec![
            value("hot", "Hot lead"),
            value("cold", "Cold lead"),
            PicklistValue {
                active: false,
                ..value("gone", "Gone")
            },
            PicklistValue {
                record_type_ids: vec!["012A".into()],
                ..value("typed", "Typed")
            },
        ];
        field
    }

    fn text(value: &str) -> Typed {
        Typed::Text(value.into())
    }

    fn code(outcome: Result<Fitted, Unfit>) -> &'static str {
        outcome.unwrap_err().code
    }

    #[test]
    fn text_fits_is_cut_or_is_held() {
        let mut short = field(Kind::Text);
        short.length = 8;
        let cut = Rules {
            truncate: true,
            ..rules()
        };
        assert_eq!(
            fit(&text("a\nb "), &short, rules()).unwrap().value,
            FieldValue::Text("a b".into())
        );
        assert_eq!(code(fit(&text("123456789"), &short, rules())), "too_long");
        let fitted = fit(&text("123456789"), &short, cut).unwrap();
        assert_eq!(
            (fitted.value, fitted.truncated),
            (FieldValue::Text("1234567…".into()), true)
        );
        assert_eq!(code(fit(&text(" \u{0}"), &short, rules())), "empty");
        assert_eq!(
            code(fit(&Typed::Elsewhere, &short, rules())),
            "text_elsewhere"
        );
    }

    #[test]
    fn rich_text_is_escaped_and_still_fits() {
        let mut rich = field(Kind::TextArea);
        rich.html = true;
        rich.length = 12;
        let cut = Rules {
            truncate: true,
            ..rules()
        };
        assert_eq!(
            fit(&text("a<b\nc"), &rich, rules()).unwrap().value,
            FieldValue::Text("a&lt;b<br>c".into())
        );
        let FieldValue::Text(fitted) = fit(&text("<<<<<<<<"), &rich, cut).unwrap().value else {
            panic!("text stays text")
        };
        assert_eq!(fitted, "&lt;&lt;…");
    }

    #[test]
    fn picklists_take_value_label_or_synonym_and_nothing_else() {
        let synonyms = [
            ("warm".to_owned(), "hot".to_owned()),
            ("x".to_owned(), "missing".to_owned()),
        ];
        let with = Rules {
            synonyms: &synonyms,
            ..rules()
        };
        for (said, expected) in [
            ("hot", "hot"),
            ("Hot lead", "hot"),
            ("COLD", "cold"),
            ("Warm", "hot"),
        ] {
            assert_eq!(
                fit(&text(said), &picklist(), with).unwrap().value,
                FieldValue::Text(expected.into()),
                "{said}"
            );
        }
        assert_eq!(
            code(fit(&text("tepid"), &picklist(), with)),
            "picklist_value_unknown"
        );
        assert_eq!(
            code(fit(&text("x"), &picklist(), with)),
            "picklist_value_unknown"
        );
        assert_eq!(
            code(fit(&text("gone"), &picklist(), with)),
            "picklist_value_inactive"
        );
        let other_type = Rules {
            record_type_id: Some("012B"),
            ..rules()
        };
        assert_eq!(
            code(fit(&text("typed"), &picklist(), other_type)),
            "picklist_value_not_in_record_type"
        );
    }

    #[test]
    fn dependent_values_need_their_controller() {
        let mut dependent = picklist();
        dependent.controller = Some("Parent__c".into());
        dependent.values[0].valid_for = vec![1];
        for (index, expected) in [
            (Some(1), None),
            (Some(0), Some("picklist_value_not_for_controller")),
            (None, Some("picklist_controller_empty")),
        ] {
            let with = Rules {
                controlling_index: index,
                ..rules()
            };
            assert_eq!(
                fit(&text("hot"), &dependent, with)
                    .err()
                    .map(|unfit| unfit.code),
                expected
            );
        }
    }

    #[test]
    fn several_values_are_joined_once_each() {
        let mut multi = picklist();
        multi.kind = Kind::MultiPicklist;
        let list = Typed::List(vec!["hot".into(), "Cold lead".into(), "HOT".into()]);
        assert_eq!(
            fit(&list, &multi, rules()).unwrap().value,
            FieldValue::Text("hot;cold".into())
        );
        assert_eq!(code(fit(&Typed::List(vec![]), &multi, rules())), "empty");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let mut amount = field(Kind::Currency);
        amount.precision = 6;
        amount.scale = 2;
        let number = |text: &str| Typed::Number(Decimal::from_str(text).unwrap());
        for (said, expected) in [
            ("1234.50", "1234.5"),
            ("-0.01", "-0.01"),
            ("9999.99", "9999.99"),
        ] {
            assert_eq!(
                fit(&number(said), &amount, rules())
                    .unwrap()
                    .value
                    .to_json(),
                expected
            );
        }
        assert_eq!(
            code(fit(&number("0.001"), &amount, rules())),
            "too_many_decimals"
        );
        assert_eq!(
            code(fit(&number("10000"), &amount, rules())),
            "out_of_range"
        );
        assert_eq!(
            code(fit(&text("about five"), &amount, rules())),
            "not_a_number"
        );
        assert_eq!(
            code(fit(&number("1.5"), &field(Kind::Int), rules())),
            "too_many_decimals"
        );
    }

    #[test]
    fn a_day_is_the_day_where_the_workspace_is() {
        let late = Typed::DateTime(Utc.with_ymd_and_hms(2024, 2, 28, 23, 30, 0).unwrap());
        assert_eq!(
            fit(&late, &field(Kind::Date), rules()).unwrap().value,
            FieldValue::Text("2024-02-29".into())
        );
        assert_eq!(
            fit(&late, &field(Kind::DateTime), rules()).unwrap().value,
            FieldValue::Text("2024-02-28T23:30:00.000Z".into())
        );
        assert_eq!(
            code(fit(&text("next Tuesday"), &field(Kind::Date), rules())),
            "not_a_date"
        );
    }

    #[test]
    fn forms_are_checked_and_references_refused() {
        for (kind, good, bad) in [
            (Kind::Email, "ann@acme.com", "ann at acme"),
            (Kind::Phone, "+49 30 1234", "call me"),
            (Kind::Url, "https://acme.com/x", "not a url"),
        ] {
            assert!(fit(&text(good), &field(kind), rules()).is_ok(), "{good}");
            assert_eq!(
                code(fit(&text(bad), &field(kind), rules())),
                "malformed",
                "{bad}"
            );
        }
        assert_eq!(
            code(fit(&text("003"), &field(Kind::Reference), rules())),
            "reference_refused"
        );
        assert_eq!(
            fit(&text("Yes"), &field(Kind::Boolean), rules())
                .unwrap()
                .value,
            FieldValue::Bool(true)
        );
        assert_eq!(
            code(fit(&text("maybe"), &field(Kind::Boolean), rules())),
            "not_a_boolean"
        );
    }
}
