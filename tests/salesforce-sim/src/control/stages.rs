//! Changes of opportunity stages: the setup record, and the picklist that shows it.

use super::change::set_value;
use super::schema;
use crate::id::Id;
use crate::org::Org;
use crate::value::Value;

/// Activates or deactivates a stage.
pub(super) fn set_active(org: &mut Org, name: &str, active: bool) -> Result<(), String> {
    known(org, name)?.active = active;
    if let Some(id) = record(org, name) {
        set_value(org, "OpportunityStage", id, "IsActive", Value::Bool(active));
    }
    schema::change(org, "Opportunity", "StageName", |field| {
        for value in field.values.iter_mut().filter(|value| value.value == name) {
            value.active = active;
        }
    })
}

/// Changes the probability a move to the stage brings along.
pub(super) fn set_probability(org: &mut Org, name: &str, percent: i64) -> Result<(), String> {
    known(org, name)?.probability = percent;
    if let Some(id) = record(org, name) {
        let value = Value::Number(percent.into());
        set_value(org, "OpportunityStage", id, "DefaultProbability", value);
    }
    org.touch();
    Ok(())
}

fn known<'a>(org: &'a mut Org, name: &str) -> Result<&'a mut crate::schema::Stage, String> {
    let stages = &mut org.schema.stages;
    stages
        .iter_mut()
        .find(|stage| stage.name == name)
        .ok_or_else(|| format!("no stage {name}"))
}

fn record(org: &Org, name: &str) -> Option<Id> {
    let stages = org.number("OpportunityStage");
    let table = org.table(stages);
    let mut rows = table.positions().filter_map(|at| table.at(at));
    rows.find(|row| org.value_of(stages, row, "ApiName").as_text() == Some(name))
        .map(|row| row.id)
}
