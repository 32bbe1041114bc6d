//! What an admin sees of the org: what changed since it was mapped, and how it is mended.

use super::admin::{ARRIVAL_MAX, Admin};
use crate::eventually::within;
use crate::rpc::as_admin;
use anyhow::{Context, ensure};
use events::crm::v1::DriftItem;
use events::metadata::v1::{
    ListDriftRequest, MetadataSyncClient, RepairDriftRequest, RepairDriftResponse,
};
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

    /// Makes the repair a difference proposes, and waits until writeback has the mapping it publishes.
    ///
    /// # Errors
    /// When there is none to make, or the repaired mapping has problems.
    pub async fn repair(&self, item: &DriftItem) -> anyhow::Result<RepairDriftResponse> {
        let request = RepairDriftRequest {
            workspace: self.workspace.clone(),
            id: item.id.clone(),
        };
        let answer = MetadataSyncClient::new(self.rpc.clone())
            .repair_drift(&as_admin(), request)
            .await
            .context("repair the drift")?;
        let problems: Vec<&str> = answer.problems.iter().map(|p| p.message.as_str()).collect();
        ensure!(
            problems.is_empty(),
            "the repaired mapping has problems: {}",
            problems.join(" | ")
        );
        let version = answer.mapping.as_ref().map_or(0, |mapping| mapping.version);
        let arrived = within(ARRIVAL_MAX, || async {
            let status = self.status().await.ok()?;
            (status.mapping_version >= version).then_some(())
        });
        arrived
            .await
            .context("writeback has not received the repaired mapping")?;
        Ok(answer)
    }
}
