//! How many unwritten changes use given fields or objects: what a change in the org hits.

use events::rpc::RpcError;
use events::writeback::v1 as proto;

use super::{Api, failed, workspace};
use crate::store::queued;

/// Targets of one request.
const TARGETS_MAX: usize = 500;

impl Api {
    pub(super) async fn queued(
        &self,
        request: proto::CountQueuedChangesRequest,
    ) -> Result<proto::CountQueuedChangesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        if request.targets.len() > TARGETS_MAX {
            return Err(RpcError::invalid(
                "targets",
                format!("has more than {TARGETS_MAX} items"),
            ));
        }
        let targets: Vec<(String, String)> = request
            .targets
            .into_iter()
            .map(|target| (target.object, target.field))
            .collect();
        let counts = queued::counts(&self.scope(workspace)?, workspace, &targets)
            .await
            .map_err(failed)?;
        Ok(proto::CountQueuedChangesResponse { counts })
    }
}
