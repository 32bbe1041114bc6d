//! What an admin sees of the org: what changed since it was mapped.

use super::admin::Admin;
use crate::rpc::as_admin;
use events::crm::v1::DriftItem;
use events::metadata::v1::{ListDriftRequest, MetadataSyncClient};
use events::rpc::RpcError;

impl Admin {
    /// Differences found, open ones first; those no longer open only when asked for.
    ///
    /// # Errors
    /// When metadata-sync does not answer.
    pub async fn drift(&self, include_resolved: bool) -> Result<Vec<DriftItem>, RpcError> {
        let request = ListDriftRequest {
            workspace: self.workspace.clone(),
            include_resolved,
            limit: 0,
        };
        let answer = MetadataSyncClient::new(self.rpc.clone())
            .list_drift(&as_admin(), request)
            .await?;
        Ok(answer.items)
    }
}
