//! Yes or no, numbers and days.

use super::{Unfit, unfit};
use crate::domain::meeting::Typed;
use crate::domain::schema::Field;
use crate::domain::value::FieldValue;
use chrono_tz::Tz;
use rust_decimal::Decimal;
use std::str::FromStr;

pub(super) fn fit_boolean(value: &Typed) -> Result<FieldValue, Unfit> {
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

/// An amount in another currency than the record's is another amount: nobody converts it here.
pub(super) fn fit_currency(value: &Typed, of_record: Option<&str>) -> Result<(), Unfit> {
    let Typed::Money { currency, .. } = value else {
        return Ok(());
    };
    match of_record {
        Some(known) if !currency.is_empty() && !known.eq_ignore_ascii_case(currency) => Err(unfit(
            "other_currency",
            format!("the amount is in {currency} and the record in {known}; convert it by hand"),
        )),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn fit_number(value: &Typed, field: &Field, scale: u32) -> Result<FieldValue, Unfit> {
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

pub(super) fn fit_date(value: &Typed, time_zone: Tz) -> Result<FieldValue, Unfit> {
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
