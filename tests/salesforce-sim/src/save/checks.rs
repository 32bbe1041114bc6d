//! System checks: required fields, lengths, picklists, references, owners, unique keys.
//!
//! All of them run, so that a caller sees every field that stands in the way at once.

use super::row::Draft;
use super::tx::Tx;
use crate::access::RecordAccess;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::schema::{Field, FieldType, Object, offered};
use crate::store::Key;
use crate::value::Value;

/// Most values of a multi-select picklist.
const MULTI_VALUES_MAX: usize = 100;

/// Runs every check on the fields that changed.
pub fn run(tx: &Tx<'_>, draft: &Draft<'_>) -> SaveErrors {
    let object = tx.org.schema.object(draft.object);
    let mut errors = SaveErrors::new();
    required(object, draft, &mut errors);
    for (slot, field) in object.live_fields() {
        if field.computed.is_some() || !draft.changed(slot) {
            continue;
        }
        let value = draft.after.get(slot);
        match value {
            Value::Null => {}
            Value::Text(text) => self::text(object, draft, field, text, &mut errors),
            Value::Id(id) => errors.extend(reference(tx, object, field, *id)),
            Value::Bool(_)
            | Value::Int(_)
            | Value::Number(_)
            | Value::Date(_)
            | Value::DateTime(_) => {}
        }
        if field.unique && !value.is_null() {
            errors.extend(unique(tx, draft, slot, field));
        }
    }
    stage(tx, object, draft, &mut errors);
    dependent(object, draft, &mut errors);
    if errors.is_empty() {
        errors.extend(owner(tx, object, draft));
    }
    errors
}

fn required(object: &Object, draft: &Draft<'_>, errors: &mut SaveErrors) {
    let missing: Vec<&str> = object
        .live_fields()
        .filter(|(slot, field)| {
            let must = field.required()
                || (!field.nillable && field.updateable && field.kind != FieldType::Boolean);
            // On update only a field the caller emptied can be missing.
            field.computed.is_none()
                && must
                && draft.after.get(*slot).is_null()
                && (draft.before.is_none() || draft.sent.contains(slot))
        })
        .map(|(_, field)| field.name.as_str())
        .collect();
    if !missing.is_empty() {
        let message = format!("Required fields are missing: [{}]", missing.join(", "));
        errors.push(ApiError::save("REQUIRED_FIELD_MISSING", message, &missing));
    }
}

fn text(object: &Object, draft: &Draft<'_>, field: &Field, text: &str, errors: &mut SaveErrors) {
    let length = if field.kind == FieldType::Base64 {
        0
    } else {
        text.encode_utf16().count()
    };
    if length > field.length as usize {
        let shown: String = text.chars().take(255).collect();
        let message = format!(
            "{}: data value too large: {shown} (max length={})",
            field.label, field.length
        );
        errors.push(ApiError::save("STRING_TOO_LONG", message, &[&field.name]));
        return;
    }
    match field.kind {
        FieldType::Email if !is_email(text) => {
            let message = format!("{}: invalid email address: {text}", field.label);
            errors.push(ApiError::save(
                "INVALID_EMAIL_ADDRESS",
                message,
                &[&field.name],
            ));
        }
        FieldType::Picklist if field.restricted => {
            let record_type = record_type(object, draft);
            if !offered(object, field, record_type)
                .iter()
                .any(|value| value.value == text)
            {
                errors.push(bad_value(field, text));
            }
        }
        FieldType::MultiPicklist => {
            let chosen: Vec<&str> = text.split(';').collect();
            if chosen.len() > MULTI_VALUES_MAX {
                let message = format!("{}: too many values in multi-select picklist", field.label);
                errors.push(ApiError::save(
                    "TOO_MANY_ENUM_VALUE",
                    message,
                    &[&field.name],
                ));
            }
            let allowed = offered(object, field, record_type(object, draft));
            let unknown = chosen
                .iter()
                .find(|chosen| !allowed.iter().any(|value| value.value == **chosen));
            if let Some(unknown) = unknown.filter(|_| field.restricted) {
                errors.push(bad_value(field, unknown));
            }
        }
        _ => {}
    }
}

fn record_type(object: &Object, draft: &Draft<'_>) -> Option<Id> {
    object
        .slot("RecordTypeId")
        .and_then(|slot| draft.after.get(slot).as_id())
}

fn bad_value(field: &Field, value: &str) -> ApiError {
    let message = format!(
        "{}: bad value for restricted picklist field: {value}",
        field.label
    );
    ApiError::save(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        message,
        &[&field.name],
    )
}

/// StageName is unrestricted in a stock describe, yet only known stages of the record type's sales
/// process can be saved.
fn stage(tx: &Tx<'_>, object: &Object, draft: &Draft<'_>, errors: &mut SaveErrors) {
    let (Some(slot), true) = (object.slot("StageName"), object.name == "Opportunity") else {
        return;
    };
    let field = &object.fields[usize::from(slot)];
    let record_type_changed = object
        .slot("RecordTypeId")
        .is_some_and(|slot| draft.changed(slot));
    if !draft.changed(slot) && !record_type_changed {
        return;
    }
    let Some(name) = draft.after.get(slot).as_text() else {
        return;
    };
    let known = tx.org.schema.stage(name).is_some_and(|stage| stage.active);
    let allowed = offered(object, field, record_type(object, draft))
        .iter()
        .any(|value| value.value == name);
    if !known || !allowed {
        errors.push(bad_value(field, name));
    }
}

fn dependent(object: &Object, draft: &Draft<'_>, errors: &mut SaveErrors) {
    for (slot, field) in object.live_fields() {
        let Some(controller) = field
            .controller
            .as_deref()
            .and_then(|name| object.slot(name))
        else {
            continue;
        };
        if !field.restricted || !(draft.changed(slot) || draft.changed(controller)) {
            continue;
        }
        let Some(value) = draft.after.get(slot).as_text() else {
            continue;
        };
        let controlling = match draft.after.get(controller) {
            Value::Bool(flag) => flag.to_string(),
            other => other.as_text().unwrap_or("").to_owned(),
        };
        let entry = field.values.iter().find(|entry| entry.value == value);
        let already_reported = errors.iter().any(|error| {
            error
                .fields
                .as_ref()
                .is_some_and(|fields| fields.contains(&field.name))
        });
        if !already_reported && entry.is_none_or(|entry| !entry.valid_for.contains(&controlling)) {
            errors.push(bad_value(field, value));
        }
    }
}

fn reference(tx: &Tx<'_>, object: &Object, field: &Field, id: Id) -> Option<ApiError> {
    let schema = &tx.org.schema;
    let invalid = |fields: &[&str]| {
        Some(ApiError::save(
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            fields,
        ))
    };
    if field.name == "RecordTypeId" {
        let known = object
            .record_types
            .iter()
            .any(|kind| kind.id == id && kind.active)
            || id == Id::MASTER_RECORD_TYPE;
        let message = "Record Type ID: this ID value isn't valid for the user: ";
        return (!known).then(|| {
            ApiError::save(
                "INVALID_CROSS_REFERENCE_KEY",
                format!("{message}{id}"),
                &[&field.name],
            )
        });
    }
    let Some(target) = schema.of_prefix(id.prefix()) else {
        return invalid(&[]);
    };
    let target_prefix = &schema.object(target).prefix;
    let allowed = field.reference_to.iter().any(|name| {
        schema
            .number(name)
            .is_some_and(|number| schema.object(number).prefix == *target_prefix)
    });
    if !allowed {
        let message = format!("{}: id value of incorrect type: {id}", field.label);
        return Some(ApiError::save(
            "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD",
            message,
            &[&field.name],
        ));
    }
    match tx.org.find(id) {
        None => invalid(&[]),
        Some((_, row)) if row.deleted => Some(ApiError::save(
            "ENTITY_IS_DELETED",
            "entity is deleted",
            &[],
        )),
        Some(_)
            if tx.access.record(id) == Some(RecordAccess::None)
                || !tx.access.object(target).read =>
        {
            Some(ApiError::save(
                "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                format!(
                    "insufficient access rights on cross-reference id: {}",
                    id.short()
                ),
                &[],
            ))
        }
        Some(_) => None,
    }
}

fn owner(tx: &Tx<'_>, object: &Object, draft: &Draft<'_>) -> Option<ApiError> {
    let slot = object.slot("OwnerId")?;
    let owner = draft.after.get(slot).as_id()?;
    let users = tx.org.number("User");
    let is_user = owner.prefix() == tx.org.schema.object(users).prefix;
    if !is_user {
        let queues_allowed = object.fields[usize::from(slot)]
            .reference_to
            .iter()
            .any(|target| target == "Group");
        return (!queues_allowed).then(|| {
            ApiError::save(
                "INVALID_CROSS_REFERENCE_KEY",
                "Owner ID: owner cannot be blank",
                &["OwnerId"],
            )
        });
    }
    if tx.org.is_active(owner) || (tx.access.update_inactive_owners() && !draft.changed(slot)) {
        return None;
    }
    let message = format!(
        "operation performed with inactive user [{owner}] as owner of {}",
        object.label.to_lowercase()
    );
    Some(ApiError::save(
        "INACTIVE_OWNER_OR_USER",
        message,
        &["OwnerId"],
    ))
}

fn unique(tx: &Tx<'_>, draft: &Draft<'_>, slot: u16, field: &Field) -> Option<ApiError> {
    let table = tx.org.table(draft.object);
    let key = Key::of(draft.after.get(slot))?;
    let rows = table.lookup(slot, &key)?;
    let clash = rows
        .into_iter()
        .filter_map(|at| table.at(at))
        .find(|row| row.id != draft.after.id && !row.deleted)?;
    let message = format!(
        "duplicate value found: {} duplicates value on record with id: {}",
        field.name,
        clash.id.short()
    );
    Some(ApiError::save("DUPLICATE_VALUE", message, &[]))
}

/// The platform's own syntax check, roughly: one `@`, a dotted domain, no blanks.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses_are_judged_as_the_platform_judges_them() {
        for (text, expected) in [
            ("pat@example.com", true),
            ("o'neil+crm@sub.example.co.uk", true),
            ("pat", false),
            ("pat@example", false),
            ("pat@@example.com", false),
            ("pat @example.com", false),
            (".pat@example.com", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
    }
}
