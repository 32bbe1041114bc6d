//! Backfills.

use events::rpc::RpcError;
use events::writeback::v1 as proto;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::Page;
use crate::wire::backfill::{
    ApproveSlice, Backfill, Draft, Move, Slice, SliceApproval, Sliced, UndoBackfill, Undone,
};
use crate::wire::review::timestamp;
use crate::wire::word::parse;

fn one(backfill: Option<proto::Backfill>) -> Result<Backfill, RpcError> {
    backfill
        .map(Backfill::new)
        .ok_or_else(|| incomplete("writeback", "a backfill"))
}

/// Drafts one.
pub(crate) async fn create(
    owners: &Owners,
    asking: &Asking,
    draft: Draft,
) -> Result<Backfill, RpcError> {
    let request = draft.into_proto(asking.workspace());
    let answer = owners
        .writeback
        .create_backfill(&asking.context, request)
        .await?;
    one(answer.backfill)
}

/// The newest ones.
pub(crate) async fn list(
    owners: &Owners,
    asking: &Asking,
    limit: u32,
) -> Result<Page<Backfill>, RpcError> {
    let request = proto::ListBackfillsRequest {
        workspace: asking.workspace(),
        limit,
    };
    let answer = owners
        .writeback
        .list_backfills(&asking.context, request)
        .await?;
    let items = answer.backfills.into_iter().map(Backfill::new).collect();
    Ok(Page::new(items, String::new()))
}

/// One with its months.
pub(crate) async fn show(
    owners: &Owners,
    asking: &Asking,
    backfill_id: String,
) -> Result<Sliced, RpcError> {
    let request = proto::GetBackfillRequest {
        workspace: asking.workspace(),
        backfill_id,
    };
    let answer = owners
        .writeback
        .get_backfill(&asking.context, request)
        .await?;
    Ok(Sliced {
        seen_at: crate::wire::time(answer.seen_at),
        backfill: one(answer.backfill)?,
        slices: answer.slices.into_iter().map(Slice::new).collect(),
    })
}

/// Samples, starts, pauses, resumes or cancels one.
pub(crate) async fn shift(
    owners: &Owners,
    asking: &Asking,
    backfill_id: String,
    wish: Move,
) -> Result<Backfill, RpcError> {
    let asked: proto::BackfillMove = parse("move", &wish.r#move)?;
    let request = proto::MoveBackfillRequest {
        workspace: asking.workspace(),
        backfill_id,
        r#move: asked.into(),
        reason: wish.reason,
    };
    let answer = owners
        .writeback
        .move_backfill(&asking.context, request)
        .await?;
    one(answer.backfill)
}

/// Counts what the approval of a month means, or approves it as it was seen.
pub(crate) async fn approve(
    owners: &Owners,
    asking: &Asking,
    backfill_id: String,
    slice: String,
    wish: ApproveSlice,
) -> Result<SliceApproval, RpcError> {
    let request = proto::ApproveSliceRequest {
        workspace: asking.workspace(),
        backfill_id,
        slice,
        seen_at: wish.seen_at.map(timestamp),
    };
    let answer = owners
        .writeback
        .approve_slice(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Takes one, or a month of it, back.
pub(crate) async fn undo(
    owners: &Owners,
    asking: &Asking,
    backfill_id: String,
    wish: UndoBackfill,
) -> Result<Undone, RpcError> {
    let request = proto::UndoBackfillRequest {
        workspace: asking.workspace(),
        backfill_id,
        slice: wish.slice,
        reason: wish.reason,
        changes_max: wish.changes_max,
    };
    let answer = owners
        .writeback
        .undo_backfill(&asking.context, request)
        .await?;
    Ok(answer.into())
}
