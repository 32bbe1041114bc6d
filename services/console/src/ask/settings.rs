//! What writeback is set to, how it is doing, rehearsals, and going live.

use events::rpc::RpcError;
use events::writeback::v1 as proto;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::settings::{Permissions, StageControls, Status, Verification, Verify};

pub(crate) async fn permissions(owners: &Owners, asking: &Asking) -> Result<Permissions, RpcError> {
    let request = proto::GetPermissionsRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .writeback
        .get_permissions(&asking.context, request)
        .await?;
    Ok(answer.permissions.into())
}

/// Sets those named; answers all.
pub(crate) async fn set_permissions(
    owners: &Owners,
    asking: &Asking,
    permissions: Permissions,
) -> Result<Permissions, RpcError> {
    let request = proto::SetPermissionsRequest {
        workspace: asking.workspace(),
        permissions: permissions.into_proto()?,
    };
    let answer = owners
        .writeback
        .set_permissions(&asking.context, request)
        .await?;
    Ok(answer.permissions.into())
}

pub(crate) async fn stage_controls(
    owners: &Owners,
    asking: &Asking,
) -> Result<StageControls, RpcError> {
    let request = proto::GetStageControlsRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .writeback
        .get_stage_controls(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Replaces them; answers them as they are then.
pub(crate) async fn set_stage_controls(
    owners: &Owners,
    asking: &Asking,
    controls: StageControls,
) -> Result<StageControls, RpcError> {
    let request = controls.into_proto(asking.workspace.as_str());
    owners
        .writeback
        .set_stage_controls(&asking.context, request)
        .await?;
    stage_controls(owners, asking).await
}

pub(crate) async fn status(owners: &Owners, asking: &Asking) -> Result<Status, RpcError> {
    let request = proto::GetStatusRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .writeback
        .get_status(&asking.context, request)
        .await?;
    Ok(answer.into())
}

pub(crate) async fn set_live(owners: &Owners, asking: &Asking, live: bool) -> Result<(), RpcError> {
    let request = proto::SetLiveRequest {
        workspace: asking.workspace(),
        live,
    };
    owners.writeback.set_live(&asking.context, request).await?;
    Ok(())
}

pub(crate) async fn verify(
    owners: &Owners,
    asking: &Asking,
    verify: Verify,
) -> Result<Verification, RpcError> {
    let request = proto::StartVerificationRequest {
        workspace: asking.workspace(),
        records: verify.into_proto(),
    };
    let answer = owners
        .writeback
        .start_verification(&asking.context, request)
        .await?;
    let run = answer.run.ok_or_else(|| incomplete("writeback", "a run"))?;
    Ok(run.into())
}

/// The newest run; `None` when there was none.
pub(crate) async fn verification(
    owners: &Owners,
    asking: &Asking,
) -> Result<Option<Verification>, RpcError> {
    let request = proto::GetVerificationRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .writeback
        .get_verification(&asking.context, request)
        .await?;
    Ok(answer.run.map(Into::into))
}
