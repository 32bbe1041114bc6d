//! Objects of a snapshot, and how they are cut into messages.

use events::crm::v1::{self, SchemaChanged};
use prost::Message;

use crate::domain::schema::{Field, Global, Object, Stage};

/// An object as it travels.
#[must_use]
pub fn object(object: &Object) -> v1::ObjectSchema {
    v1::ObjectSchema {
        fields: object
            .fields
            .iter()
            .map(|(name, known)| field(name, known))
            .collect(),
        validation_rules: object
            .validation_rules
            .iter()
            .map(|rule| v1::ValidationRule {
                id: rule.id.clone(),
                name: rule.name.clone(),
                formula: rule.formula.clone(),
                error_message: rule.error_message.clone(),
                error_field: rule.error_field.clone(),
            })
            .collect(),
        ..head(object)
    }
}

fn head(object: &Object) -> v1::ObjectSchema {
    v1::ObjectSchema {
        name: object.name.clone(),
        label: object.label.clone(),
        key_prefix: object.key_prefix.clone(),
        createable: object.createable,
        updateable: object.updateable,
        queryable: object.queryable,
        fields: vec![],
        record_types: object
            .record_types
            .iter()
            .map(|known| v1::RecordType {
                id: known.id.clone(),
                developer_name: known.developer_name.clone(),
                name: known.name.clone(),
                available: known.available,
                master: known.master,
                is_default: known.is_default,
                sales_process_id: known.sales_process.clone(),
            })
            .collect(),
        stages: object.stages.iter().map(stage).collect(),
        validation_rules: vec![],
        sales_processes: object
            .sales_processes
            .iter()
            .map(|process| v1::SalesProcess {
                id: process.id.clone(),
                name: process.name.clone(),
                active: process.active,
            })
            .collect(),
        globals: object.globals.iter().map(global).collect(),
    }
}

fn global(global: &Global) -> v1::Global {
    v1::Global {
        name: global.name.clone(),
        r#type: global.kind.clone(),
        value_json: global.value_json.clone(),
        unknown_reason: global.unknown_reason.clone(),
    }
}

/// A stage as it travels.
#[must_use]
pub fn stage(stage: &Stage) -> v1::Stage {
    v1::Stage {
        api_name: stage.api_name.clone(),
        label: stage.label.clone(),
        sort_order: stage.sort_order,
        active: stage.active,
        closed: stage.closed,
        won: stage.won,
        probability: stage.probability,
        id: stage.id.clone(),
        description: stage.description.clone(),
        forecast_category: stage.forecast_category.clone(),
    }
}

fn field(name: &str, field: &Field) -> v1::Field {
    v1::Field {
        name: name.to_owned(),
        label: field.label.clone(),
        r#type: field.kind.clone(),
        length: field.length,
        precision: field.precision,
        scale: field.scale,
        nillable: field.nillable,
        defaulted_on_create: field.defaulted_on_create,
        createable: field.createable,
        updateable: field.updateable,
        calculated: field.calculated || field.auto_number,
        restricted_picklist: field.restricted_picklist,
        picklist_values: field
            .picklist
            .iter()
            .map(|value| v1::PicklistValue {
                value: value.value.clone(),
                label: value.label.clone(),
                active: value.active,
                valid_for: value.valid_for.clone(),
                record_type_ids: value.record_types.clone(),
            })
            .collect(),
        controller_name: field.controller.clone(),
        reference_to: field.reference_to.clone(),
        external_id: field.external_id,
        html_formatted: field.html_formatted,
        filterable: field.filterable,
        permissionable: field.permissionable,
        unique: field.unique,
        relationship_name: field.relationship.clone(),
        formula: field.formula.clone(),
        formula_blank_as_zero: field.formula_blank_as_zero,
        durable_id: field.id.clone(),
        default_json: field.default_json.clone(),
        default_formula: field.default_formula.clone(),
    }
}

/// The messages of one version of an object, each at most about `bytes_max`: the first carries all that is not a list of
/// fields or rules; fields and then rules are dealt out in order.
#[must_use]
pub fn changed(
    workspace: &str,
    version: u64,
    known: &Object,
    observed_at: events::Timestamp,
    bytes_max: usize,
) -> Vec<SchemaChanged> {
    let whole = object(known);
    let name_only = || v1::ObjectSchema {
        name: known.name.clone(),
        ..v1::ObjectSchema::default()
    };
    let mut parts = vec![head(known)];
    let mut bytes = parts[0].encoded_len();
    let room = |parts: &mut Vec<v1::ObjectSchema>, bytes: &mut usize, size: usize| {
        if *bytes + size > bytes_max && *bytes > 0 {
            parts.push(name_only());
            *bytes = 0;
        }
        *bytes += size;
    };
    // Tag and length of one element of a list.
    const ELEMENT_BYTES: usize = 8;
    for field in whole.fields {
        room(&mut parts, &mut bytes, field.encoded_len() + ELEMENT_BYTES);
        parts.last_mut().expect("never empty").fields.push(field);
    }
    for rule in whole.validation_rules {
        room(&mut parts, &mut bytes, rule.encoded_len() + ELEMENT_BYTES);
        parts
            .last_mut()
            .expect("never empty")
            .validation_rules
            .push(rule);
    }
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let numbered = (1_u32..).zip(parts);
    numbered
        .map(|(part, object)| SchemaChanged {
            workspace: workspace.to_owned(),
            version,
            object: Some(object),
            part,
            parts: count,
            removed: false,
            observed_at: Some(observed_at),
        })
        .collect()
}

/// The message of an object that is gone.
#[must_use]
pub fn removed(
    workspace: &str,
    version: u64,
    name: &str,
    observed_at: events::Timestamp,
) -> SchemaChanged {
    SchemaChanged {
        workspace: workspace.to_owned(),
        version,
        object: Some(v1::ObjectSchema {
            name: name.to_owned(),
            ..v1::ObjectSchema::default()
        }),
        part: 1,
        parts: 1,
        removed: true,
        observed_at: Some(observed_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::ValidationRule;

    #[test]
    fn a_large_object_is_cut_and_nothing_is_lost() {
        let field = Field {
            label: "x".repeat(500),
            ..Field::default()
        };
        let known = Object {
            name: "Opportunity".into(),
            fields: (0..2_000)
                .map(|n| (format!("F{n}__c"), field.clone()))
                .collect(),
            validation_rules: (0..300)
                .map(|n| ValidationRule {
                    id: format!("03d{n}"),
                    formula: "y".repeat(3_000),
                    ..ValidationRule::default()
                })
                .collect(),
            ..Object::default()
        };
        let parts = changed("acme", 3, &known, events::Timestamp::default(), 512 * 1024);
        assert!(parts.len() > 2);
        let sum = |count: fn(&v1::ObjectSchema) -> usize| {
            parts
                .iter()
                .filter_map(|part| part.object.as_ref())
                .map(count)
                .sum::<usize>()
        };
        assert_eq!(sum(|part| part.fields.len()), 2_000);
        assert_eq!(sum(|part| part.validation_rules.len()), 300);
        for (number, part) in (1_u32..).zip(&parts) {
            assert!(part.encoded_len() <= 512 * 1024 + 1024);
            assert_eq!((part.part, part.parts as usize), (number, parts.len()));
        }
    }

    #[test]
    fn a_small_object_is_one_message() {
        let known = Object {
            name: "Task".into(),
            ..Object::default()
        };
        let parts = changed("acme", 1, &known, events::Timestamp::default(), 512 * 1024);
        assert_eq!(parts.len(), 1);
        assert_eq!(
            parts[0].object.as_ref().map(|part| part.name.as_str()),
            Some("Task")
        );
    }
}
