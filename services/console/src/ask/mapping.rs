//! The field mapping: read, drafted, published.

use events::metadata::v1 as proto;
use events::rpc::RpcError;

use super::Asking;
use crate::owners::Owners;
use crate::wire::mapping::{Mapping, MappingProblem, Mappings};

pub(crate) async fn get(owners: &Owners, asking: &Asking) -> Result<Mappings, RpcError> {
    let request = proto::GetMappingRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .get_mapping(&asking.context, request)
        .await?;
    Ok(Mappings {
        draft: answer.draft.map(Mapping::from),
        published: answer.published.map(Mapping::from),
    })
}

/// Replaces the draft; answers what would keep it from being published.
pub(crate) async fn save_draft(
    owners: &Owners,
    asking: &Asking,
    mapping: Mapping,
) -> Result<Vec<MappingProblem>, RpcError> {
    let request = proto::SaveMappingDraftRequest {
        draft: Some(mapping.into_draft(asking.workspace.as_str())?),
    };
    let answer = owners
        .metadata
        .save_mapping_draft(&asking.context, request)
        .await?;
    Ok(answer.problems.into_iter().map(Into::into).collect())
}

/// What would keep a mapping from being published; nothing is stored.
pub(crate) async fn check(
    owners: &Owners,
    asking: &Asking,
    mapping: Mapping,
) -> Result<Vec<MappingProblem>, RpcError> {
    let request = proto::CheckMappingRequest {
        draft: Some(mapping.into_draft(asking.workspace.as_str())?),
    };
    let answer = owners
        .metadata
        .check_mapping(&asking.context, request)
        .await?;
    Ok(answer.problems.into_iter().map(Into::into).collect())
}

/// The published mapping, or everything in the way.
pub(crate) async fn publish(
    owners: &Owners,
    asking: &Asking,
) -> Result<Result<Mapping, Vec<MappingProblem>>, RpcError> {
    let request = proto::PublishMappingRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .publish_mapping(&asking.context, request)
        .await?;
    match answer.mapping {
        Some(mapping) if answer.problems.is_empty() => Ok(Ok(mapping.into())),
        Some(_) | None => Ok(Err(answer.problems.into_iter().map(Into::into).collect())),
    }
}
