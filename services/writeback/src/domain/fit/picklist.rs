//! Picklists: a value of the list, for the record's type and the controlling value, or a question to a person.

use super::{Rules, Unfit, excerpt, unfit};
use crate::domain::meeting::Typed;
use crate::domain::schema::{Field, PicklistValue};
use crate::domain::text;
use crate::domain::value::FieldValue;

/// Exact, else label, else synonym; the first that names an active value available to the record.
fn choose<'a>(said: &str, field: &'a Field, rules: Rules<'_>) -> Result<&'a PicklistValue, Unfit> {
    let said = text::clean(said).trim().to_owned();
    let named = |wanted: &str, by: fn(&PicklistValue) -> &str, fold: bool| {
        field.values.iter().find(|value| {
            let own = by(value);
            own == wanted || (fold && own.to_lowercase() == wanted.to_lowercase())
        })
    };
    let value: fn(&PicklistValue) -> &str = |value| value.value.as_str();
    let label: fn(&PicklistValue) -> &str = |value| value.label.as_str();
    let found = named(&said, value, false)
        .or_else(|| named(&said, label, false))
        .or_else(|| named(&said, value, true))
        .or_else(|| named(&said, label, true))
        .or_else(|| {
            rules
                .synonyms
                .iter()
                .find(|(from, _)| from.to_lowercase() == said.to_lowercase())
                .and_then(|(_, to)| named(to, value, false))
        });
    let Some(found) = found else {
        return Err(unfit(
            "picklist_value_unknown",
            format!(
                "\"{}\" is not a value of the list; choose one or add a synonym to the mapping",
                excerpt(&said)
            ),
        ));
    };
    if !found.active {
        return Err(unfit(
            "picklist_value_inactive",
            format!(
                "\"{}\" is inactive in the list; choose another value",
                found.value
            ),
        ));
    }
    if let Some(record_type) = rules.record_type_id
        && !found.record_type_ids.is_empty()
        && !found.record_type_ids.iter().any(|id| id == record_type)
    {
        return Err(unfit(
            "picklist_value_not_in_record_type",
            format!(
                "\"{}\" is not available for the record's record type; choose another value",
                found.value
            ),
        ));
    }
    if field.controller.is_some() && !found.valid_for.is_empty() {
        match rules.controlling_index {
            Some(index) if found.valid_for.contains(&index) => {}
            Some(_) => {
                return Err(unfit(
                    "picklist_value_not_for_controller",
                    format!(
                        "\"{}\" is not allowed for the controlling field's value",
                        found.value
                    ),
                ));
            }
            None => {
                return Err(unfit(
                    "picklist_controller_empty",
                    format!(
                        "\"{}\" depends on another field, which is empty or unknown",
                        found.value
                    ),
                ));
            }
        }
    }
    Ok(found)
}

pub(super) fn fit_picklist(
    value: &Typed,
    field: &Field,
    rules: Rules<'_>,
) -> Result<FieldValue, Unfit> {
    let said = match value {
        Typed::Text(text) => text.clone(),
        Typed::List(items) if items.len() == 1 => items[0].clone(),
        Typed::Number(number) => number.normalize().to_string(),
        Typed::Bool(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::List(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => {
            return Err(unfit(
                "not_one_value",
                "the field takes one value of a list",
            ));
        }
    };
    // A stage's label and the picklist's may differ after a rename; the stage list is the authority.
    if !rules.stages.is_empty() {
        let stage = rules.stages.iter().find(|stage| {
            stage.api_name == said
                || stage.label == said
                || stage.api_name.to_lowercase() == said.to_lowercase()
                || stage.label.to_lowercase() == said.to_lowercase()
        });
        if let Some(stage) = stage {
            if !stage.active {
                return Err(unfit(
                    "stage_inactive",
                    format!(
                        "the stage \"{}\" is inactive; choose another",
                        stage.api_name
                    ),
                ));
            }
            if field
                .values
                .iter()
                .any(|value| value.value == stage.api_name)
            {
                return choose(&stage.api_name, field, rules)
                    .map(|found| FieldValue::Text(found.value.clone()));
            }
            return Ok(FieldValue::Text(stage.api_name.clone()));
        }
    }
    choose(&said, field, rules).map(|found| FieldValue::Text(found.value.clone()))
}

pub(super) fn fit_multi(
    value: &Typed,
    field: &Field,
    rules: Rules<'_>,
) -> Result<FieldValue, Unfit> {
    let said: Vec<String> = match value {
        Typed::List(items) => items.clone(),
        Typed::Text(text) => text.split(';').map(str::to_owned).collect(),
        Typed::Number(_)
        | Typed::Bool(_)
        | Typed::Date(_)
        | Typed::DateTime(_)
        | Typed::Money { .. }
        | Typed::Elsewhere => {
            return Err(unfit("not_a_list", "the field takes values of a list"));
        }
    };
    let mut chosen: Vec<&str> = Vec::new();
    for item in said.iter().filter(|item| !item.trim().is_empty()) {
        let value = choose(item, field, rules)?.value.as_str();
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    if chosen.is_empty() {
        return Err(unfit(
            "empty",
            "the value is empty and would clear the field",
        ));
    }
    // Salesforce's own limit (TOO_MANY_ENUM_VALUE).
    if chosen.len() > 100 {
        return Err(unfit(
            "too_many_values",
            "a multi-select takes at most 100 values",
        ));
    }
    Ok(FieldValue::Text(chosen.join(";")))
}
