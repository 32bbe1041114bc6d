//! What changed about one field, and its picklist.

use std::collections::BTreeMap;

use super::{Change, Kind, excerpt, field_access, permission, typed};
use crate::domain::schema::{Field, PicklistValue};

pub(super) fn of_field(
    object: &str,
    name: &str,
    before: &Field,
    after: &Field,
    found: &mut Vec<Change>,
) {
    let mut push = |kind, was: String, is: String| {
        found.push(Change {
            kind,
            object: object.to_owned(),
            field: name.to_owned(),
            before: excerpt(&was),
            after: excerpt(&is),
        });
    };
    if before.kind != after.kind || before.calculated != after.calculated {
        push(Kind::FieldRetyped, typed(before), typed(after));
    } else if before.shape() != after.shape() {
        // Digits before the point count: 18,2 to 18,4 takes less money, though the precision stayed.
        let whole = |field: &Field| field.precision.saturating_sub(field.scale);
        let less = after.length < before.length
            || after.scale < before.scale
            || whole(after) < whole(before);
        let kind = if less {
            Kind::FieldShortened
        } else {
            Kind::FieldLengthened
        };
        push(kind, before.shape(), after.shape());
    }
    let (was, is) = (field_access(before), field_access(after));
    if was != is {
        let lost =
            (before.updateable && !after.updateable) || (before.createable && !after.createable);
        push(permission(lost), was, is);
    }
    if !before.restricted_picklist && after.restricted_picklist {
        push(
            Kind::PicklistRestricted,
            "any value".into(),
            "listed values only".into(),
        );
    }
    if before.nillable && !after.nillable && !after.defaulted_on_create {
        push(
            Kind::FieldRequired,
            "may be empty".into(),
            "required".into(),
        );
    }
    picklist(before, after, &mut push);
}

/// Values by what is written. A value that went while one of the same label came was renamed: labels are what people
/// see, and nobody gives two values of one list the same.
fn picklist(before: &Field, after: &Field, push: &mut impl FnMut(Kind, String, String)) {
    let by_value = |field: &Field| -> BTreeMap<String, PicklistValue> {
        let values = field.picklist.iter();
        values
            .map(|entry| (entry.value.clone(), entry.clone()))
            .collect()
    };
    let (was, is) = (by_value(before), by_value(after));
    let usable = |list: &BTreeMap<String, PicklistValue>, value: &String| {
        list.get(value).is_some_and(|entry| entry.active)
    };
    let new: Vec<&PicklistValue> = is
        .values()
        .filter(|entry| entry.active && !was.contains_key(&entry.value))
        .collect();
    let mut renamed = Vec::new();
    for (value, entry) in was.iter().filter(|(_, entry)| entry.active) {
        match is.get(value) {
            Some(now) if !now.active => {
                push(Kind::PicklistValueDeactivated, value.clone(), String::new());
            }
            Some(now) if now.label != entry.label => push(
                Kind::PicklistValueRelabelled,
                entry.label.clone(),
                now.label.clone(),
            ),
            Some(_) => {}
            None => {
                let same: Vec<&&PicklistValue> = new
                    .iter()
                    .filter(|other| {
                        !entry.label.is_empty()
                            && other.label.to_lowercase() == entry.label.to_lowercase()
                    })
                    .collect();
                if let [only] = same.as_slice() {
                    push(
                        Kind::PicklistValueRenamed,
                        value.clone(),
                        only.value.clone(),
                    );
                    renamed.push(only.value.clone());
                } else {
                    push(Kind::PicklistValueRemoved, value.clone(), String::new());
                }
            }
        }
    }
    for (value, _) in is.iter().filter(|(_, entry)| entry.active) {
        if !usable(&was, value) && !renamed.contains(value) {
            push(Kind::PicklistValueAdded, String::new(), value.clone());
        }
    }
}
