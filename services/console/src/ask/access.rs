//! What the connected user can reach, and what was missed without a connection.

use events::metadata::v1 as metadata;
use events::rpc::RpcError;
use events::writeback::v1 as writeback;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::access::{Access, Missed, Release, Released};
use crate::wire::sync::SyncRun;

/// Earlier reviews shown.
const HISTORY: u32 = 10;
/// Times without a connection shown.
const GAPS: u32 = 10;

pub(crate) async fn review(owners: &Owners, asking: &Asking) -> Result<Access, RpcError> {
    let request = metadata::GetAccessReviewRequest {
        workspace: asking.workspace(),
        history_limit: HISTORY,
    };
    let answer = owners
        .metadata
        .get_access_review(&asking.context, request)
        .await?;
    Ok(answer.into())
}

pub(crate) async fn start(owners: &Owners, asking: &Asking) -> Result<SyncRun, RpcError> {
    let request = metadata::StartAccessReviewRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .start_access_review(&asking.context, request)
        .await?;
    let run = answer
        .run
        .ok_or_else(|| incomplete("metadata-sync", "a run"))?;
    Ok(run.into())
}

pub(crate) async fn missed(owners: &Owners, asking: &Asking) -> Result<Missed, RpcError> {
    let request = writeback::ListMissedRequest {
        workspace: asking.workspace(),
        limit: GAPS,
    };
    let answer = owners
        .writeback
        .list_missed(&asking.context, request)
        .await?;
    Ok(answer.into())
}

pub(crate) async fn release(
    owners: &Owners,
    asking: &Asking,
    release: Release,
) -> Result<Released, RpcError> {
    let request = writeback::ReleaseMissedRequest {
        workspace: asking.workspace(),
        gap_id: release.gap_id,
        meeting_ids: release.meeting_ids,
    };
    let answer = owners
        .writeback
        .release_missed(&asking.context, request)
        .await?;
    Ok(Released {
        changes_released: answer.changes_released,
    })
}
