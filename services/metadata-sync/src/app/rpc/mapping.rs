//! The mapping: read, drafted, published.

use events::metadata::v1::{
    CheckMappingRequest, CheckMappingResponse, GetMappingRequest, GetMappingResponse,
    ListPropertiesRequest, ListPropertiesResponse, PublishMappingRequest, PublishMappingResponse,
    SaveMappingDraftRequest, SaveMappingDraftResponse,
};
use events::rpc::{CallContext, Role, RpcError};

use super::{Rpc, workspace_id};
use crate::app::{broken, mapping as edit};
use crate::store::mapping;
use crate::wire;

impl Rpc {
    pub(super) async fn get_mapping(
        &self,
        context: &CallContext,
        request: GetMappingRequest,
    ) -> Result<GetMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let draft = mapping::draft(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let published = mapping::published(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(GetMappingResponse {
            draft: draft.map(|draft| wire::mapping::draft_message(id.as_str(), &draft)),
            published: published.map(|published| wire::mapping::message(id.as_str(), &published)),
        })
    }

    pub(super) async fn save_mapping_draft(
        &self,
        context: &CallContext,
        request: SaveMappingDraftRequest,
    ) -> Result<SaveMappingDraftResponse, RpcError> {
        context.require(Role::Admin)?;
        let sent = request
            .draft
            .ok_or_else(|| RpcError::invalid("draft", "is missing; send the whole draft"))?;
        let id = workspace_id(&sent.workspace)?;
        let draft = wire::mapping::draft(&sent)?;
        let problems = edit::save_draft(&self.db, &id, &draft, &context.caller.actor).await?;
        Ok(SaveMappingDraftResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    /// Everything is checked as it would be when it is published; nothing is stored, so whoever reads may ask.
    pub(super) async fn check_mapping(
        &self,
        context: &CallContext,
        request: CheckMappingRequest,
    ) -> Result<CheckMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let sent = request
            .draft
            .ok_or_else(|| RpcError::invalid("draft", "is missing; send the whole draft"))?;
        let id = workspace_id(&sent.workspace)?;
        let draft = wire::mapping::draft(&sent)?;
        let problems = edit::check(&self.db, &id, &draft).await?;
        Ok(CheckMappingResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    pub(super) async fn publish_mapping(
        &self,
        context: &CallContext,
        request: PublishMappingRequest,
    ) -> Result<PublishMappingResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        Ok(
            match edit::publish(&self.db, &id, &context.caller.actor).await? {
                Ok(published) => PublishMappingResponse {
                    mapping: Some(wire::mapping::message(id.as_str(), &published)),
                    problems: vec![],
                },
                Err(problems) => PublishMappingResponse {
                    mapping: None,
                    problems: problems.iter().map(wire::mapping::problem).collect(),
                },
            },
        )
    }

    pub(super) async fn list_properties(
        &self,
        context: &CallContext,
        request: ListPropertiesRequest,
    ) -> Result<ListPropertiesResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let published = mapping::published(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(ListPropertiesResponse {
            properties: published
                .iter()
                .flat_map(|published| &published.mapping.properties)
                .map(wire::mapping::property)
                .collect(),
            built_in: wire::mapping::built_in(),
            mapping_version: published.map_or(0, |published| published.version),
        })
    }
}
