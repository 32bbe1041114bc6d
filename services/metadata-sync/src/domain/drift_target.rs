//! What changes have to be written to for a difference to hit them: how writeback is asked for the blast radius.

use super::drift::{Change, Kind};

/// The object and the field; an empty field stands for every field of the object and for records created of it.
#[must_use]
pub fn of(change: &Change) -> (String, String) {
    let whole = (change.object.clone(), String::new());
    let field = (change.object.clone(), change.field.clone());
    match change.kind {
        Kind::ObjectRemoved
        | Kind::ValidationRuleAdded
        | Kind::ValidationRuleChanged
        | Kind::ValidationRuleRemoved
        | Kind::RecordTypeRemoved => whole,
        // The object's own permission has no field.
        Kind::PermissionLost | Kind::PermissionGained => field,
        Kind::StageAdded | Kind::StageChanged | Kind::StageRemoved => {
            (change.object.clone(), "StageName".to_owned())
        }
        // Nothing is written to users, and writeback does not know who owns a record: nothing is counted.
        Kind::OwnerDeactivated => whole,
        Kind::FieldRemoved
        | Kind::FieldRenamed
        | Kind::FieldAdded
        | Kind::FieldRetyped
        | Kind::FieldShortened
        | Kind::FieldLengthened
        | Kind::FieldRequired
        | Kind::PicklistRestricted
        | Kind::PicklistValueRemoved
        | Kind::PicklistValueDeactivated
        | Kind::PicklistValueRenamed
        | Kind::PicklistValueRelabelled
        | Kind::PicklistValueAdded => field,
    }
}
