//! Whether a difference is gone again: the org is, in this respect, as it was before.

use super::{
    Change, EXCERPT_CHARACTERS_MAX, Kind, excerpt, field_access, object_access, rule_text,
    stage_text, typed,
};
use crate::domain::schema::Schema;

/// Whether what `change` reported is undone in `current`: the org is, in this respect, as it was before.
#[must_use]
pub fn undone(change: &Change, current: &Schema) -> bool {
    let Some(object) = current.get(&change.object) else {
        return false;
    };
    let field = object.fields.get(&change.field);
    // A text that was cut cannot prove that it is as before.
    let same = |now: String| {
        change.before.chars().count() < EXCERPT_CHARACTERS_MAX && excerpt(&now) == change.before
    };
    match change.kind {
        Kind::ObjectRemoved => true,
        Kind::FieldRemoved => field.is_some_and(|now| now.shape() == change.before),
        Kind::FieldRenamed => field.is_some(),
        Kind::FieldRetyped => field.is_some_and(|now| typed(now) == change.before),
        Kind::FieldShortened => field.is_some_and(|now| now.shape() == change.before),
        Kind::PicklistRestricted => field.is_some_and(|now| !now.restricted_picklist),
        Kind::FieldRequired => field.is_some_and(|now| now.nillable || now.defaulted_on_create),
        Kind::PicklistValueRemoved
        | Kind::PicklistValueDeactivated
        | Kind::PicklistValueRenamed => field.is_some_and(|now| {
            now.picklist
                .iter()
                .any(|entry| entry.active && excerpt(&entry.value) == change.before)
        }),
        Kind::PermissionLost if change.field.is_empty() => object_access(object) == change.before,
        Kind::PermissionLost => field.is_some_and(|now| field_access(now) == change.before),
        Kind::StageChanged | Kind::StageRemoved => {
            let now = object
                .stages
                .iter()
                .find(|stage| stage.api_name == change.field);
            same(now.map(stage_text).unwrap_or_default())
        }
        Kind::ValidationRuleAdded | Kind::ValidationRuleChanged => {
            let now = object
                .validation_rules
                .iter()
                .find(|rule| rule.name == change.field);
            same(now.map(rule_text).unwrap_or_default())
        }
        Kind::RecordTypeRemoved => object
            .record_types
            .iter()
            .any(|now| now.id == change.before && now.available),
        // Users are followed with the records, not with the schema.
        Kind::OwnerDeactivated => false,
        // Never open, so never to be undone.
        Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PicklistValueRelabelled
        | Kind::PermissionGained
        | Kind::ValidationRuleRemoved
        | Kind::StageAdded => false,
    }
}
