//! Carrying a mapping from one org to another as YAML, with what belongs to it: what the analysis is told about stages,
//! which pipelines are written to and how stages may move.

use std::collections::BTreeSet;

use chassis::Db;
use events::WorkspaceId;
use events::metadata::v1::ExportMappingResponse;
use events::rpc::{Caller, RpcError};
use events::writeback::v1::{GetStageControlsResponse, StageControl};

use super::{broken, internal, mapping as edit};
use crate::adapters::writeback::Writeback;
use crate::domain::pipeline::{developer_names, record_type_ids};
use crate::domain::publish::Problem;
use crate::domain::schema::Object;
use crate::store::{mapping, setting, snapshot, workspace};
use crate::wire::document::{self, Controls, Document, Exits};

const OPPORTUNITY: &str = "Opportunity";

/// A published version as YAML; 0 for the newest. Pipelines and exits are writeback's to know: when it does not answer
/// they are left out, and the answer says so.
///
/// # Errors
/// When there is no such version, or Postgres fails.
pub async fn export(
    db: &Db,
    writeback: &Writeback,
    id: &WorkspaceId,
    version: u64,
) -> Result<ExportMappingResponse, RpcError> {
    let scope = db.workspace(id);
    let found = match version {
        0 => mapping::published(&scope, id.as_str()).await,
        version => mapping::version(&scope, id.as_str(), version).await,
    };
    let published = found
        .map_err(broken)?
        .ok_or_else(|| RpcError::not_found("the mapping version"))?;
    let stages = setting::stage_descriptions(&scope, id.as_str())
        .await
        .map_err(broken)?;
    let opportunity = opportunity(db, id).await?;
    let controls = writeback
        .controls(id)
        .await
        .map(|known| named(known, &opportunity));
    let document = Document {
        mapping: published.mapping,
        stages,
        controls,
    };
    let yaml = document::write(&document).map_err(|error| {
        RpcError::invalid("version", format!("cannot be written as YAML: {error}"))
    })?;
    Ok(ExportMappingResponse {
        yaml,
        version: published.version,
        controls_known: document.controls.is_some(),
    })
}

async fn opportunity(db: &Db, id: &WorkspaceId) -> Result<Object, RpcError> {
    let found = snapshot::one(&db.workspace(id), id.as_str(), OPPORTUNITY)
        .await
        .map_err(broken)?;
    Ok(found.map(|(object, _)| object).unwrap_or_default())
}

/// What was chosen here, by names another org may have too.
fn named(known: GetStageControlsResponse, opportunity: &Object) -> Controls {
    let exits = known.controls.into_iter().map(|control| {
        let exits = Exits {
            to: control.allowed_exits,
            required: control.required_fields,
        };
        (control.stage, exits)
    });
    Controls {
        pipelines: developer_names(opportunity, &known.pipeline_record_type_ids),
        exits: exits.collect(),
    }
}

/// Makes YAML the draft; answers whether it did, and every problem: of the text and of what it names here when it was not
/// stored, of publishing here when it was.
///
/// # Errors
/// When Postgres fails.
pub async fn import(
    db: &Db,
    writeback: &Writeback,
    id: &WorkspaceId,
    yaml: &str,
    caller: &Caller,
) -> Result<(bool, Vec<Problem>), RpcError> {
    let document = match document::read(yaml) {
        Ok(document) => document,
        Err(problems) => return Ok((false, problems)),
    };
    let opportunity = opportunity(db, id).await?;
    let controls = match document.controls.map(|named| here(named, &opportunity)) {
        None => None,
        Some(Ok(controls)) => Some(controls),
        Some(Err(problems)) => return Ok((false, problems)),
    };
    let by = &caller.actor;
    let mut problems = edit::save_draft(db, id, &document.mapping, by).await?;
    if !document.stages.is_empty() {
        let mut unit = db.begin(id).await.map_err(internal)?;
        workspace::lock(unit.connection(), id.as_str())
            .await
            .map_err(broken)?;
        setting::describe_stages(unit.connection(), id.as_str(), &document.stages, by)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
    }
    if let Some((exits, pipelines)) = controls {
        let taken = writeback.set_controls(id, caller, exits, pipelines).await;
        if let Err(error) = taken {
            problems.push(Problem {
                entry_id: String::new(),
                field: "exits",
                message: format!("pipelines and exits were not taken over: {}", error.message),
                fix: "import the document again, or set them by hand".into(),
            });
        }
    }
    Ok((true, problems))
}

/// What a document names, by this org's ids; or everything it does not have.
fn here(
    named: Controls,
    opportunity: &Object,
) -> Result<(Vec<StageControl>, Vec<String>), Vec<Problem>> {
    let unknown = |field, message: String, fix: &str| Problem {
        entry_id: String::new(),
        field,
        message,
        fix: fix.to_owned(),
    };
    let (ids, missing) = record_type_ids(opportunity, &named.pipelines);
    let mut problems: Vec<Problem> = missing
        .into_iter()
        .map(|name| {
            unknown(
                "pipelines",
                format!("the org has no record type {name} of {OPPORTUNITY}"),
                "create it in the org, or take it out of the document",
            )
        })
        .collect();
    let stages: BTreeSet<&str> = opportunity
        .stages
        .iter()
        .map(|stage| stage.api_name.as_str())
        .collect();
    let mentioned = named
        .exits
        .iter()
        .flat_map(|(stage, exits)| std::iter::once(stage).chain(&exits.to));
    let gone: BTreeSet<&String> = mentioned
        .filter(|stage| !stages.contains(stage.as_str()))
        .collect();
    problems.extend(gone.into_iter().map(|stage| {
        unknown(
            "exits",
            format!("the org has no stage {stage}"),
            "create it in the org, or take it out of the document",
        )
    }));
    if !problems.is_empty() {
        return Err(problems);
    }
    let exits = named.exits.into_iter().map(|(stage, exits)| StageControl {
        stage,
        allowed_exits: exits.to,
        required_fields: exits.required,
    });
    Ok((exits.collect(), ids))
}
