//! Sync runs.

use events::metadata::v1::{SyncKind, SyncRun, SyncState};
use events::rpc::RpcError;

use super::timestamp;
use crate::domain::run::{Kind, Run, State};

/// The kind a request names.
///
/// # Errors
/// When it names none.
pub fn kind(sent: SyncKind) -> Result<Kind, RpcError> {
    match sent {
        SyncKind::Schema => Ok(Kind::Schema),
        SyncKind::Records => Ok(Kind::Records),
        SyncKind::RecordsFull => Ok(Kind::RecordsFull),
        SyncKind::Unspecified => Err(RpcError::invalid(
            "kind",
            "is missing; name schema, records or records_full",
        )),
    }
}

/// A run as it travels.
#[must_use]
pub fn message(run: &Run) -> SyncRun {
    let kind = match run.kind {
        Kind::Schema => SyncKind::Schema,
        Kind::Records => SyncKind::Records,
        Kind::RecordsFull => SyncKind::RecordsFull,
    };
    let state = match run.state {
        State::Queued => SyncState::Queued,
        State::Running => SyncState::Running,
        State::Done => SyncState::Done,
        State::Failed => SyncState::Failed,
    };
    SyncRun {
        id: run.id.to_string(),
        workspace: run.workspace.clone(),
        kind: kind.into(),
        state: state.into(),
        api_calls: run.api_calls.unsigned_abs(),
        items: run.items.unsigned_abs(),
        error: run.error.clone(),
        requested_at: Some(timestamp(run.requested_at)),
        ended_at: run.ended_at.map(timestamp),
        step: run.step.clone(),
        items_expected: run.items_expected.unsigned_abs(),
    }
}
