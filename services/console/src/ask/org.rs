//! Reading the org, what changed in it, and how much of it matching knows.

use events::crm::v1::DriftStatus;
use events::matching::v1 as matching;
use events::metadata::v1 as proto;
use events::rpc::RpcError;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::drift::{DriftItem, Resolve};
use crate::wire::mapping::MappingProblem;
use crate::wire::matching::{DomainRule, Projection};
use crate::wire::sync::{StartSync, SyncRun};
use crate::wire::word;

pub(crate) async fn start_sync(
    owners: &Owners,
    asking: &Asking,
    start: &StartSync,
) -> Result<SyncRun, RpcError> {
    let kind: proto::SyncKind = word::parse("kind", &start.kind)?;
    let request = proto::StartSyncRequest {
        workspace: asking.workspace(),
        kind: kind.into(),
    };
    let answer = owners.metadata.start_sync(&asking.context, request).await?;
    let run = answer
        .run
        .ok_or_else(|| incomplete("metadata-sync", "a run"))?;
    Ok(run.into())
}

/// Newest first.
pub(crate) async fn sync_runs(
    owners: &Owners,
    asking: &Asking,
    limit: u32,
) -> Result<Vec<SyncRun>, RpcError> {
    let request = proto::ListSyncRunsRequest {
        workspace: asking.workspace(),
        limit,
    };
    let answer = owners
        .metadata
        .list_sync_runs(&asking.context, request)
        .await?;
    Ok(answer.runs.into_iter().map(Into::into).collect())
}

/// Open ones first, newest first.
pub(crate) async fn drift(
    owners: &Owners,
    asking: &Asking,
    include_resolved: bool,
    limit: u32,
) -> Result<Vec<DriftItem>, RpcError> {
    let request = proto::ListDriftRequest {
        workspace: asking.workspace(),
        include_resolved,
        limit,
    };
    let answer = owners.metadata.list_drift(&asking.context, request).await?;
    Ok(answer.items.into_iter().map(Into::into).collect())
}

pub(crate) async fn resolve_drift(
    owners: &Owners,
    asking: &Asking,
    id: String,
    resolve: Resolve,
) -> Result<DriftItem, RpcError> {
    let status: DriftStatus = word::parse("status", &resolve.status)?;
    let request = proto::ResolveDriftRequest {
        workspace: asking.workspace(),
        id,
        status: status.into(),
        reason: resolve.reason,
    };
    let answer = owners
        .metadata
        .resolve_drift(&asking.context, request)
        .await?;
    let item = answer
        .item
        .ok_or_else(|| incomplete("metadata-sync", "an item"))?;
    Ok(item.into())
}

/// Makes the repair a difference proposes, or answers everything in the way of it.
pub(crate) async fn repair_drift(
    owners: &Owners,
    asking: &Asking,
    id: String,
) -> Result<Result<DriftItem, Vec<MappingProblem>>, RpcError> {
    let request = proto::RepairDriftRequest {
        workspace: asking.workspace(),
        id,
    };
    let answer = owners
        .metadata
        .repair_drift(&asking.context, request)
        .await?;
    if !answer.problems.is_empty() {
        return Ok(Err(answer.problems.into_iter().map(Into::into).collect()));
    }
    let item = answer
        .item
        .ok_or_else(|| incomplete("metadata-sync", "an item"))?;
    Ok(Ok(item.into()))
}

pub(crate) async fn projection(owners: &Owners, asking: &Asking) -> Result<Projection, RpcError> {
    let request = matching::GetProjectionRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .matching
        .get_projection(&asking.context, request)
        .await?;
    Ok(answer.into())
}

pub(crate) async fn domains(owners: &Owners, asking: &Asking) -> Result<Vec<DomainRule>, RpcError> {
    let request = matching::ListDomainRulesRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .matching
        .list_domain_rules(&asking.context, request)
        .await?;
    Ok(answer.rules.into_iter().map(Into::into).collect())
}

/// Sets one rule, or removes it.
pub(crate) async fn set_domain(
    owners: &Owners,
    asking: &Asking,
    rule: matching::DomainRule,
    remove: bool,
) -> Result<(), RpcError> {
    let request = matching::SetDomainRuleRequest {
        workspace: asking.workspace(),
        rule: Some(rule),
        remove,
    };
    owners
        .matching
        .set_domain_rule(&asking.context, request)
        .await?;
    Ok(())
}
