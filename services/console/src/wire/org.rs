//! What the org has: objects, pipelines with their stages, and the people who own its records.

use events::metadata::v1 as proto;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An object that may be read beside those always read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SelectableObject {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) selected: bool,
}

impl From<proto::SelectableObject> for SelectableObject {
    fn from(known: proto::SelectableObject) -> Self {
        Self {
            name: known.name,
            label: known.label,
            selected: known.selected,
        }
    }
}

/// The objects to read beside those always read; all of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    pub(crate) objects: Vec<String>,
}

/// An opportunity record type with the sales process behind it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    pub(crate) record_type_id: String,
    pub(crate) developer_name: String,
    pub(crate) name: String,
    pub(crate) sales_process: String,
    /// The connected user may choose it.
    pub(crate) available: bool,
    /// Deals of it are written to; absent when that is not known.
    pub(crate) chosen: Option<bool>,
    pub(crate) stages: Vec<PipelineStage>,
}

/// One stage of a pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PipelineStage {
    pub(crate) id: String,
    pub(crate) api_name: String,
    pub(crate) label: String,
    pub(crate) sort_order: u32,
    pub(crate) closed: bool,
    pub(crate) won: bool,
    /// In percent.
    pub(crate) probability: u32,
    /// What the analysis is told about it.
    pub(crate) description: String,
    /// Stages a move may go to.
    pub(crate) allowed_exits: Vec<String>,
}

/// Every pipeline of an answer.
pub(crate) fn pipelines(answer: proto::ListPipelinesResponse) -> Vec<Pipeline> {
    let known = answer.controls_known;
    let stage = |sent: proto::PipelineStage| {
        let stage = sent.stage.unwrap_or_default();
        PipelineStage {
            id: stage.id,
            api_name: stage.api_name,
            label: stage.label,
            sort_order: stage.sort_order,
            closed: stage.closed,
            won: stage.won,
            probability: stage.probability,
            description: sent.description,
            allowed_exits: sent.allowed_exits,
        }
    };
    let pipeline = |sent: proto::Pipeline| Pipeline {
        record_type_id: sent.record_type_id,
        developer_name: sent.developer_name,
        name: sent.name,
        sales_process: sent.sales_process,
        available: sent.available,
        chosen: known.then_some(sent.chosen),
        stages: sent.stages.into_iter().map(stage).collect(),
    };
    answer.pipelines.into_iter().map(pipeline).collect()
}

/// What the analysis is told about stages; all of them. A stage that is not named goes back to the org's own words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Descriptions {
    pub(crate) stages: Vec<Description>,
}

/// What it is told about one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    /// API name.
    pub(crate) stage: String,
    pub(crate) description: String,
}

/// A Salesforce user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// May own records.
    pub(crate) active: bool,
    pub(crate) user_type: String,
}

impl From<proto::Owner> for Owner {
    fn from(owner: proto::Owner) -> Self {
        Self {
            id: owner.id,
            name: owner.name,
            email: owner.email,
            active: owner.active,
            user_type: owner.user_type,
        }
    }
}

/// Salesforce users, and what admins said about who of ours they are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owners {
    /// Active ones first, by name.
    pub(crate) owners: Vec<Owner>,
    pub(crate) overrides: Vec<OwnerOverride>,
}

impl From<proto::ListOwnersResponse> for Owners {
    fn from(answer: proto::ListOwnersResponse) -> Self {
        let said = |said: proto::OwnerOverride| OwnerOverride {
            email: said.email,
            user_id: said.user_id,
        };
        Self {
            owners: answer.owners.into_iter().map(Into::into).collect(),
            overrides: answer.overrides.into_iter().map(said).collect(),
        }
    }
}

/// An admin's word on who one of our users is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerOverride {
    pub(crate) email: String,
    pub(crate) user_id: String,
}

/// All of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerOverrides {
    pub(crate) overrides: Vec<OwnerOverride>,
}
