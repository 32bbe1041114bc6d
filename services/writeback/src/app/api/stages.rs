//! Stage controls and the pipelines written to.

use chassis::Cause;
use events::rpc::{CallContext, RpcError};
use events::writeback::v1::{
    GetStageControlsRequest, GetStageControlsResponse, SetStageControlsRequest,
    SetStageControlsResponse, StageControl as Sent,
};
use salesforce::Id;

use super::{Api, failed, workspace};
use crate::domain::settings::{StageControl, StageControls};
use crate::store::audit::{self, Entry};
use crate::store::{config, settings};

/// Stages of one org.
const STAGES_MAX: usize = 500;

impl Api {
    pub(super) async fn stages(
        &self,
        request: GetStageControlsRequest,
    ) -> Result<GetStageControlsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        Ok(GetStageControlsResponse {
            controls: sent(&settings.stages),
            pipeline_record_type_ids: settings.stages.pipelines.clone(),
        })
    }

    pub(super) async fn change_stages(
        &self,
        context: &CallContext,
        request: SetStageControlsRequest,
    ) -> Result<SetStageControlsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        if request.controls.len() > STAGES_MAX {
            return Err(RpcError::invalid(
                "controls",
                format!("has more than {STAGES_MAX} entries"),
            ));
        }
        let mut pipelines = Vec::with_capacity(request.pipeline_record_type_ids.len());
        for id in &request.pipeline_record_type_ids {
            let id = Id::parse(id).map_err(|error| {
                RpcError::invalid("pipeline_record_type_ids", error.to_string())
            })?;
            pipelines.push(id.as_str().to_owned());
        }
        let mut controls: Vec<(String, StageControl)> = Vec::with_capacity(request.controls.len());
        for control in request.controls {
            if control.stage.is_empty() || controls.iter().any(|(stage, _)| *stage == control.stage)
            {
                return Err(RpcError::invalid(
                    "controls.stage",
                    "is empty or named twice",
                ));
            }
            controls.push((
                control.stage,
                StageControl {
                    allowed_exits: control.allowed_exits,
                    required_fields: control.required_fields,
                },
            ));
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        settings::ensure(unit.connection(), &[workspace.to_owned()])
            .await
            .map_err(failed)?;
        let before = settings::stage_controls(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        config::set_stage_controls(unit.connection(), workspace, &controls, &pipelines)
            .await
            .map_err(failed)?;
        let after = settings::stage_controls(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        config::settings_moved(unit.connection(), workspace)
            .await
            .map_err(failed)?;
        let entry = Entry {
            workspace,
            action: "stage_controls.set",
            subject: "Opportunity.StageName".to_owned(),
            before: Some(json(&before, &[])),
            after: Some(json(&after, &pipelines)),
        };
        audit::add(
            unit.connection(),
            &context.caller,
            &Cause::current(),
            vec![entry],
        )
        .await
        .map_err(failed)?;
        unit.commit().await.map_err(failed)?;
        self.wake.gates();
        Ok(SetStageControlsResponse {})
    }
}

fn sent(stages: &StageControls) -> Vec<Sent> {
    stages
        .controls
        .iter()
        .map(|(stage, control)| Sent {
            stage: stage.clone(),
            allowed_exits: control.allowed_exits.clone(),
            required_fields: control.required_fields.clone(),
        })
        .collect()
}

fn json(stages: &StageControls, pipelines: &[String]) -> String {
    let controls: serde_json::Map<String, serde_json::Value> = stages
        .controls
        .iter()
        .map(|(stage, control)| {
            let value = serde_json::json!({
                "allowed_exits": control.allowed_exits,
                "required_fields": control.required_fields,
            });
            (stage.clone(), value)
        })
        .collect();
    serde_json::json!({ "controls": controls, "pipelines": pipelines }).to_string()
}
