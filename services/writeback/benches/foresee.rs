//! What prediction costs one change set: 300 active rules asked about four fields of one deal.

use std::hint::black_box;

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use writeback::domain::prediction::{self, Save, Scene};
use writeback::domain::schema::{Field, Global, Initial, Kind, Object, Rule, Schema};
use writeback::domain::value::{FieldValue, Fields};

/// Of the shapes real rules have: a switch, a stage, a blank, a limit, a change.
const SHAPES: [&str; 6] = [
    "AND(ISPICKVAL(StageName, \"Closed Won\"), ISBLANK(Field{n}__c), Amount > 1000)",
    "AND(NOT(Locked__c), ISCHANGED(Amount), Amount < PRIORVALUE(Amount))",
    "OR(LEN(NextStep) > 200, AND(Field{n}__c = \"x\", ISBLANK(NextStep)))",
    "IF(ISPICKVAL(StageName, \"Prospecting\"), CloseDate < TODAY(), FALSE)",
    "AND(REGEX(Field{n}__c, \"[A-Z]{2}[0-9]+\"), NOT(CONTAINS(NextStep, \"agreed\")))",
    "AND(Discount__c > 0.2, OR(ISBLANK(Field{n}__c), Amount * Discount__c > 50000))",
];
const USER: &str = "005000000000001AAA";
const RULES: usize = 300;
const FIELDS: usize = 30;

fn field(name: &str, kind: Kind) -> (String, Field) {
    let field = Field {
        name: name.into(),
        label: name.into(),
        kind,
        length: 255,
        precision: 18,
        scale: 2,
        nillable: true,
        createable: true,
        updateable: true,
        calculated: false,
        restricted: false,
        values: vec![],
        controller: None,
        external_id: false,
        html: false,
        relationship: String::new(),
        reference_to: vec![],
        formula: String::new(),
        formula_blank_as_zero: false,
        initial: Initial::Blank,
    };
    (name.into(), field)
}

fn schema() -> Schema {
    let mut object = Object {
        name: "Opportunity".into(),
        ..Object::default()
    };
    object.fields.extend([
        field("StageName", Kind::Picklist),
        field("NextStep", Kind::Text),
        field("Amount", Kind::Currency),
        field("CloseDate", Kind::Date),
        field("Discount__c", Kind::Percent),
        field("Locked__c", Kind::Boolean),
    ]);
    object
        .fields
        .extend((0..FIELDS).map(|number| field(&format!("Field{number}__c"), Kind::Text)));
    object.rules = (0..RULES)
        .map(|number| Rule {
            name: format!("Rule_{number}"),
            formula: SHAPES[number % SHAPES.len()].replace("{n}", &(number % FIELDS).to_string()),
            message: format!("Rule {number} says no."),
            field: String::new(),
        })
        .collect();
    let global = |name: &str, kind: &str, value: &str| Global {
        name: name.into(),
        kind: kind.into(),
        value_json: Some(format!("\"{value}\"")),
        unknown_reason: String::new(),
    };
    object.globals = vec![
        global("$User.Id", "id", USER),
        global("$User.TimeZoneSidKey", "picklist", "Europe/Berlin"),
    ];
    Schema::from([("Opportunity".to_owned(), object)])
}

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.into())
}

fn foresee(criterion: &mut Criterion) {
    let schema = schema();
    let books = prediction::compile(&schema);
    let (book, object) = (&books["Opportunity"], &schema["Opportunity"]);
    assert!(book.rules.iter().all(|rule| rule.formula.is_ok()));
    let mut deal = Fields::from([
        ("StageName".to_owned(), text("Qualification")),
        ("NextStep".to_owned(), FieldValue::Null),
        ("Amount".to_owned(), FieldValue::Number(1000.into())),
        ("CloseDate".to_owned(), text("2031-05-01")),
        ("Discount__c".to_owned(), FieldValue::Number(5.into())),
        ("Locked__c".to_owned(), FieldValue::Bool(false)),
    ]);
    deal.extend((0..FIELDS).map(|number| (format!("Field{number}__c"), text("value"))));
    let proposed = Fields::from([
        ("NextStep".to_owned(), text("send the offer")),
        ("Amount".to_owned(), FieldValue::Number(1200.into())),
        ("CloseDate".to_owned(), text("2031-06-01")),
        ("StageName".to_owned(), text("Proposal")),
    ]);
    let scene = Scene {
        user_id: USER,
        now: DateTime::UNIX_EPOCH,
    };
    let save = Save::Update {
        before: &deal,
        changed: &proposed,
    };
    criterion.bench_function("300 rules against a change set of four fields", |bencher| {
        bencher.iter(|| prediction::foresee(book, object, black_box(save), scene));
    });
    criterion.bench_function("compile 300 rules of a snapshot", |bencher| {
        bencher.iter(|| prediction::compile(black_box(&schema)));
    });
}

criterion_group!(benches, foresee);
criterion_main!(benches);
