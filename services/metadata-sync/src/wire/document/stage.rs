//! Stages and pipelines as they are written in a document: by API name, because ids differ between orgs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_yaml_ng::Value;

use super::problem;
use crate::domain::mapping::TEXT_CHARACTERS_MAX;
use crate::domain::property::PROMPT_CHARACTERS_MAX;
use crate::domain::publish::Problem;

/// Stages of one document.
const STAGES_MAX: usize = 500;
/// Pipelines of one document.
const PIPELINES_MAX: usize = 200;

/// Which pipelines are written to, and how stages may move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Controls {
    /// Record types by developer name; empty for all.
    pub pipelines: Vec<String>,
    /// By stage.
    pub exits: BTreeMap<String, Exits>,
}

/// How one stage may be left and entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exits {
    /// Stages a move may go to.
    pub to: Vec<String>,
    /// Fields that must not be empty before a move to this stage.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
}

/// What the analysis is told about stages.
pub(super) fn descriptions(
    document: &BTreeMap<String, Value>,
    found: &mut Vec<Problem>,
) -> BTreeMap<String, String> {
    let Some(sent) = document.get("stages").filter(|sent| !sent.is_null()) else {
        return BTreeMap::new();
    };
    let stages: BTreeMap<String, String> = match serde_yaml_ng::from_value(sent.clone()) {
        Ok(stages) => stages,
        Err(error) => {
            found.push(problem(
                "",
                "stages",
                format!("stages is not a list of names and descriptions: {error}"),
                "write one line per stage: its API name, a colon, the description",
            ));
            return BTreeMap::new();
        }
    };
    let bad = stages
        .values()
        .any(|text| text.contains('\0') || text.chars().count() > PROMPT_CHARACTERS_MAX);
    if stages.len() > STAGES_MAX || bad {
        found.push(problem(
            "",
            "stages",
            format!("there are more than {STAGES_MAX} stages, or a description is longer than {PROMPT_CHARACTERS_MAX} characters"),
            "shorten it",
        ));
    }
    stages
}

/// The controls, when either part of them is there.
pub(super) fn controls(
    document: &BTreeMap<String, Value>,
    found: &mut Vec<Problem>,
) -> Option<Controls> {
    let part = |name: &str| document.get(name).filter(|sent| !sent.is_null());
    let (pipelines, exits) = (part("pipelines"), part("exits"));
    if pipelines.is_none() && exits.is_none() {
        return None;
    }
    let mut controls = Controls::default();
    match pipelines.map(|sent| serde_yaml_ng::from_value(sent.clone())) {
        None => {}
        Some(Ok(pipelines)) => controls.pipelines = pipelines,
        Some(Err(error)) => found.push(problem(
            "",
            "pipelines",
            format!("pipelines is not a list of record types: {error}"),
            "write the developer names of record types",
        )),
    }
    match exits.map(|sent| serde_yaml_ng::from_value(sent.clone())) {
        None => {}
        Some(Ok(exits)) => controls.exits = exits,
        Some(Err(error)) => found.push(problem(
            "",
            "exits",
            format!("exits does not say how stages may move: {error}"),
            "write for each stage to: a list of stages, and required: a list of fields",
        )),
    }
    let names = controls
        .pipelines
        .iter()
        .chain(controls.exits.keys())
        .chain(
            controls
                .exits
                .values()
                .flat_map(|exits| exits.to.iter().chain(&exits.required)),
        );
    let bad = |text: &String| text.contains('\0') || text.chars().count() > TEXT_CHARACTERS_MAX;
    if controls.exits.len() > STAGES_MAX
        || controls.pipelines.len() > PIPELINES_MAX
        || names.into_iter().any(bad)
    {
        found.push(problem(
            "",
            "exits",
            format!("there are more than {STAGES_MAX} stages or {PIPELINES_MAX} pipelines, or a name is longer than {TEXT_CHARACTERS_MAX} characters"),
            "shorten it",
        ));
    }
    Some(controls)
}
