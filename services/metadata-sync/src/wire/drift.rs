//! Drift items.

use events::crm::v1::{DriftItem, DriftKind, DriftSeverity, DriftStatus};
use events::rpc::RpcError;

use super::timestamp;
use crate::domain::drift::{Kind, Severity};
use crate::domain::impact;
use crate::domain::item::{Item, Status};

/// An item as it travels.
#[must_use]
pub fn message(item: &Item) -> DriftItem {
    let status = match item.status {
        Status::Open => DriftStatus::Open,
        Status::Accepted => DriftStatus::Accepted,
        Status::Repaired => DriftStatus::Repaired,
        Status::Ignored => DriftStatus::Ignored,
    };
    DriftItem {
        id: item.id.to_string(),
        kind: kind(item.change.kind).into(),
        object: item.change.object.clone(),
        field: item.change.field.clone(),
        before: item.change.before.clone(),
        after: item.change.after.clone(),
        entry_ids: item.entry_ids.clone(),
        proposed_repair: item.proposed_repair.clone(),
        detected_at: Some(timestamp(item.detected_at)),
        status: status.into(),
        severity: match item.severity {
            Severity::Info => DriftSeverity::Info,
            Severity::Warning => DriftSeverity::Warning,
            Severity::Critical => DriftSeverity::Critical,
        }
        .into(),
        touched_entry_ids: item.touched_entry_ids.clone(),
        destinations: item.destinations.clone(),
        resolved_by: item.resolved_by.clone(),
        resolved_at: item.resolved_at.map(timestamp),
        reason: item.reason.clone(),
        repairable: item.status == Status::Open && impact::applies(item.change.kind),
        queued_changes: 0,
        queued_changes_known: false,
        people: item.people.clone(),
    }
}

fn kind(kind: Kind) -> DriftKind {
    match kind {
        Kind::ObjectRemoved => DriftKind::ObjectRemoved,
        Kind::FieldRemoved => DriftKind::FieldRemoved,
        Kind::FieldRenamed => DriftKind::FieldRenamed,
        Kind::FieldAdded => DriftKind::FieldAdded,
        Kind::FieldRetyped => DriftKind::FieldRetyped,
        Kind::FieldShortened => DriftKind::FieldShortened,
        Kind::FieldLengthened => DriftKind::FieldLengthened,
        Kind::PicklistRestricted => DriftKind::PicklistRestricted,
        Kind::PicklistValueRemoved => DriftKind::PicklistValueRemoved,
        Kind::PicklistValueAdded => DriftKind::PicklistValueAdded,
        Kind::PermissionLost => DriftKind::PermissionLost,
        Kind::PermissionGained => DriftKind::PermissionGained,
        Kind::ValidationRuleChanged => DriftKind::ValidationRuleChanged,
        Kind::ValidationRuleAdded => DriftKind::ValidationRuleAdded,
        Kind::ValidationRuleRemoved => DriftKind::ValidationRuleRemoved,
        Kind::FieldRequired => DriftKind::FieldRequired,
        Kind::PicklistValueDeactivated => DriftKind::PicklistValueDeactivated,
        Kind::PicklistValueRenamed => DriftKind::PicklistValueRenamed,
        Kind::PicklistValueRelabelled => DriftKind::PicklistValueRelabelled,
        Kind::StageAdded => DriftKind::StageAdded,
        Kind::StageRemoved => DriftKind::StageRemoved,
        Kind::OwnerDeactivated => DriftKind::OwnerDeactivated,
        Kind::StageChanged => DriftKind::StageChanged,
        Kind::RecordTypeRemoved => DriftKind::RecordTypeRemoved,
    }
}

/// The decision a request names.
///
/// # Errors
/// When it names none, or one a person cannot take.
pub fn decision(sent: DriftStatus) -> Result<Status, RpcError> {
    match sent {
        DriftStatus::Accepted => Ok(Status::Accepted),
        DriftStatus::Repaired => Ok(Status::Repaired),
        DriftStatus::Ignored => Ok(Status::Ignored),
        DriftStatus::Open | DriftStatus::Unspecified => Err(RpcError::invalid(
            "status",
            "is not a decision; send accepted, repaired or ignored",
        )),
    }
}
