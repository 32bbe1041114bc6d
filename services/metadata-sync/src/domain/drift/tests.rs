use super::*;
use crate::domain::schema::{PicklistValue, RecordType};
use proptest::prelude::*;

fn text(length: u32) -> Field {
    Field {
        label: "Next step".into(),
        kind: "string".into(),
        length,
        createable: true,
        updateable: true,
        ..Field::default()
    }
}

fn number(precision: u32, scale: u32) -> Field {
    Field {
        kind: "currency".into(),
        precision,
        scale,
        ..text(0)
    }
}

fn picklist(values: &[(&str, bool)]) -> Field {
    Field {
        kind: "picklist".into(),
        picklist: values
            .iter()
            .map(|(value, active)| PicklistValue {
                value: (*value).into(),
                label: (*value).into(),
                active: *active,
                ..PicklistValue::default()
            })
            .collect(),
        ..text(255)
    }
}

fn deal(fields: &[(&str, Field)]) -> Schema {
    let object = Object {
        name: "Opportunity".into(),
        label: "Opportunity".into(),
        createable: true,
        updateable: true,
        fields: fields
            .iter()
            .map(|(name, field)| ((*name).to_owned(), field.clone()))
            .collect(),
        ..Object::default()
    };
    Schema::from([(object.name.clone(), object)])
}

fn kinds(before: &Schema, after: &Schema) -> Vec<(Kind, String, String, String)> {
    drift(before, after)
        .into_iter()
        .map(|change| (change.kind, change.field, change.before, change.after))
        .collect()
}

#[test]
fn each_kind_of_field_change_is_found() {
    let locked = Field {
        createable: false,
        updateable: false,
        ..text(255)
    };
    let formula = Field {
        calculated: true,
        ..text(255)
    };
    let restricted = Field {
        restricted_picklist: true,
        ..picklist(&[("a", true)])
    };
    for (before, after, kind, was, is) in [
        (
            text(255),
            text(80),
            Kind::FieldShortened,
            "string(255)",
            "string(80)",
        ),
        (
            text(80),
            text(255),
            Kind::FieldLengthened,
            "string(80)",
            "string(255)",
        ),
        (
            number(18, 2),
            number(18, 0),
            Kind::FieldShortened,
            "currency(18,2)",
            "currency(18,0)",
        ),
        (
            number(18, 2),
            number(18, 4),
            Kind::FieldShortened,
            "currency(18,2)",
            "currency(18,4)",
        ),
        (
            number(16, 2),
            number(18, 2),
            Kind::FieldLengthened,
            "currency(16,2)",
            "currency(18,2)",
        ),
        (
            text(255),
            number(18, 2),
            Kind::FieldRetyped,
            "string(255)",
            "currency(18,2)",
        ),
        (
            text(255),
            formula,
            Kind::FieldRetyped,
            "string(255)",
            "string(255), formula",
        ),
        (
            text(255),
            locked.clone(),
            Kind::PermissionLost,
            "create and edit",
            "read only",
        ),
        (
            locked,
            text(255),
            Kind::PermissionGained,
            "read only",
            "create and edit",
        ),
        (
            picklist(&[("a", true)]),
            restricted,
            Kind::PicklistRestricted,
            "any value",
            "listed values only",
        ),
        (
            picklist(&[("a", true), ("b", true)]),
            picklist(&[("a", true)]),
            Kind::PicklistValueRemoved,
            "b",
            "",
        ),
        (
            picklist(&[("a", true), ("b", true)]),
            picklist(&[("a", true), ("b", false)]),
            Kind::PicklistValueDeactivated,
            "b",
            "",
        ),
        (
            picklist(&[("a", true)]),
            picklist(&[("a", true), ("b", true)]),
            Kind::PicklistValueAdded,
            "",
            "b",
        ),
        (
            picklist(&[("a", true), ("Quote", true)]),
            Field {
                picklist: vec![
                    PicklistValue {
                        value: "a".into(),
                        label: "A".into(),
                        active: true,
                        ..PicklistValue::default()
                    },
                    PicklistValue {
                        value: "Quote".into(),
                        label: "Quote".into(),
                        active: true,
                        ..PicklistValue::default()
                    },
                ],
                ..picklist(&[])
            },
            Kind::PicklistValueRelabelled,
            "a",
            "A",
        ),
        (
            picklist(&[("Quote", true)]),
            Field {
                picklist: vec![PicklistValue {
                    value: "Quote_2".into(),
                    label: "quote".into(),
                    active: true,
                    ..PicklistValue::default()
                }],
                ..picklist(&[])
            },
            Kind::PicklistValueRenamed,
            "Quote",
            "Quote_2",
        ),
        (
            Field {
                nillable: true,
                ..text(80)
            },
            text(80),
            Kind::FieldRequired,
            "may be empty",
            "required",
        ),
    ] {
        let found = kinds(&deal(&[("F", before)]), &deal(&[("F", after)]));
        assert_eq!(
            found,
            [(kind, "F".into(), was.into(), is.into())],
            "{was} -> {is}"
        );
    }
}

#[test]
fn a_field_that_went_and_one_like_it_that_came_is_a_rename() {
    let before = deal(&[("NextStep", text(255)), ("Other", text(10))]);
    let after = deal(&[("Next_Step__c", text(255)), ("Other", text(10))]);
    assert_eq!(
        kinds(&before, &after),
        [(
            Kind::FieldRenamed,
            "NextStep".into(),
            "NextStep".into(),
            "Next_Step__c".into()
        )]
    );
}

#[test]
fn two_fields_that_could_be_the_new_name_are_no_evidence() {
    let before = deal(&[("NextStep", text(255))]);
    let after = deal(&[("A__c", text(255)), ("B__c", text(255))]);
    let found: Vec<Kind> = drift(&before, &after)
        .iter()
        .map(|change| change.kind)
        .collect();
    assert_eq!(
        found,
        [Kind::FieldRemoved, Kind::FieldAdded, Kind::FieldAdded]
    );
}

#[test]
fn objects_stages_rules_and_record_types_are_compared() {
    let mut before = deal(&[]);
    let mut after = before.clone();
    let stage = |probability| Stage {
        api_name: "Proposal".into(),
        label: "Proposal".into(),
        sort_order: 3,
        active: true,
        probability,
        ..Stage::default()
    };
    let rule = |formula: &str| ValidationRule {
        id: "03d1".into(),
        name: "Close_Date".into(),
        formula: formula.into(),
        ..ValidationRule::default()
    };
    let opportunity = before.get_mut("Opportunity").expect("inserted above");
    opportunity.stages = vec![stage(50)];
    opportunity.validation_rules = vec![rule("ISNEW()")];
    opportunity.record_types = vec![RecordType {
        id: "0121".into(),
        developer_name: "Renewal".into(),
        available: true,
        ..RecordType::default()
    }];
    before.insert(
        "Lead".into(),
        Object {
            name: "Lead".into(),
            ..Object::default()
        },
    );
    let opportunity = after.get_mut("Opportunity").expect("cloned above");
    opportunity.stages = vec![stage(60)];
    opportunity.validation_rules = vec![rule("ISCHANGED(CloseDate)")];
    opportunity.updateable = false;
    let found: Vec<(Kind, String)> = drift(&before, &after)
        .into_iter()
        .map(|change| (change.kind, change.field))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::ObjectRemoved, String::new()),
            (Kind::PermissionLost, String::new()),
            (Kind::RecordTypeRemoved, "Renewal".into()),
            (Kind::StageChanged, "Proposal".into()),
            (Kind::ValidationRuleChanged, "Close_Date".into()),
        ]
    );
}

#[test]
fn a_durable_id_proves_a_rename_and_disproves_a_likeness() {
    let with_id = |id: &str, length: u32| Field {
        id: id.into(),
        ..text(length)
    };
    let moved = |before: &[(&str, Field)], after: &[(&str, Field)]| {
        let found = kinds(&deal(before), &deal(after)).into_iter();
        found
            .map(|(kind, field, _, after)| (kind, field, after))
            .collect::<Vec<_>>()
    };
    // Twins by label and type: only their ids tell which became which; one was shortened as well.
    assert_eq!(
        moved(
            &[("A__c", with_id("00N1", 80)), ("B__c", with_id("00N2", 80))],
            &[("C__c", with_id("00N2", 80)), ("D__c", with_id("00N1", 40))],
        ),
        [
            (Kind::FieldRenamed, "A__c".into(), "D__c".into()),
            (Kind::FieldRenamed, "B__c".into(), "C__c".into()),
        ]
    );
    // Alike in everything a person sees, and yet another field.
    assert_eq!(
        moved(
            &[("A__c", with_id("00N1", 80))],
            &[("B__c", with_id("00N9", 80))],
        ),
        [
            (Kind::FieldRemoved, "A__c".into(), String::new()),
            (Kind::FieldAdded, "B__c".into(), "string(80)".into()),
        ]
    );
}

prop_compose! {
    fn any_field()(
        kind in prop::sample::select(vec!["string", "picklist", "currency", "date", "new type"]),
        length in prop::sample::select(vec![0_u32, 40, 255]),
        scale in 0_u32..3,
        createable: bool, updateable: bool, restricted_picklist: bool, calculated: bool,
        label in prop::sample::select(vec!["A", "B", "👩‍👩‍👧"]),
        values in prop::collection::btree_map("[a-c]", any::<bool>(), 0..3),
    ) -> Field {
        Field {
            label: label.into(), kind: kind.into(), length, precision: 18, scale, createable, updateable,
            restricted_picklist, calculated,
            picklist: values.into_iter().map(|(value, active)| PicklistValue { value, active, ..PicklistValue::default() }).collect(),
            ..Field::default()
        }
    }
}

prop_compose! {
    fn any_schema()(
        objects in prop::collection::btree_map(
            prop::sample::select(vec!["Account", "Opportunity"]),
            (prop::collection::btree_map("[A-D]", any_field(), 0..4), any::<bool>(), any::<bool>()),
            0..3,
        ),
    ) -> Schema {
        objects.into_iter().map(|(name, (fields, createable, updateable))| {
            (name.to_owned(), Object { name: name.into(), createable, updateable, fields, ..Object::default() })
        }).collect()
    }
}

proptest! {
    #[test]
    fn nothing_moved_is_no_drift(schema in any_schema()) {
        prop_assert_eq!(drift(&schema, &schema), vec![]);
    }

    #[test]
    fn what_moved_and_moved_back_is_undone(before in any_schema(), after in any_schema()) {
        for change in drift(&before, &after) {
            if !change.kind.harmless() {
                prop_assert!(undone(&change, &before), "{:?}", change);
            }
        }
    }

    #[test]
    fn a_difference_that_stands_is_not_undone(before in any_schema(), after in any_schema()) {
        for change in drift(&before, &after) {
            prop_assert!(!undone(&change, &after), "{:?}", change);
        }
    }

    #[test]
    fn every_lost_field_is_told(before in any_schema(), after in any_schema()) {
        let found = drift(&before, &after);
        for (name, object) in &before {
            let Some(now) = after.get(name) else { continue };
            for field in object.fields.keys().filter(|field| !now.fields.contains_key(*field)) {
                prop_assert!(found.iter().any(|change| &change.object == name && &change.field == field));
            }
        }
    }
}
