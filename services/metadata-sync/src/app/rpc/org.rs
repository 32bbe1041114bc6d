//! What the org looks like: objects, the selection of them, pipelines and stages.

use events::metadata::v1::{
    DescribeStagesRequest, DescribeStagesResponse, GetObjectRequest, GetObjectResponse,
    ListObjectsRequest, ListObjectsResponse, ListPipelinesRequest, ListPipelinesResponse,
    ListSelectableObjectsRequest, ListSelectableObjectsResponse, ObjectSummary,
    SelectObjectsRequest, SelectObjectsResponse,
};
use events::rpc::{CallContext, Role, RpcError};

use super::{Rpc, workspace_id};
use crate::app::{broken, objects, pipelines};
use crate::store::snapshot;
use crate::wire;

impl Rpc {
    pub(super) async fn get_object(
        &self,
        context: &CallContext,
        request: GetObjectRequest,
    ) -> Result<GetObjectResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let found = snapshot::one(&self.db.workspace(&id), id.as_str(), &request.object)
            .await
            .map_err(broken)?;
        let (object, version) = found.ok_or_else(|| RpcError::not_found("the object"))?;
        Ok(GetObjectResponse {
            object: Some(wire::schema::object(&object)),
            version: version.unsigned_abs(),
        })
    }

    pub(super) async fn list_objects(
        &self,
        context: &CallContext,
        request: ListObjectsRequest,
    ) -> Result<ListObjectsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let known = snapshot::summaries(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let summary = |known: snapshot::Summary| ObjectSummary {
            name: known.object,
            label: known.label,
            version: known.version.unsigned_abs(),
            fields: known.fields.unsigned_abs(),
            updateable: known.updateable,
            createable: known.createable,
        };
        let has = async |object: &str, field: &str| {
            let found = snapshot::one(&self.db.workspace(&id), id.as_str(), object).await;
            found.map(|found| found.is_some_and(|(known, _)| known.fields.contains_key(field)))
        };
        Ok(ListObjectsResponse {
            multi_currency: has("Opportunity", "CurrencyIsoCode")
                .await
                .map_err(broken)?,
            person_accounts: has("Account", "IsPersonAccount").await.map_err(broken)?,
            objects: known.into_iter().map(summary).collect(),
        })
    }

    pub(super) async fn list_selectable_objects(
        &self,
        context: &CallContext,
        request: ListSelectableObjectsRequest,
    ) -> Result<ListSelectableObjectsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let org = self.org(&id).await?;
        Ok(ListSelectableObjectsResponse {
            objects: objects::selectable(&self.db, &org, &id).await?,
        })
    }

    pub(super) async fn select_objects(
        &self,
        context: &CallContext,
        request: SelectObjectsRequest,
    ) -> Result<SelectObjectsResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let org = self.org(&id).await?;
        let actor = &context.caller.actor;
        let problems = objects::select(&self.db, &org, &id, &request.objects, actor).await?;
        self.wake.notify_one();
        Ok(SelectObjectsResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    pub(super) async fn list_pipelines(
        &self,
        context: &CallContext,
        request: ListPipelinesRequest,
    ) -> Result<ListPipelinesResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        pipelines::list(&self.db, &self.writeback, &id).await
    }

    pub(super) async fn describe_stages(
        &self,
        context: &CallContext,
        request: DescribeStagesRequest,
    ) -> Result<DescribeStagesResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let actor = &context.caller.actor;
        let unknown_stages = pipelines::describe(&self.db, &id, &request.stages, actor).await?;
        Ok(DescribeStagesResponse { unknown_stages })
    }
}
