//! Reading the org.

use chrono::{DateTime, Utc};
use events::metadata::v1 as proto;
use events::metadata::v1::{SyncKind, SyncState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word::{self, as_word};

/// What to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartSync {
    /// `schema`, `records` or `records_full`.
    pub(crate) kind: String,
}

/// One run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncRun {
    pub(crate) id: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<SyncKind>)]
    pub(crate) kind: SyncKind,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<SyncState>)]
    pub(crate) state: SyncState,
    pub(crate) api_calls: u64,
    pub(crate) items: u64,
    /// What it expects to read in all; 0 while that is unknown.
    pub(crate) items_expected: u64,
    /// What it does now; empty unless it runs.
    pub(crate) step: String,
    pub(crate) error: String,
    pub(crate) requested_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl From<proto::SyncRun> for SyncRun {
    fn from(run: proto::SyncRun) -> Self {
        Self {
            kind: run.kind(),
            state: run.state(),
            id: run.id,
            api_calls: run.api_calls,
            items: run.items,
            items_expected: run.items_expected,
            step: run.step,
            error: run.error,
            requested_at: super::time(run.requested_at),
            ended_at: super::time(run.ended_at),
        }
    }
}
