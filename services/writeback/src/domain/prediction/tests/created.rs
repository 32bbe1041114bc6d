//! What is foreseen of a new record, case by case.

use super::{SCENE, changes, field, text};
use crate::domain::prediction::{Said, Save, compile, foresee};
use crate::domain::reference;
use crate::domain::schema::{Field, Global, Initial, Kind, Object, RecordType, Rule, Schema};
use crate::domain::value::{FieldValue, Fields};

fn starts(field: Field, initial: Initial) -> Field {
    Field { initial, ..field }
}

fn json(value: &str) -> Initial {
    Initial::Json(value.into())
}

fn read_only(name: &str, kind: Kind) -> Field {
    Field {
        createable: false,
        updateable: false,
        ..field(name, kind)
    }
}

/// A Task as orgs describe it, with one rule.
fn task(formula: &str) -> Schema {
    let lookup = |name: &str, relationship: &str, to: &str| Field {
        relationship: relationship.into(),
        reference_to: vec![to.into()],
        ..field(name, Kind::Reference)
    };
    let fields = [
        field("Subject", Kind::Combobox),
        field("Description", Kind::TextArea),
        field("ActivityDate", Kind::Date),
        starts(field("Status", Kind::Picklist), json("\"Not Started\"")),
        starts(field("Priority", Kind::Picklist), json("\"Normal\"")),
        field("Type", Kind::Picklist),
        starts(field("IsReminderSet", Kind::Boolean), json("false")),
        starts(field("Is_Internal__c", Kind::Boolean), json("false")),
        starts(field("Filled__c", Kind::Text), Initial::Unknown),
        starts(
            field("Score__c", Kind::Double),
            Initial::Formula("2 * 3".into()),
        ),
        starts(
            field("Day__c", Kind::Date),
            Initial::Formula("TODAY()".into()),
        ),
        starts(field("OwnerId", Kind::Reference), Initial::Unknown),
        starts(field("TaskSubtype", Kind::Picklist), Initial::Blank),
        read_only("IsClosed", Kind::Boolean),
        read_only("CreatedDate", Kind::DateTime),
        Field {
            calculated: true,
            formula: "Score__c + 1".into(),
            ..read_only("Next__c", Kind::Double)
        },
        Field {
            calculated: true,
            ..read_only("Hidden__c", Kind::Double)
        },
        lookup("WhatId", "What", "Opportunity"),
        lookup("Project__c", "Project__r", "Project__c"),
    ];
    let object = |name: &str, fields: &[Field]| Object {
        name: name.into(),
        createable: true,
        fields: fields
            .iter()
            .map(|field| (field.name.clone(), field.clone()))
            .collect(),
        ..Object::default()
    };
    let mut task = object("Task", &fields);
    task.rules = vec![Rule {
        name: "Rule".into(),
        formula: formula.into(),
        message: "The rule says no.".into(),
        field: String::new(),
    }];
    task.globals = vec![
        Global {
            name: "$User.Id".into(),
            kind: "id".into(),
            value_json: Some("\"005000000000001AAA\"".into()),
            unknown_reason: String::new(),
        },
        Global {
            name: "$User.TimeZoneSidKey".into(),
            kind: "picklist".into(),
            value_json: Some("\"America/New_York\"".into()),
            unknown_reason: String::new(),
        },
    ];
    let named = [field("Name", Kind::Text), field("Code__c", Kind::Text)];
    let parents = ["Opportunity", "Project__c"].map(|name| (name.to_owned(), object(name, &named)));
    let mut schema = Schema::from(parents);
    schema.insert("Task".into(), task);
    schema
}

fn meeting() -> Fields {
    changes(&[
        ("Subject", text("Meeting: Contoso")),
        ("Status", text("Completed")),
        ("ActivityDate", text("2031-05-01")),
        ("WhatId", text("006000000000001AAA")),
    ])
}

/// `fires`, `silent`, or why it cannot be told.
fn said(schema: &Schema, name: &str, fields: &Fields) -> String {
    let books = compile(schema);
    let foreseen = foresee(&books[name], &schema[name], Save::Create(fields), SCENE);
    match foreseen.of("").first().map(|found| &found.said) {
        None => "silent".to_owned(),
        Some(Said::Fires(_)) => "fires".to_owned(),
        Some(Said::DependsOnSiblings) => "siblings".to_owned(),
        Some(Said::CannotTell(why)) => why.clone(),
    }
}

#[test]
fn a_new_record_has_what_we_set_its_defaults_and_blanks() {
    for (formula, expected) in [
        ("ISNEW()", "fires"),
        ("ISCHANGED(Subject)", "silent"),
        ("PRIORVALUE(Subject) = \"Meeting: Contoso\"", "fires"),
        ("BEGINS(Subject, \"Meeting\")", "fires"),
        ("ISPICKVAL(Status, \"Completed\")", "fires"),
        // Not given: a default the describe names, or a blank.
        ("ISPICKVAL(Priority, \"Normal\")", "fires"),
        ("ISBLANK(TEXT(Type))", "fires"),
        ("ISBLANK(Description)", "fires"),
        ("Is_Internal__c", "silent"),
        ("Score__c = 6", "fires"),
        ("Next__c = 7", "fires"),
        ("OwnerId = \"005000000000001\"", "fires"),
        ("OwnerId = $User.Id", "fires"),
        // Blank while the rules of a creation run.
        ("ISBLANK(CreatedDate)", "fires"),
        ("ISBLANK(Id)", "fires"),
        // Filled, derived or computed by Salesforce from we do not know what.
        ("ISBLANK(Filled__c)", "Filled__c is not loaded"),
        ("ISBLANK(Day__c)", "Day__c is not loaded"),
        ("IsClosed", "IsClosed is not loaded"),
        ("IsReminderSet", "IsReminderSet is not loaded"),
        (
            "ISPICKVAL(TaskSubtype, \"Task\")",
            "TaskSubtype is not loaded",
        ),
        ("Hidden__c > 1", "Hidden__c is not loaded"),
        // Nothing is read for a creation; behind a lookup that leads nowhere all is blank.
        ("What.Name = \"x\"", "What.Name is not loaded"),
        ("ISBLANK(Project__r.Code__c)", "fires"),
        // A definite part decides without the unknown one.
        ("AND(ISBLANK(Subject), IsClosed)", "silent"),
        ("OR(ISNEW(), IsClosed)", "fires"),
        // Days are cut in the connected user's zone: 1970 has not begun in New York.
        ("TODAY() = DATE(1969, 12, 31)", "fires"),
        // A field the user does not see, where only true or false can stand.
        ("AND(Secret__c, ISBLANK(Subject))", "silent"),
        ("AND(Secret__c, ISNEW())", "Secret__c is not loaded"),
    ] {
        assert_eq!(
            said(&task(formula), "Task", &meeting()),
            expected,
            "{formula}"
        );
    }
}

#[test]
fn what_refers_to_a_record_that_is_still_to_be_created_cannot_be_told() {
    let mut fields = meeting();
    fields.insert("Project__c".into(), reference::to("key of the project"));
    for (formula, expected) in [
        ("ISBLANK(Project__c)", "Project__c is not loaded"),
        ("LEN(Project__c) > 18", "Project__c is not loaded"),
        (
            "ISBLANK(Project__r.Code__c)",
            "Project__r.Code__c is not loaded",
        ),
        ("OR(ISNEW(), ISBLANK(Project__c))", "fires"),
    ] {
        assert_eq!(said(&task(formula), "Task", &fields), expected, "{formula}");
    }
}

#[test]
fn what_is_set_counts_and_not_its_default() {
    let mut fields = meeting();
    fields.insert("Priority".into(), text("High"));
    fields.insert("Is_Internal__c".into(), FieldValue::Bool(true));
    fields.insert("OwnerId".into(), text("005000000000009AAA"));
    for formula in [
        "ISPICKVAL(Priority, \"High\")",
        "Is_Internal__c",
        "OwnerId <> $User.Id",
    ] {
        assert_eq!(said(&task(formula), "Task", &fields), "fires", "{formula}");
    }
}

#[test]
fn a_new_deal_gets_the_default_record_type_and_what_its_stage_drags_along() {
    let record_type = |id: &str, name: &str, is_default: bool, is_master: bool| RecordType {
        id: id.into(),
        developer_name: name.into(),
        name: name.into(),
        is_default,
        is_master,
    };
    let deal = changes(&[("Name", text("Contoso")), ("StageName", text("Won"))]);
    for (default, formula, expected) in [
        ("Renewal", "RecordType.DeveloperName = \"Renewal\"", "fires"),
        ("Renewal", "$RecordType.Name = \"Renewal\"", "fires"),
        ("Renewal", "IsClosed", "fires"),
        // Each record type may have a default of its own.
        ("Renewal", "ISBLANK(TEXT(Type))", "Type is not loaded"),
        ("Renewal", "Probability = 1", "fires"),
        // The master record type reads differently in different places.
        (
            "Master",
            "RecordType.DeveloperName = \"Renewal\"",
            "RecordType.DeveloperName is not loaded",
        ),
    ] {
        let mut schema = super::schema(&[("Rule", formula)]);
        let object = schema.get_mut("Opportunity").expect("the deal");
        for more in [
            field("Name", Kind::Text),
            field("Type", Kind::Picklist),
            field("Probability", Kind::Percent),
        ] {
            object.fields.insert(more.name.clone(), more);
        }
        object.record_types = vec![
            record_type("012000000000001AAA", "Renewal", default == "Renewal", false),
            record_type("012000000000000AAA", "Master", default == "Master", true),
        ];
        assert_eq!(said(&schema, "Opportunity", &deal), expected, "{formula}");
    }
}

#[test]
fn a_firing_rule_says_what_could_be_left_out_of_the_new_record() {
    for (formula, expected, lift) in [
        (
            "AND(ISNEW(), ISPICKVAL(Status, \"Completed\"), ISBLANK(TEXT(Type)))",
            "The rule fires because Status is \"Completed\", the record is new and Type is blank; leaving out Status would \
             lift it.",
            vec!["Status"],
        ),
        (
            "ISBLANK(TEXT(Type))",
            "The rule fires because Type is blank; leaving out no single field of the new record lifts it.",
            vec![],
        ),
    ] {
        let schema = task(formula);
        let books = compile(&schema);
        let fields = meeting();
        let foreseen = foresee(
            &books["Task"],
            &schema["Task"],
            Save::Create(&fields),
            SCENE,
        );
        let Some(Said::Fires(found)) = foreseen.of("").first().map(|found| &found.said) else {
            panic!("it fires: {foreseen:?}")
        };
        assert_eq!(found.explanation, expected);
        assert_eq!(found.would_lift, lift);
    }
}
