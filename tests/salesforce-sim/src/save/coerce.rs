//! JSON to stored values: what each field type accepts, and the text hygiene of the platform.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value as Json};

use super::tx::Tx;
use crate::error::ApiError;
use crate::id::Id;
use crate::schema::{Field, FieldType};
use crate::value::{Value, parse_date, parse_datetime};

/// A save body, resolved to slots.
pub type Values = Vec<(u16, Value)>;

/// Whether the body creates or changes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// New row.
    Create,
    /// Existing row.
    Update,
}

/// Resolves and converts every field of a body.
///
/// # Errors
/// Unknown or hidden fields, fields the caller may not write, values of the wrong kind.
pub fn body(
    tx: &Tx<'_>,
    number: u16,
    fields: &Map<String, Json>,
    mode: Mode,
) -> Result<Values, ApiError> {
    let object = tx.org.schema.object(number);
    let mut values = Values::new();
    let mut denied = Vec::new();
    for (name, json) in fields {
        if name == "attributes" || (name.eq_ignore_ascii_case("Id") && json.is_null()) {
            continue;
        }
        if name.eq_ignore_ascii_case("Id") {
            return Err(match mode {
                Mode::Create => ApiError::save(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    "cannot specify Id in an insert call",
                    &["Id"],
                ),
                Mode::Update => ApiError::bare(
                    400,
                    "INVALID_FIELD",
                    "The Id field should not be specified in the sobject data.",
                ),
            });
        }
        let Some(slot) = object.slot(name) else {
            if let Some(found) = parent_by_key(tx, number, name, json)? {
                values.push(found);
                continue;
            }
            return Err(no_column(name, &object.name));
        };
        let field = &object.fields[usize::from(slot)];
        let access = tx.access.field(number, slot, field);
        if !access.read {
            return Err(no_column(name, &object.name));
        }
        let writable = if mode == Mode::Create {
            field.createable
        } else {
            field.updateable
        };
        if !writable || !access.edit {
            denied.push(field.name.as_str());
            continue;
        }
        values.push((slot, value(field, json)?));
    }
    if !denied.is_empty() {
        let message = format!(
            "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is \
             read/write for your profile or permission set.",
            denied.join(", ")
        );
        return Err(ApiError::save(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            message,
            &denied,
        ));
    }
    Ok(values)
}

/// An unknown or hidden column.
pub fn no_column(name: &str, object: &str) -> ApiError {
    ApiError::bare(
        400,
        "INVALID_FIELD",
        format!("No such column '{name}' on sobject of type {object}"),
    )
}

/// `"Account": {"Ext__c": "x"}`: a parent named by one of its external ids.
fn parent_by_key(
    tx: &Tx<'_>,
    number: u16,
    name: &str,
    json: &Json,
) -> Result<Option<(u16, Value)>, ApiError> {
    let object = tx.org.schema.object(number);
    let found = tx
        .access
        .visible(number, object)
        .find(|(_, field)| field.relationship.as_deref() == Some(name));
    let (Some((slot, field)), Json::Object(key)) = (found, json) else {
        return Ok(None);
    };
    let Some((key_name, key_value)) = key.iter().find(|(key, _)| *key != "attributes") else {
        return Ok(None);
    };
    for target in field
        .reference_to
        .iter()
        .filter_map(|target| tx.org.schema.number(target))
    {
        let Some(key_slot) = tx.org.schema.object(target).slot(key_name) else {
            continue;
        };
        let text = key_value
            .as_str()
            .map_or_else(|| key_value.to_string(), str::to_owned);
        let rows = super::upsert::find(&tx.view(), target, key_slot, &text);
        return match rows.as_slice() {
            [row] => Ok(Some((slot, Value::Id(*row)))),
            _ => Err(ApiError::save(
                "INVALID_FIELD",
                format!(
                    "Foreign key external ID: {text} not found for field {key_name} in entity {}",
                    tx.org.schema.object(target).name
                ),
                &[],
            )),
        };
    }
    Ok(None)
}

/// Converts one value.
///
/// # Errors
/// `JSON_PARSER_ERROR` and, for numbers out of range or malformed ids, their own codes.
pub fn value(field: &Field, json: &Json) -> Result<Value, ApiError> {
    use FieldType as T;
    if json.is_null() {
        return Ok(Value::Null);
    }
    match field.kind {
        T::Boolean => match json {
            Json::Bool(flag) => Ok(Value::Bool(*flag)),
            Json::String(text) if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            Json::String(text) if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            _ => Err(cannot(field, json)),
        },
        T::Int => {
            let number = decimal(json)
                .filter(|number| number.fract().is_zero())
                .map(|number| number.normalize())
                .ok_or_else(|| cannot(field, json))?;
            let digits = number.abs().to_string().len();
            if field.precision > 0 && digits > field.precision as usize {
                return Err(out_of_range(field, json));
            }
            number
                .to_string()
                .parse()
                .map(Value::Int)
                .map_err(|_| out_of_range(field, json))
        }
        T::Double | T::Currency | T::Percent => number(field, json),
        T::Date => {
            let text = json.as_str().ok_or_else(|| cannot(field, json))?;
            if text.is_empty() {
                return Ok(Value::Null);
            }
            parse_date(text)
                .or_else(|| parse_datetime(text).map(|ms| crate::clock::datetime(ms).date_naive()))
                .map(Value::Date)
                .ok_or_else(|| cannot(field, json))
        }
        T::DateTime => {
            let text = json.as_str().ok_or_else(|| cannot(field, json))?;
            if text.is_empty() {
                return Ok(Value::Null);
            }
            // Stored to the second, as the platform does for user-set moments.
            parse_datetime(text)
                .map(|ms| Value::DateTime(ms - ms.rem_euclid(1000)))
                .ok_or_else(|| cannot(field, json))
        }
        T::Id | T::Reference => {
            let text = json.as_str().ok_or_else(|| cannot(field, json))?;
            if text.is_empty() {
                return Ok(Value::Null);
            }
            Id::parse(text).map(Value::Id).ok_or_else(|| {
                ApiError::save(
                    "MALFORMED_ID",
                    format!("{}: id value of incorrect type: {text}", field.label),
                    &[&field.name],
                )
            })
        }
        T::MultiPicklist if json.is_array() => Err(cannot(field, json)),
        T::Address => Err(cannot(field, json)),
        T::Base64 => json
            .as_str()
            .map(Value::text)
            .ok_or_else(|| cannot(field, json)),
        _ => text(field, json.as_str().ok_or_else(|| cannot(field, json))?),
    }
}

fn number(field: &Field, json: &Json) -> Result<Value, ApiError> {
    if json.as_str() == Some("") {
        return Ok(Value::Null);
    }
    let number = match decimal(json) {
        Some(number) => number,
        // A number too large for a decimal is still a number.
        None if json.is_number() => return Err(out_of_range(field, json)),
        None => return Err(cannot(field, json)),
    };
    let rounded =
        number.round_dp_with_strategy(field.scale, RoundingStrategy::MidpointAwayFromZero);
    let whole_digits = field.precision.saturating_sub(field.scale).min(27);
    let limit = Decimal::from(10u64).checked_powu_small(whole_digits);
    if limit.is_some_and(|limit| rounded.abs() >= limit) {
        return Err(out_of_range(field, json));
    }
    Ok(Value::Number(rounded.normalize()))
}

trait SmallPower {
    fn checked_powu_small(self, exponent: u32) -> Option<Decimal>;
}

impl SmallPower for Decimal {
    /// Ten to a small power without the maths feature.
    fn checked_powu_small(self, exponent: u32) -> Option<Decimal> {
        let mut result = Decimal::ONE;
        for _ in 0..exponent {
            result = result.checked_mul(self)?;
        }
        Some(result)
    }
}

fn decimal(json: &Json) -> Option<Decimal> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    text.parse()
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

fn text(field: &Field, text: &str) -> Result<Value, ApiError> {
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
    {
        return Err(ApiError::save(
            "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET",
            format!(
                "{}: text contains characters outside the supported character set",
                field.label
            ),
            &[&field.name],
        ));
    }
    let trimmed = text.trim_end();
    if field.kind == FieldType::Textarea && trimmed.contains('\n') {
        // Line ends come back as CR LF.
        return Ok(Value::text(
            &trimmed.replace("\r\n", "\n").replace('\n', "\r\n"),
        ));
    }
    Ok(Value::text(trimmed))
}

fn out_of_range(field: &Field, json: &Json) -> ApiError {
    let message = format!(
        "{}: value outside of valid range on numeric field: {json}",
        field.label
    );
    ApiError::save("NUMBER_OUTSIDE_VALID_RANGE", message, &[&field.name])
}

fn cannot(field: &Field, json: &Json) -> ApiError {
    let (token, shown) = match json {
        Json::String(text) => ("VALUE_STRING", text.clone()),
        Json::Number(number) if number.is_f64() => ("VALUE_NUMBER_FLOAT", number.to_string()),
        Json::Number(number) => ("VALUE_NUMBER_INT", number.to_string()),
        Json::Bool(true) => ("VALUE_TRUE", "true".into()),
        Json::Bool(false) => ("VALUE_FALSE", "false".into()),
        Json::Array(_) => ("START_ARRAY", "[".into()),
        Json::Object(_) => ("START_OBJECT", "{".into()),
        Json::Null => ("VALUE_NULL", "null".into()),
    };
    let kind = if field.kind.is_text() {
        "string"
    } else {
        field.kind.name()
    };
    // The real text gives a position inside the body; a parsed body no longer has one.
    ApiError::json(format!(
        "Cannot deserialize instance of {kind} from {token} value {shown} or request may be missing a required field at [line:1, column:1]"
    ))
}
