//! Salesforce's describes to the canonical form. Total: what is unknown is kept as text or left out, never an error.

use std::collections::BTreeMap;

use salesforce::{ObjectDescribe, RecordTypePicklists, valid_for};

use crate::domain::schema::{Field, Object, PicklistValue, RecordType};

/// The record type that stands for "none"; it offers every active value.
const MASTER_RECORD_TYPE: &str = "012000000000000AAA";

/// The canonical form of a describe. Stages, rules and record types of values come from elsewhere.
#[must_use]
pub fn object(described: &ObjectDescribe) -> Object {
    let controllers: BTreeMap<&str, usize> = described
        .fields
        .iter()
        .map(|field| {
            let values = match field.field_type.as_str() {
                "boolean" => 2,
                _ => field.picklist_values.len(),
            };
            (field.name.as_str(), values)
        })
        .collect();
    let fields = described
        .fields
        .iter()
        .filter(|field| !field.name.is_empty())
        .map(|field| {
            let controller = field.controller_name.as_deref().unwrap_or_default();
            let controlling = controllers.get(controller).copied().unwrap_or_default();
            (field.name.clone(), self::field(field, controlling))
        })
        .collect();
    Object {
        name: described.name.clone(),
        // Postgres stores no NUL, and the label is a column of its own.
        label: described.label.replace('\0', ""),
        key_prefix: described.key_prefix.clone().unwrap_or_default(),
        createable: described.createable,
        updateable: described.updateable,
        queryable: described.queryable,
        fields,
        record_types: described
            .record_type_infos
            .iter()
            .map(|info| RecordType {
                id: normal_id(&info.record_type_id),
                developer_name: info.developer_name.clone(),
                name: info.name.clone(),
                available: info.available && info.active,
                master: info.master,
                is_default: info.default_record_type_mapping,
                sales_process: String::new(),
            })
            .collect(),
        stages: vec![],
        sales_processes: vec![],
        validation_rules: vec![],
        globals: vec![],
    }
    .in_order()
}

fn normal_id(text: &str) -> String {
    salesforce::Id::parse(text).map_or_else(|_| text.to_owned(), |id| id.as_str().to_owned())
}

fn field(described: &salesforce::Field, controlling_values: usize) -> Field {
    Field {
        id: String::new(),
        label: described.label.clone(),
        kind: described.field_type.as_str().to_owned(),
        length: described.length,
        precision: described.precision.max(described.digits),
        scale: described.scale,
        nillable: described.nillable,
        defaulted_on_create: described.defaulted_on_create,
        createable: described.createable,
        updateable: described.updateable,
        calculated: described.calculated,
        auto_number: described.auto_number,
        restricted_picklist: described.restricted_picklist,
        picklist: described
            .picklist_values
            .iter()
            .map(|entry| PicklistValue {
                value: entry.value.clone(),
                label: entry.label.clone().unwrap_or_else(|| entry.value.clone()),
                active: entry.active,
                valid_for: entry
                    .valid_for
                    .as_deref()
                    .map(|bitmap| positions(bitmap, controlling_values))
                    .unwrap_or_default(),
                record_types: vec![],
            })
            .collect(),
        controller: described.controller_name.clone().unwrap_or_default(),
        reference_to: described.reference_to.clone(),
        filtered_lookup: described.filtered_lookup_info,
        external_id: described.external_id,
        unique: described.unique,
        html_formatted: described.html_formatted,
        encrypted: described.encrypted,
        filterable: described.filterable,
        permissionable: described.permissionable,
        compound: described.compound_field_name.clone().unwrap_or_default(),
        relationship: described.relationship_name.clone().unwrap_or_default(),
        formula: described.calculated_formula.clone().unwrap_or_default(),
        formula_blank_as_zero: described.formula_treat_null_number_as_zero,
        default_json: default_json(described),
        default_formula: described.default_value_formula.clone().unwrap_or_default(),
    }
}

/// Some hosts flag the value of a picklist instead of naming it beside the field.
fn default_json(described: &salesforce::Field) -> String {
    let flagged = described
        .picklist_values
        .iter()
        .find(|entry| entry.default_value && entry.active)
        .map(|entry| serde_json::Value::String(entry.value.clone()));
    described
        .default_value
        .clone()
        .filter(|value| !value.is_null())
        .or(flagged)
        .map_or_else(String::new, |value| value.to_string())
}

fn positions(bitmap: &str, values: usize) -> Vec<u32> {
    (0_u32..)
        .take(values)
        .filter(|position| valid_for(bitmap, *position as usize))
        .collect()
}

/// Notes for each picklist value which record types offer it. `lists` are the answers per record type, those that were
/// given. A field every record type offers whole stays unrestricted.
pub fn restrict(object: &mut Object, lists: &BTreeMap<String, RecordTypePicklists>) {
    for (name, field) in &mut object.fields {
        let offered: BTreeMap<&String, Vec<&str>> = lists
            .iter()
            .filter_map(|(record_type, lists)| {
                let list = lists.picklist_field_values.get(name)?;
                Some((
                    record_type,
                    list.values
                        .iter()
                        .map(|choice| choice.value.as_str())
                        .collect(),
                ))
            })
            .collect();
        let active = field.picklist.iter().filter(|value| value.active);
        let whole = active.clone().all(|value| {
            offered
                .values()
                .all(|values| values.contains(&value.value.as_str()))
        });
        for value in &mut field.picklist {
            value.record_types.clear();
            if whole || !value.active {
                continue;
            }
            // A record type that said nothing about the field does not restrict it.
            let mut record_types: Vec<String> = lists
                .keys()
                .filter(|record_type| {
                    offered
                        .get(record_type)
                        .is_none_or(|values| values.contains(&value.value.as_str()))
                })
                .cloned()
                .collect();
            record_types.push(MASTER_RECORD_TYPE.to_owned());
            record_types.sort();
            record_types.dedup();
            value.record_types = record_types;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::Behaviour;
    use std::path::{Path, PathBuf};

    fn described(json: &str) -> Object {
        object(&serde_json::from_str(json).expect("a describe"))
    }

    #[test]
    fn dependent_values_become_positions() {
        let found = described(
            r#"{"name":"Lead","fields":[
                {"name":"Color__c","type":"picklist","picklistValues":[{"value":"a","active":true},{"value":"b","active":true},{"value":"c","active":true}]},
                {"name":"Shade__c","type":"picklist","controllerName":"Color__c","picklistValues":[
                    {"value":"x","active":true,"validFor":"oAAA"},{"value":"y","active":true,"validFor":"not base64!"},{"value":"z","active":true,"validFor":null}]},
                {"name":"Flag__c","type":"boolean"},
                {"name":"When__c","type":"picklist","controllerName":"Flag__c","picklistValues":[{"value":"x","active":true,"validFor":"QAAA"}]}]}"#,
        );
        let valid =
            |field: &str, index: usize| found.fields[field].picklist[index].valid_for.clone();
        assert_eq!(valid("Shade__c", 0), [0, 2]);
        assert_eq!(valid("Shade__c", 1), Vec::<u32>::new());
        assert_eq!(valid("Shade__c", 2), Vec::<u32>::new());
        assert_eq!(valid("When__c", 0), [1]);
    }

    #[test]
    fn what_is_unknown_does_not_break_a_describe() {
        let found = described(
            r#"{"name":"Next__c","invented":{"a":[1]},"fields":[{"name":"F__c","type":"hologram","brandNew":[],"length":3}]}"#,
        );
        assert_eq!(found.fields["F__c"].behaviour(), Behaviour::None);
        assert_eq!(found.fields["F__c"].kind, "hologram");
    }

    #[test]
    fn a_value_names_the_record_types_that_offer_it_and_the_master() {
        let mut deal = described(
            r#"{"name":"Opportunity","fields":[
                {"name":"StageName","type":"picklist","picklistValues":[{"value":"A","active":true},{"value":"B","active":true}]},
                {"name":"Type","type":"picklist","picklistValues":[{"value":"N","active":true}]}]}"#,
        );
        let list = |stages: &[&str]| {
            let values: Vec<String> = stages
                .iter()
                .map(|stage| format!(r#"{{"value":"{stage}","label":"x","validFor":[]}}"#))
                .collect();
            let json = format!(
                r#"{{"picklistFieldValues":{{"StageName":{{"values":[{}]}},"Type":{{"values":[{{"value":"N"}}]}}}}}}"#,
                values.join(",")
            );
            serde_json::from_str(&json).expect("lists")
        };
        let lists = [
            ("012A".to_owned(), list(&["A", "B"])),
            ("012B".to_owned(), list(&["A"])),
        ]
        .into();
        restrict(&mut deal, &lists);
        let of =
            |field: &str, index: usize| deal.fields[field].picklist[index].record_types.clone();
        assert_eq!(of("StageName", 0), [MASTER_RECORD_TYPE, "012A", "012B"]);
        assert_eq!(of("StageName", 1), [MASTER_RECORD_TYPE, "012A"]);
        assert_eq!(of("Type", 0), Vec::<String>::new());
    }

    fn fixtures() -> Option<PathBuf> {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/salesforce");
        if folder.is_dir() {
            return Some(folder);
        }
        eprintln!("skipped: no real describes beside the project");
        None
    }

    /// Everything in `value` that looks like an sObject describe.
    fn describes(value: &serde_json::Value, found: &mut Vec<serde_json::Value>) {
        match value {
            serde_json::Value::Object(parts) => {
                let is_field = |field: &serde_json::Value| {
                    field.get("type").is_some() && field.get("name").is_some()
                };
                let fields = parts.get("fields").and_then(|fields| fields.as_array());
                if parts.contains_key("keyPrefix")
                    && fields.is_some_and(|fields| fields.iter().any(is_field))
                {
                    found.push(value.clone());
                    return;
                }
                parts.values().for_each(|part| describes(part, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| describes(item, found)),
            // Recordings keep a body as text.
            serde_json::Value::String(text) if text.trim_start().starts_with('{') => {
                if let Ok(inner) = serde_json::from_str(text) {
                    describes(&inner, found);
                }
            }
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }

    fn json_files(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                json_files(&path, files);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
    }

    #[test]
    fn the_describes_of_real_orgs_parse_whole() {
        let Some(folder) = fixtures() else { return };
        let mut files = Vec::new();
        json_files(&folder, &mut files);
        let (mut objects, mut fields) = (0, 0);
        for file in files {
            let Ok(json) = serde_json::from_slice(&std::fs::read(&file).expect("readable")) else {
                continue;
            };
            let mut found = Vec::new();
            describes(&json, &mut found);
            for sent in found {
                let told: ObjectDescribe = serde_json::from_value(sent.clone())
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let known = object(&told);
                let names = sent["fields"].as_array().map_or(0, Vec::len);
                assert_eq!(known.fields.len(), names, "{}", file.display());
                objects += 1;
                fields += names;
                for (name, field) in &known.fields {
                    let unmapped = [
                        "id",
                        "address",
                        "location",
                        "base64",
                        "encryptedstring",
                        "anyType",
                        "complexvalue",
                    ];
                    let defined = field.behaviour() != Behaviour::None
                        || unmapped.contains(&field.kind.as_str());
                    assert!(
                        defined,
                        "{}: {name} has type {}",
                        file.display(),
                        field.kind
                    );
                }
                let again: Object =
                    serde_json::from_slice(&known.canonical()).expect("canonical JSON");
                assert_eq!(again, known);
            }
        }
        assert!(
            objects >= 5 && fields >= 300,
            "{objects} describes with {fields} fields"
        );
    }
}
