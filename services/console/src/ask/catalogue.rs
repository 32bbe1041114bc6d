//! What surrounds the mapping: the catalogue, versions, differences, the document for another org.

use events::metadata::v1 as proto;
use events::rpc::RpcError;

use super::Asking;
use crate::owners::Owners;
use crate::wire::catalogue::{Catalogue, Difference, Document, Imported, Version};

pub(crate) async fn properties(owners: &Owners, asking: &Asking) -> Result<Catalogue, RpcError> {
    let request = proto::ListPropertiesRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .list_properties(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Newest first.
pub(crate) async fn versions(
    owners: &Owners,
    asking: &Asking,
    limit: u32,
) -> Result<Vec<Version>, RpcError> {
    let request = proto::ListMappingVersionsRequest {
        workspace: asking.workspace(),
        limit,
    };
    let answer = owners
        .metadata
        .list_mapping_versions(&asking.context, request)
        .await?;
    Ok(answer.versions.into_iter().map(Into::into).collect())
}

/// What differs between two versions; 0 stands for nothing, and for the draft.
pub(crate) async fn differences(
    owners: &Owners,
    asking: &Asking,
    from_version: u64,
    to_version: u64,
) -> Result<Vec<Difference>, RpcError> {
    let request = proto::DiffMappingRequest {
        workspace: asking.workspace(),
        from_version,
        to_version,
    };
    let answer = owners
        .metadata
        .diff_mapping(&asking.context, request)
        .await?;
    Ok(answer.differences.into_iter().map(Into::into).collect())
}

/// A version as a document; 0 for the newest.
pub(crate) async fn export(
    owners: &Owners,
    asking: &Asking,
    version: u64,
) -> Result<Document, RpcError> {
    let request = proto::ExportMappingRequest {
        workspace: asking.workspace(),
        version,
    };
    let answer = owners
        .metadata
        .export_mapping(&asking.context, request)
        .await?;
    Ok(answer.into())
}

/// Makes a document the draft.
pub(crate) async fn import(
    owners: &Owners,
    asking: &Asking,
    yaml: String,
) -> Result<Imported, RpcError> {
    let request = proto::ImportMappingRequest {
        workspace: asking.workspace(),
        yaml,
    };
    let answer = owners
        .metadata
        .import_mapping(&asking.context, request)
        .await?;
    Ok(answer.into())
}
