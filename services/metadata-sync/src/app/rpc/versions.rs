//! Versions of the mapping: listed, compared, carried to another org.

use events::metadata::v1::{
    DiffMappingRequest, DiffMappingResponse, ExportMappingRequest, ExportMappingResponse,
    ImportMappingRequest, ImportMappingResponse, ListMappingVersionsRequest,
    ListMappingVersionsResponse, MappingDifference, MappingVersion,
};
use events::rpc::{CallContext, Role, RpcError};

use super::{Rpc, limit, workspace_id};
use crate::app::{broken, document};
use crate::domain::difference::{self, What};
use crate::domain::mapping::Mapping;
use crate::store::mapping;
use crate::wire;

/// Mapping versions and owners listed when the request names no limit.
const LISTED_DEFAULT: i64 = 50;

impl Rpc {
    pub(super) async fn list_mapping_versions(
        &self,
        context: &CallContext,
        request: ListMappingVersionsRequest,
    ) -> Result<ListMappingVersionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, LISTED_DEFAULT)?;
        let versions = mapping::versions(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        let message = |known: mapping::Listed| MappingVersion {
            version: known.version.unsigned_abs(),
            revision: known.revision.unsigned_abs(),
            published_by: known.published_by,
            published_at: Some(wire::timestamp(known.published_at)),
            entries: known.entries.unsigned_abs(),
            suspended: u32::try_from(known.suspended).unwrap_or(u32::MAX),
        };
        Ok(ListMappingVersionsResponse {
            versions: versions.into_iter().map(message).collect(),
        })
    }

    pub(super) async fn diff_mapping(
        &self,
        context: &CallContext,
        request: DiffMappingRequest,
    ) -> Result<DiffMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let version = async |version: u64| -> Result<Mapping, RpcError> {
            let found = mapping::version(&self.db.workspace(&id), id.as_str(), version)
                .await
                .map_err(broken)?;
            let missing = || RpcError::not_found("the mapping version");
            Ok(found.ok_or_else(missing)?.mapping)
        };
        let before = match request.from_version {
            0 => Mapping::default(),
            number => version(number).await?,
        };
        let after = match request.to_version {
            0 => mapping::draft(&self.db.workspace(&id), id.as_str())
                .await
                .map_err(broken)?
                .ok_or_else(|| RpcError::not_found("the draft"))?,
            number => version(number).await?,
        };
        let message = |found: difference::Difference| MappingDifference {
            what: match found.what {
                What::Property => "property",
                What::Entry => "entry",
                What::Destination => "destination",
            }
            .to_owned(),
            id: found.id,
            field: found.field.to_owned(),
            before: found.before,
            after: found.after,
        };
        let found = difference::between(&before, &after);
        Ok(DiffMappingResponse {
            differences: found.into_iter().map(message).collect(),
        })
    }

    pub(super) async fn export_mapping(
        &self,
        context: &CallContext,
        request: ExportMappingRequest,
    ) -> Result<ExportMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        document::export(&self.db, &self.writeback, &id, request.version).await
    }

    pub(super) async fn import_mapping(
        &self,
        context: &CallContext,
        request: ImportMappingRequest,
    ) -> Result<ImportMappingResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let (stored, problems) = document::import(
            &self.db,
            &self.writeback,
            &id,
            &request.yaml,
            &context.caller,
        )
        .await?;
        Ok(ImportMappingResponse {
            stored,
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }
}
