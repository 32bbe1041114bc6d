//! Pipelines, what the analysis is told about their stages, and which objects are read.

use events::metadata::v1 as proto;
use events::rpc::RpcError;

use super::Asking;
use crate::owners::Owners;
use crate::wire::mapping::MappingProblem;
use crate::wire::org::{Descriptions, Pipeline, SelectableObject, Selection, pipelines};

pub(crate) async fn list(owners: &Owners, asking: &Asking) -> Result<Vec<Pipeline>, RpcError> {
    let request = proto::ListPipelinesRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .list_pipelines(&asking.context, request)
        .await?;
    Ok(pipelines(answer))
}

/// Replaces the descriptions of stages; answers the stages the org does not have, and nothing is stored then.
pub(crate) async fn describe(
    owners: &Owners,
    asking: &Asking,
    sent: Descriptions,
) -> Result<Vec<String>, RpcError> {
    let stages = sent.stages.into_iter().map(|said| proto::StageDescription {
        stage: said.stage,
        description: said.description,
    });
    let request = proto::DescribeStagesRequest {
        workspace: asking.workspace(),
        stages: stages.collect(),
    };
    let answer = owners
        .metadata
        .describe_stages(&asking.context, request)
        .await?;
    Ok(answer.unknown_stages)
}

pub(crate) async fn selectable(
    owners: &Owners,
    asking: &Asking,
) -> Result<Vec<SelectableObject>, RpcError> {
    let request = proto::ListSelectableObjectsRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .metadata
        .list_selectable_objects(&asking.context, request)
        .await?;
    Ok(answer.objects.into_iter().map(Into::into).collect())
}

/// Replaces the selection, or answers every problem.
pub(crate) async fn select(
    owners: &Owners,
    asking: &Asking,
    selection: Selection,
) -> Result<Vec<MappingProblem>, RpcError> {
    let request = proto::SelectObjectsRequest {
        workspace: asking.workspace(),
        objects: selection.objects,
    };
    let answer = owners
        .metadata
        .select_objects(&asking.context, request)
        .await?;
    Ok(answer.problems.into_iter().map(Into::into).collect())
}
