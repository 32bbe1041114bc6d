//! Decisions about many changes at once, and refusals by cause.

use events::rpc::RpcError;
use events::writeback::v1 as proto;

use super::Asking;
use crate::owners::Owners;
use crate::wire::refusals::{Refusals, Release, Released};
use crate::wire::review::{DecideAlike, DecidedAlike, timestamp};
use crate::wire::word::parse;

/// Counts the changes alike, or decides about them as they were seen.
pub(crate) async fn decide_alike(
    owners: &Owners,
    asking: &Asking,
    wish: DecideAlike,
) -> Result<DecidedAlike, RpcError> {
    let decision: proto::Decision = parse("decision", &wish.decision)?;
    let request = proto::DecideAlikeRequest {
        workspace: asking.workspace(),
        filter: Some(wish.filter.into_proto()?),
        decision: decision.into(),
        reason: wish.reason,
        changes_max: wish.changes_max,
        seen_at: wish.seen_at.map(timestamp),
    };
    let answer = owners
        .writeback
        .decide_alike(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// What Salesforce refused, by cause.
pub(crate) async fn refusals(
    owners: &Owners,
    asking: &Asking,
    limit: u32,
) -> Result<Refusals, RpcError> {
    let request = proto::ListRefusalGroupsRequest {
        workspace: asking.workspace(),
        limit,
    };
    let answer = owners
        .writeback
        .list_refusal_groups(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Has the changes of one cause tried again.
pub(crate) async fn release(
    owners: &Owners,
    asking: &Asking,
    wish: Release,
) -> Result<Released, RpcError> {
    let request = proto::ReleaseRefusalsRequest {
        workspace: asking.workspace(),
        cause: wish.cause,
        reason: wish.reason,
        changes_max: wish.changes_max,
    };
    let answer = owners
        .writeback
        .release_refusals(&asking.context, request)
        .await?;
    Ok(answer.into())
}
