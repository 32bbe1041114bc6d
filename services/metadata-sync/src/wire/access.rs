//! Access reviews.

use events::crm::v1 as crm;
use events::metadata::v1::AccessReviewStep;

use super::timestamp;
use crate::domain::access::{Gap, Kind};
use crate::store::access::{Step, Stored};

/// A review as it travels.
#[must_use]
pub fn review(workspace: &str, stored: &Stored) -> crm::AccessReview {
    let review = &stored.review;
    crm::AccessReview {
        workspace: workspace.to_owned(),
        revision: stored.revision.unsigned_abs(),
        epoch: stored.epoch.unsigned_abs(),
        user_id: stored.user_id.clone(),
        reviewed_at: Some(timestamp(stored.reviewed_at)),
        confirmed_at: Some(timestamp(stored.confirmed_at)),
        requested_by: stored.requested_by.clone(),
        mapping_version: review.mapping_version,
        api_enabled: review.seen.api_enabled,
        objects: review
            .objects
            .iter()
            .map(|known| crm::ObjectAccess {
                object: known.object.clone(),
                read: known.read,
                create: known.create,
                edit: known.edit,
                fields_readable: known.fields_readable,
                fields_editable: known.fields_editable,
                fields: known
                    .fields
                    .iter()
                    .map(|field| crm::FieldAccess {
                        field: field.field.clone(),
                        read: field.read,
                        edit: field.edit,
                    })
                    .collect(),
            })
            .collect(),
        record_types: review
            .record_types
            .iter()
            .map(|known| crm::RecordTypeAccess {
                object: known.object.clone(),
                record_type_id: known.id.clone(),
                name: known.name.clone(),
                available: known.available,
            })
            .collect(),
        owners: Some(crm::OwnerAccess {
            owners: review.seen.owners.as_ref().map_or(0, |owners| owners.count),
            hidden: review.seen.owners.as_ref().map_or(0, |owners| {
                u32::try_from(owners.hidden.len()).unwrap_or(u32::MAX)
            }),
            known: review.seen.owners.is_some(),
        }),
        pipeline: Some(crm::PipelineAccess {
            open_opportunities: review.seen.open_opportunities.unwrap_or_default(),
            stages: review.stages,
            known: review.seen.open_opportunities.is_some(),
        }),
        missing: review.missing.iter().map(gap).collect(),
        missing_count: review.missing_count,
        notes: review.notes.clone(),
    }
}

fn gap(gap: &Gap) -> crm::AccessGap {
    crm::AccessGap {
        kind: kind(gap.kind).into(),
        object: gap.object.clone(),
        field: gap.field.clone(),
        subject_id: gap.subject_id.clone(),
        message: gap.message.clone(),
        fix: gap.fix.clone(),
        entry_ids: gap.entry_ids.clone(),
    }
}

fn kind(kind: Kind) -> crm::AccessKind {
    match kind {
        Kind::Api => crm::AccessKind::Api,
        Kind::ObjectRead => crm::AccessKind::ObjectRead,
        Kind::ObjectCreate => crm::AccessKind::ObjectCreate,
        Kind::ObjectEdit => crm::AccessKind::ObjectEdit,
        Kind::FieldRead => crm::AccessKind::FieldRead,
        Kind::FieldEdit => crm::AccessKind::FieldEdit,
        Kind::RecordType => crm::AccessKind::RecordType,
        Kind::Owner => crm::AccessKind::Owner,
    }
}

/// An earlier review as it travels.
#[must_use]
pub fn step(step: &Step) -> AccessReviewStep {
    AccessReviewStep {
        revision: step.revision.unsigned_abs(),
        reviewed_at: Some(timestamp(step.reviewed_at)),
        requested_by: step.requested_by.clone(),
        missing_count: step.missing_count.unsigned_abs(),
    }
}
