//! Pipelines as the org has them, with an admin's words about their stages and writeback's controls.

use std::collections::BTreeMap;

use chassis::Db;
use events::WorkspaceId;
use events::metadata::v1::{ListPipelinesResponse, Pipeline, PipelineStage, StageDescription};
use events::rpc::RpcError;

use super::{broken, internal};
use crate::adapters::writeback::Writeback;
use crate::domain::pipeline;
use crate::domain::property::PROMPT_CHARACTERS_MAX;
use crate::store::{setting, snapshot, workspace};
use crate::wire;

const OPPORTUNITY: &str = "Opportunity";
/// Stages one request may describe.
const STAGES_MAX: usize = 500;

/// Every pipeline.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    db: &Db,
    writeback: &Writeback,
    id: &WorkspaceId,
) -> Result<ListPipelinesResponse, RpcError> {
    let found = snapshot::one(&db.workspace(id), id.as_str(), OPPORTUNITY)
        .await
        .map_err(broken)?;
    let Some((opportunity, _)) = found else {
        return Ok(ListPipelinesResponse::default());
    };
    let descriptions = setting::stage_descriptions(&db.workspace(id), id.as_str())
        .await
        .map_err(broken)?;
    let controls = writeback.controls(id).await;
    let exits = |stage: &str| -> Vec<String> {
        controls
            .iter()
            .flat_map(|known| &known.controls)
            .find(|control| control.stage == stage)
            .map(|control| control.allowed_exits.clone())
            .unwrap_or_default()
    };
    let chosen = |record_type: &String| {
        controls.as_ref().is_some_and(|known| {
            known.pipeline_record_type_ids.is_empty()
                || known.pipeline_record_type_ids.contains(record_type)
        })
    };
    let pipelines = pipeline::pipelines(&opportunity, &descriptions);
    Ok(ListPipelinesResponse {
        controls_known: controls.is_some(),
        pipelines: pipelines
            .into_iter()
            .map(|known| Pipeline {
                chosen: chosen(&known.record_type_id),
                record_type_id: known.record_type_id,
                developer_name: known.developer_name,
                name: known.name,
                sales_process: known.sales_process,
                available: known.available,
                stages: known
                    .stages
                    .into_iter()
                    .map(|known| PipelineStage {
                        allowed_exits: exits(&known.stage.api_name),
                        stage: Some(wire::schema::stage(&known.stage)),
                        description: known.description,
                    })
                    .collect(),
            })
            .collect(),
    })
}

/// Stores what the analysis is told about stages; answers those the org does not have, and stores nothing then.
///
/// # Errors
/// When a text is too long, or Postgres fails.
pub async fn describe(
    db: &Db,
    id: &WorkspaceId,
    sent: &[StageDescription],
    by: &str,
) -> Result<Vec<String>, RpcError> {
    if sent.len() > STAGES_MAX {
        return Err(RpcError::invalid(
            "stages",
            format!("has more than {STAGES_MAX} items"),
        ));
    }
    let bad = |text: &str| text.contains('\0') || text.chars().count() > PROMPT_CHARACTERS_MAX;
    if sent.iter().any(|said| bad(&said.description)) {
        return Err(RpcError::invalid(
            "stages.description",
            format!("is longer than {PROMPT_CHARACTERS_MAX} characters or contains a NUL"),
        ));
    }
    let known = snapshot::one(&db.workspace(id), id.as_str(), OPPORTUNITY)
        .await
        .map_err(broken)?;
    let stages = known.map(|(object, _)| object.stages).unwrap_or_default();
    let unknown: Vec<String> = sent
        .iter()
        .map(|said| said.stage.clone())
        .filter(|name| !stages.iter().any(|stage| stage.api_name == *name))
        .collect();
    if !unknown.is_empty() {
        return Ok(unknown);
    }
    let descriptions: BTreeMap<String, String> = sent
        .iter()
        .filter(|said| !said.description.trim().is_empty())
        .map(|said| (said.stage.clone(), said.description.clone()))
        .collect();
    let mut unit = db.begin(id).await.map_err(internal)?;
    workspace::lock(unit.connection(), id.as_str())
        .await
        .map_err(broken)?;
    setting::describe_stages(unit.connection(), id.as_str(), &descriptions, by)
        .await
        .map_err(broken)?;
    unit.commit().await.map_err(internal)?;
    Ok(vec![])
}
