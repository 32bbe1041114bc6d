//! Schema changes an admin could make while clients hold cached describes.

use serde_json::Value as Json;

use crate::org::Org;
use crate::save::coerce;
use crate::schema::{Field, PicklistValue, parse};
use crate::value::Value;

fn locate(org: &Org, object: &str, field: &str) -> Result<(u16, u16), String> {
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| format!("no object {object}"))?;
    let slot = org
        .schema
        .object(number)
        .slot(field)
        .ok_or_else(|| format!("no field {object}.{field}"))?;
    Ok((number, slot))
}

/// Changes one field in place.
pub(super) fn change(
    org: &mut Org,
    object: &str,
    field: &str,
    change: impl FnOnce(&mut Field),
) -> Result<(), String> {
    let (number, slot) = locate(org, object, field)?;
    let described = org.schema.object_mut(number);
    change(&mut described.fields[usize::from(slot)]);
    described.reindex();
    org.touch();
    Ok(())
}

/// Adds a field from a definition line.
pub(super) fn add(org: &mut Org, object: &str, definition: &str) -> Result<(), String> {
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| format!("no object {object}"))?;
    let field = parse::field(definition).ok_or_else(|| format!("bad definition {definition}"))?;
    let described = org.schema.object_mut(number);
    if described.field(&field.name).is_some() {
        return Err(format!("{object}.{} exists", field.name));
    }
    let (indexed, slot) = (field.indexed, described.fields.len() as u16);
    described.fields.push(field);
    described.reindex();
    if indexed {
        org.table_mut(number).add_index(slot);
    }
    org.touch();
    Ok(())
}

/// Deletes a field and its data.
pub(super) fn delete(org: &mut Org, object: &str, field: &str) -> Result<(), String> {
    let (number, slot) = locate(org, object, field)?;
    org.table_mut(number).rewrite(slot, |_| Value::Null);
    change(org, object, field, |field| field.gone = true)
}

/// Gives a field the type of a definition line; its name stays.
pub(super) fn retype(
    org: &mut Org,
    object: &str,
    field: &str,
    definition: &str,
) -> Result<(), String> {
    let (number, slot) = locate(org, object, field)?;
    let mut new = parse::field(definition).ok_or_else(|| format!("bad definition {definition}"))?;
    new.name = org.schema.object(number).fields[usize::from(slot)]
        .name
        .clone();
    let wanted = new.clone();
    change(org, object, field, |field| *field = new)?;
    org.table_mut(number).rewrite(slot, |value| {
        let json = value.to_json();
        let as_text = match &json {
            Json::Null => return Value::Null,
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let converted = coerce::value(&wanted, &json)
            .or_else(|_| coerce::value(&wanted, &Json::String(as_text)));
        converted.unwrap_or(Value::Null)
    });
    if wanted.indexed {
        org.table_mut(number).add_index(slot);
    }
    Ok(())
}

/// Replaces a picklist's values; those that stay keep what they depend on.
pub(super) fn set_picklist(
    org: &mut Org,
    object: &str,
    field: &str,
    active: &[String],
    inactive: &[String],
) -> Result<(), String> {
    change(org, object, field, |field| {
        let old = std::mem::take(&mut field.values);
        let entry = |value: &String, active: bool| {
            let known = old.iter().find(|entry| entry.value == *value);
            PicklistValue {
                value: value.clone(),
                label: known.map_or_else(|| value.clone(), |entry| entry.label.clone()),
                active,
                default: active && known.is_some_and(|entry| entry.default),
                valid_for: known
                    .map(|entry| entry.valid_for.clone())
                    .unwrap_or_default(),
            }
        };
        field.values = active
            .iter()
            .map(|value| entry(value, true))
            .chain(inactive.iter().map(|value| entry(value, false)))
            .collect();
    })
}

/// Gives one value another name and label.
pub(super) fn set_picklist_value(
    org: &mut Org,
    object: &str,
    field: &str,
    value: &str,
    to: &str,
    label: &str,
) -> Result<(), String> {
    let mut known = false;
    change(org, object, field, |field| {
        for entry in field.values.iter_mut().filter(|entry| entry.value == value) {
            to.clone_into(&mut entry.value);
            label.clone_into(&mut entry.label);
            known = true;
        }
    })?;
    known
        .then_some(())
        .ok_or_else(|| format!("no value {value} of {object}.{field}"))
}
