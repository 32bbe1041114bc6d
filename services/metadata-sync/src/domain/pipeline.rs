//! Pipelines: an opportunity record type with the sales process behind it, and the stages it goes through.

use std::collections::BTreeMap;

use super::schema::{Object, Stage};

/// The field that holds the stage.
const STAGE_FIELD: &str = "StageName";

/// One pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// 18-character record type id.
    pub record_type_id: String,
    /// Developer name, which a sandbox shares with production.
    pub developer_name: String,
    /// For a person.
    pub name: String,
    /// The sales process's name; empty when it is not known.
    pub sales_process: String,
    /// The connected user may choose it.
    pub available: bool,
    /// Its stages in order.
    pub stages: Vec<PipelineStage>,
}

/// One stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStage {
    /// The stage as the org has it.
    pub stage: Stage,
    /// What the analysis is told about it: an admin's words, otherwise the org's own.
    pub description: String,
}

/// The pipelines of the org. `descriptions` are an admin's words by stage. An org without record types has one pipeline,
/// the master's. Record types that offer no stage list of their own go through all stages.
#[must_use]
pub fn pipelines(opportunity: &Object, descriptions: &BTreeMap<String, String>) -> Vec<Pipeline> {
    let mut chosen: Vec<_> = opportunity
        .record_types
        .iter()
        .filter(|known| !known.master)
        .collect();
    if chosen.is_empty() {
        chosen = opportunity.record_types.iter().collect();
    }
    chosen
        .into_iter()
        .map(|record_type| Pipeline {
            record_type_id: record_type.id.clone(),
            developer_name: record_type.developer_name.clone(),
            name: record_type.name.clone(),
            sales_process: opportunity
                .sales_processes
                .iter()
                .find(|process| process.id == record_type.sales_process)
                .map(|process| process.name.clone())
                .unwrap_or_default(),
            available: record_type.available,
            stages: opportunity
                .stages
                .iter()
                .filter(|stage| stage.active && offered(opportunity, stage, &record_type.id))
                .map(|stage| PipelineStage {
                    description: descriptions
                        .get(&stage.api_name)
                        .unwrap_or(&stage.description)
                        .clone(),
                    stage: stage.clone(),
                })
                .collect(),
        })
        .collect()
}

fn offered(opportunity: &Object, stage: &Stage, record_type: &str) -> bool {
    let values = opportunity
        .fields
        .get(STAGE_FIELD)
        .map(|field| &field.picklist);
    let value = values.and_then(|values| values.iter().find(|value| value.value == stage.api_name));
    // A stage the field does not list is offered nowhere; without the field nothing can be said against it.
    match (values, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(value)) => {
            value.active
                && (value.record_types.is_empty()
                    || value.record_types.iter().any(|known| known == record_type))
        }
    }
}

/// Developer names of record types by id; ids the org does not have are left out.
#[must_use]
pub fn developer_names(opportunity: &Object, ids: &[String]) -> Vec<String> {
    let known = &opportunity.record_types;
    ids.iter()
        .filter_map(|id| known.iter().find(|record_type| record_type.id == *id))
        .map(|record_type| record_type.developer_name.clone())
        .collect()
}

/// Ids of record types by developer name, and the names the org does not have.
#[must_use]
pub fn record_type_ids(opportunity: &Object, names: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut ids, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match opportunity
            .record_types
            .iter()
            .find(|record_type| record_type.developer_name == *name)
        {
            Some(record_type) => ids.push(record_type.id.clone()),
            None => missing.push(name.clone()),
        }
    }
    (ids, missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::{Field, PicklistValue, RecordType, SalesProcess};

    #[test]
    fn a_pipeline_has_the_stages_its_record_type_offers_in_order() {
        let value = |value: &str, record_types: &[&str]| PicklistValue {
            value: value.into(),
            active: true,
            record_types: record_types.iter().map(|id| (*id).to_owned()).collect(),
            ..PicklistValue::default()
        };
        let stage = |name: &str, order: u32, active: bool| Stage {
            api_name: name.into(),
            sort_order: order,
            active,
            description: format!("{name} in the org's words"),
            ..Stage::default()
        };
        let deal = Object {
            fields: [(
                STAGE_FIELD.to_owned(),
                Field {
                    picklist: vec![
                        value("Discovery", &["012A", "012B"]),
                        value("Legal", &["012A"]),
                        value("Won", &[]),
                    ],
                    ..Field::default()
                },
            )]
            .into(),
            record_types: vec![
                RecordType {
                    id: "012A".into(),
                    name: "New".into(),
                    sales_process: "019A".into(),
                    available: true,
                    ..RecordType::default()
                },
                RecordType {
                    id: "012B".into(),
                    ..RecordType::default()
                },
                RecordType {
                    id: "012M".into(),
                    master: true,
                    ..RecordType::default()
                },
            ],
            sales_processes: vec![SalesProcess {
                id: "019A".into(),
                name: "Long sale".into(),
                active: true,
            }],
            stages: vec![
                stage("Discovery", 1, true),
                stage("Legal", 2, true),
                stage("Old", 3, false),
                stage("Won", 4, true),
            ],
            ..Object::default()
        };
        let ours = BTreeMap::from([("Legal".to_owned(), "lawyers are involved".to_owned())]);
        let told: Vec<(String, Vec<String>)> = pipelines(&deal, &ours)
            .into_iter()
            .map(|pipeline| {
                let stages = pipeline.stages.into_iter();
                (
                    format!("{} {}", pipeline.record_type_id, pipeline.sales_process),
                    stages
                        .map(|known| format!("{}: {}", known.stage.api_name, known.description))
                        .collect(),
                )
            })
            .collect();
        insta::assert_debug_snapshot!(told, @r#"
        [
            (
                "012A Long sale",
                [
                    "Discovery: Discovery in the org's words",
                    "Legal: lawyers are involved",
                    "Won: Won in the org's words",
                ],
            ),
            (
                "012B ",
                [
                    "Discovery: Discovery in the org's words",
                    "Won: Won in the org's words",
                ],
            ),
        ]
        "#);
    }
}
