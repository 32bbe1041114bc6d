//! What changed in the org since it was mapped.

use chrono::{DateTime, Utc};
use events::crm::v1 as proto;
use events::crm::v1::{DriftKind, DriftSeverity, DriftStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word::{self, as_word};

/// One difference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftItem {
    pub(crate) id: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<DriftKind>)]
    pub(crate) kind: DriftKind,
    pub(crate) object: String,
    pub(crate) field: String,
    pub(crate) before: String,
    pub(crate) after: String,
    /// Mapping entries it suspended.
    pub(crate) entry_ids: Vec<String>,
    pub(crate) proposed_repair: String,
    pub(crate) detected_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<DriftStatus>)]
    pub(crate) status: DriftStatus,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<DriftSeverity>)]
    pub(crate) severity: DriftSeverity,
    /// Mapping entries that use what changed, suspended or not.
    pub(crate) touched_entry_ids: Vec<String>,
    /// Destinations that use what changed, for a person.
    pub(crate) destinations: Vec<String>,
    /// Our users a deactivated Salesforce user stood for, and how.
    pub(crate) people: Vec<String>,
    /// Changes that wait and use what changed; absent when that is not known.
    pub(crate) queued_changes: Option<u64>,
    /// The proposed repair can be made without editing the mapping.
    pub(crate) repairable: bool,
    pub(crate) resolved_by: String,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    pub(crate) reason: String,
}

impl From<proto::DriftItem> for DriftItem {
    fn from(item: proto::DriftItem) -> Self {
        Self {
            kind: item.kind(),
            status: item.status(),
            severity: item.severity(),
            queued_changes: item.queued_changes_known.then_some(item.queued_changes),
            id: item.id,
            object: item.object,
            field: item.field,
            before: item.before,
            after: item.after,
            entry_ids: item.entry_ids,
            proposed_repair: item.proposed_repair,
            detected_at: super::time(item.detected_at),
            touched_entry_ids: item.touched_entry_ids,
            destinations: item.destinations,
            people: item.people,
            repairable: item.repairable,
            resolved_by: item.resolved_by,
            resolved_at: super::time(item.resolved_at),
            reason: item.reason,
        }
    }
}

/// What a person decides about one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    /// `accepted`, `repaired` or `ignored`.
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) reason: String,
}
