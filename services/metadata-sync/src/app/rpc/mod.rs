//! What others may ask. Reading needs a viewer, changing an admin. One subject per file.

mod confirm;
mod drift;
mod mapping;
mod org;
mod owners;
mod sync;
mod versions;

use std::sync::Arc;

use chassis::Db;
use events::WorkspaceId;
use events::metadata::v1::{
    CheckMappingRequest, CheckMappingResponse, ConfirmSchemaRequest, ConfirmSchemaResponse,
    DescribeStagesRequest, DescribeStagesResponse, DiffMappingRequest, DiffMappingResponse,
    ExportMappingRequest, ExportMappingResponse, GetAccessReviewRequest, GetAccessReviewResponse,
    GetMappingRequest, GetMappingResponse, GetObjectRequest, GetObjectResponse,
    ImportMappingRequest, ImportMappingResponse, ListDriftRequest, ListDriftResponse,
    ListMappingVersionsRequest, ListMappingVersionsResponse, ListObjectsRequest,
    ListObjectsResponse, ListOwnersRequest, ListOwnersResponse, ListPipelinesRequest,
    ListPipelinesResponse, ListPropertiesRequest, ListPropertiesResponse,
    ListSelectableObjectsRequest, ListSelectableObjectsResponse, ListSyncRunsRequest,
    ListSyncRunsResponse, MetadataSync, PublishMappingRequest, PublishMappingResponse,
    RepairDriftRequest, RepairDriftResponse, ResolveDriftRequest, ResolveDriftResponse,
    ResolveOwnersRequest, ResolveOwnersResponse, SaveMappingDraftRequest, SaveMappingDraftResponse,
    SaveOwnerOverridesRequest, SaveOwnerOverridesResponse, SelectObjectsRequest,
    SelectObjectsResponse, StartAccessReviewRequest, StartAccessReviewResponse, StartSyncRequest,
    StartSyncResponse,
};
use events::rpc::{CallContext, Code, RpcError};
use salesforce::Org;
use tokio::sync::Notify;

use crate::adapters::orgs::Orgs;
use crate::adapters::writeback::Writeback;
use crate::app::broken;
use crate::store::workspace;

/// Most rows listed.
const ROWS_MAX: i64 = 200;

/// Answers requests.
pub struct Rpc {
    db: Db,
    orgs: Orgs,
    writeback: Writeback,
    wake: Arc<Notify>,
}

impl Rpc {
    /// Answers from `db`, asks orgs and writeback for what only they know, and wakes the runner through `wake`.
    #[must_use]
    pub fn new(db: Db, orgs: Orgs, writeback: Writeback, wake: Arc<Notify>) -> Self {
        Self {
            db,
            orgs,
            writeback,
            wake,
        }
    }

    /// The org of a connected workspace.
    async fn org(&self, id: &WorkspaceId) -> Result<Org, RpcError> {
        let known = workspace::load(&self.db.workspace(id), id.as_str())
            .await
            .map_err(broken)?;
        match known {
            Some(known) if known.connected => Ok(self.orgs.of(id, known.epoch)),
            Some(_) | None => Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            )),
        }
    }
}

fn workspace_id(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|_| {
        RpcError::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })
}

fn limit(asked: u32, default: i64) -> Result<i64, RpcError> {
    match i64::from(asked) {
        0 => Ok(default),
        rows if rows <= ROWS_MAX => Ok(rows),
        _ => Err(RpcError::invalid(
            "limit",
            format!("is more than {ROWS_MAX}"),
        )),
    }
}

impl MetadataSync for Rpc {
    async fn start_sync(
        &self,
        context: &CallContext,
        request: StartSyncRequest,
    ) -> Result<StartSyncResponse, RpcError> {
        self.start_sync(context, request).await
    }

    async fn start_access_review(
        &self,
        context: &CallContext,
        request: StartAccessReviewRequest,
    ) -> Result<StartAccessReviewResponse, RpcError> {
        self.start_access_review(context, request).await
    }

    async fn get_access_review(
        &self,
        context: &CallContext,
        request: GetAccessReviewRequest,
    ) -> Result<GetAccessReviewResponse, RpcError> {
        self.get_access_review(context, request).await
    }

    async fn list_sync_runs(
        &self,
        context: &CallContext,
        request: ListSyncRunsRequest,
    ) -> Result<ListSyncRunsResponse, RpcError> {
        self.list_sync_runs(context, request).await
    }

    async fn get_object(
        &self,
        context: &CallContext,
        request: GetObjectRequest,
    ) -> Result<GetObjectResponse, RpcError> {
        self.get_object(context, request).await
    }

    async fn list_objects(
        &self,
        context: &CallContext,
        request: ListObjectsRequest,
    ) -> Result<ListObjectsResponse, RpcError> {
        self.list_objects(context, request).await
    }

    async fn get_mapping(
        &self,
        context: &CallContext,
        request: GetMappingRequest,
    ) -> Result<GetMappingResponse, RpcError> {
        self.get_mapping(context, request).await
    }

    async fn save_mapping_draft(
        &self,
        context: &CallContext,
        request: SaveMappingDraftRequest,
    ) -> Result<SaveMappingDraftResponse, RpcError> {
        self.save_mapping_draft(context, request).await
    }

    async fn check_mapping(
        &self,
        context: &CallContext,
        request: CheckMappingRequest,
    ) -> Result<CheckMappingResponse, RpcError> {
        self.check_mapping(context, request).await
    }

    async fn publish_mapping(
        &self,
        context: &CallContext,
        request: PublishMappingRequest,
    ) -> Result<PublishMappingResponse, RpcError> {
        self.publish_mapping(context, request).await
    }

    async fn list_drift(
        &self,
        context: &CallContext,
        request: ListDriftRequest,
    ) -> Result<ListDriftResponse, RpcError> {
        self.list_drift(context, request).await
    }

    async fn resolve_drift(
        &self,
        context: &CallContext,
        request: ResolveDriftRequest,
    ) -> Result<ResolveDriftResponse, RpcError> {
        self.resolve_drift(context, request).await
    }

    async fn repair_drift(
        &self,
        context: &CallContext,
        request: RepairDriftRequest,
    ) -> Result<RepairDriftResponse, RpcError> {
        self.repair_drift(context, request).await
    }

    async fn list_properties(
        &self,
        context: &CallContext,
        request: ListPropertiesRequest,
    ) -> Result<ListPropertiesResponse, RpcError> {
        self.list_properties(context, request).await
    }

    async fn list_mapping_versions(
        &self,
        context: &CallContext,
        request: ListMappingVersionsRequest,
    ) -> Result<ListMappingVersionsResponse, RpcError> {
        self.list_mapping_versions(context, request).await
    }

    async fn diff_mapping(
        &self,
        context: &CallContext,
        request: DiffMappingRequest,
    ) -> Result<DiffMappingResponse, RpcError> {
        self.diff_mapping(context, request).await
    }

    async fn export_mapping(
        &self,
        context: &CallContext,
        request: ExportMappingRequest,
    ) -> Result<ExportMappingResponse, RpcError> {
        self.export_mapping(context, request).await
    }

    async fn import_mapping(
        &self,
        context: &CallContext,
        request: ImportMappingRequest,
    ) -> Result<ImportMappingResponse, RpcError> {
        self.import_mapping(context, request).await
    }

    async fn list_pipelines(
        &self,
        context: &CallContext,
        request: ListPipelinesRequest,
    ) -> Result<ListPipelinesResponse, RpcError> {
        self.list_pipelines(context, request).await
    }

    async fn describe_stages(
        &self,
        context: &CallContext,
        request: DescribeStagesRequest,
    ) -> Result<DescribeStagesResponse, RpcError> {
        self.describe_stages(context, request).await
    }

    async fn list_owners(
        &self,
        context: &CallContext,
        request: ListOwnersRequest,
    ) -> Result<ListOwnersResponse, RpcError> {
        self.list_owners(context, request).await
    }

    async fn resolve_owners(
        &self,
        context: &CallContext,
        request: ResolveOwnersRequest,
    ) -> Result<ResolveOwnersResponse, RpcError> {
        self.resolve_owners(context, request).await
    }

    async fn save_owner_overrides(
        &self,
        context: &CallContext,
        request: SaveOwnerOverridesRequest,
    ) -> Result<SaveOwnerOverridesResponse, RpcError> {
        self.save_owner_overrides(context, request).await
    }

    async fn list_selectable_objects(
        &self,
        context: &CallContext,
        request: ListSelectableObjectsRequest,
    ) -> Result<ListSelectableObjectsResponse, RpcError> {
        self.list_selectable_objects(context, request).await
    }

    async fn select_objects(
        &self,
        context: &CallContext,
        request: SelectObjectsRequest,
    ) -> Result<SelectObjectsResponse, RpcError> {
        self.select_objects(context, request).await
    }

    async fn confirm_schema(
        &self,
        context: &CallContext,
        request: ConfirmSchemaRequest,
    ) -> Result<ConfirmSchemaResponse, RpcError> {
        self.confirm_schema(context, request).await
    }
}
