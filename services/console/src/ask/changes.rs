//! Changes by state, and what a person decides about them.

use events::crm::v1::RecordRef;
use events::rpc::RpcError;
use events::writeback::v1 as proto;
use serde::Serialize;
use utoipa::ToSchema;

use super::Asking;
use crate::owners::Owners;
use crate::wire::Page;
use crate::wire::change::{Change, Decide, Decided, Rehearse, Rehearsed, Undo, states};
use crate::wire::prediction::Predictions;
use crate::wire::review::Filter;
use crate::wire::why::Why;

/// A page of changes, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    #[serde(flatten)]
    pub(crate) page: Page<Change>,
    pub(crate) total: u64,
}

/// Which changes, and in which order.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// As `held,blocked`; empty for all.
    pub(crate) state: String,
    /// The riskiest first, of what is held; else the oldest.
    pub(crate) by_risk: bool,
    pub(crate) filter: Filter,
    pub(crate) page_size: u32,
    pub(crate) page_token: String,
}

/// A page of changes.
pub(crate) async fn list(
    owners: &Owners,
    asking: &Asking,
    wanted: Wanted,
) -> Result<Changes, RpcError> {
    let order = if wanted.by_risk {
        proto::ChangeOrder::Risk
    } else {
        proto::ChangeOrder::Unspecified
    };
    let request = proto::ListChangesRequest {
        workspace: asking.workspace(),
        states: states(&wanted.state)?,
        page_size: wanted.page_size,
        page_token: wanted.page_token,
        filter: Some(wanted.filter.into_proto()?),
        order: order.into(),
    };
    let answer = owners
        .writeback
        .list_changes(&asking.context, request)
        .await?;
    let changes = answer.changes.into_iter().map(Change::new).collect();
    Ok(Changes {
        page: Page::new(changes, answer.next_page_token),
        total: answer.total,
    })
}

pub(crate) async fn decide(
    owners: &Owners,
    asking: &Asking,
    decide: Decide,
) -> Result<Decided, RpcError> {
    let request = proto::DecideChangesRequest {
        workspace: asking.workspace(),
        decisions: decide.into_proto()?,
    };
    let answer = owners
        .writeback
        .decide_changes(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// What Salesforce would say, leaving nothing behind.
pub(crate) async fn rehearse(
    owners: &Owners,
    asking: &Asking,
    rehearse: Rehearse,
) -> Result<Rehearsed, RpcError> {
    let request = proto::RehearseChangesRequest {
        workspace: asking.workspace(),
        change_ids: rehearse.change_ids,
    };
    let answer = owners
        .writeback
        .rehearse_changes(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// How predictions of validation rules fared.
pub(crate) async fn predictions(
    owners: &Owners,
    asking: &Asking,
    page_size: u32,
    page_token: String,
) -> Result<Predictions, RpcError> {
    let request = proto::ListPredictionsRequest {
        workspace: asking.workspace(),
        page_size,
        page_token,
    };
    let answer = owners
        .writeback
        .list_predictions(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Takes changes back; answers the undos, on their way.
pub(crate) async fn undo(
    owners: &Owners,
    asking: &Asking,
    undo: Undo,
) -> Result<Decided, RpcError> {
    let request = proto::UndoChangesRequest {
        workspace: asking.workspace(),
        change_ids: undo.change_ids,
        change_set_id: undo.change_set_id,
        reason: undo.reason,
    };
    let answer = owners
        .writeback
        .undo_changes(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Why a value is in Salesforce.
pub(crate) async fn why(
    owners: &Owners,
    asking: &Asking,
    object: String,
    record_id: String,
    field: String,
) -> Result<Why, RpcError> {
    let request = proto::WhyValueRequest {
        workspace: asking.workspace(),
        record: Some(RecordRef {
            object,
            id: record_id,
        }),
        field,
    };
    let answer = owners.writeback.why_value(&asking.context, request).await?;
    Ok(answer.into())
}
