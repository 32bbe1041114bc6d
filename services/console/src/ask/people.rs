//! Who of ours which Salesforce user is.

use events::metadata::v1 as proto;
use events::rpc::RpcError;

use super::Asking;
use crate::owners::Owners;
use crate::wire::mapping::MappingProblem;
use crate::wire::org;

pub(crate) async fn list(
    owners: &Owners,
    asking: &Asking,
    search: String,
    limit: u32,
) -> Result<org::Owners, RpcError> {
    let request = proto::ListOwnersRequest {
        workspace: asking.workspace(),
        search,
        limit,
    };
    let answer = owners
        .metadata
        .list_owners(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Replaces the overrides, or answers every problem.
pub(crate) async fn save(
    owners: &Owners,
    asking: &Asking,
    sent: org::OwnerOverrides,
) -> Result<Vec<MappingProblem>, RpcError> {
    let said = |said: org::OwnerOverride| proto::OwnerOverride {
        email: said.email,
        user_id: said.user_id,
    };
    let request = proto::SaveOwnerOverridesRequest {
        workspace: asking.workspace(),
        overrides: sent.overrides.into_iter().map(said).collect(),
    };
    let answer = owners
        .metadata
        .save_owner_overrides(&asking.context, request)
        .await?;
    Ok(answer.problems.into_iter().map(Into::into).collect())
}
