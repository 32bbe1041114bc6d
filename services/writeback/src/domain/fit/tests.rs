//! One case per verdict.

use super::*;
use crate::domain::schema::{Initial, PicklistValue};
use chrono::{TimeZone, Utc};
use rust_decimal::Decimal;
use std::str::FromStr;

fn field(kind: Kind) -> Field {
    Field {
        name: "F__c".into(),
        label: "F".into(),
        kind,
        length: 0,
        precision: 0,
        scale: 0,
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
    }
}

fn rules() -> Rules<'static> {
    Rules {
        truncate: false,
        synonyms: &[],
        list_separator: "",
        time_zone: Tz::Europe__Berlin,
        record_type_id: None,
        currency: None,
        controlling_index: None,
        stages: &[],
    }
}

fn picklist() -> Field {
    let value = |value: &str, label: &str| PicklistValue {
        value: value.into(),
        label: label.into(),
        active: true,
        valid_for: vec![],
        record_type_ids: vec![],
    };
    let mut field = field(Kind::Picklist);
    field.values = vec![
        value("hot", "Hot lead"),
        value("cold", "Cold lead"),
        PicklistValue {
            active: false,
            ..value("gone", "Gone")
        },
        PicklistValue {
            record_type_ids: vec!["012A".into()],
            ..value("typed", "Typed")
        },
    ];
    field
}

fn text(value: &str) -> Typed {
    Typed::Text(value.into())
}

fn code(outcome: Result<Fitted, Unfit>) -> &'static str {
    outcome.unwrap_err().code
}

#[test]
fn text_fits_is_cut_or_is_held() {
    let mut short = field(Kind::Text);
    short.length = 8;
    let cut = Rules {
        truncate: true,
        ..rules()
    };
    assert_eq!(
        fit(&text("a\nb "), &short, rules()).unwrap().value,
        FieldValue::Text("a b".into())
    );
    assert_eq!(code(fit(&text("123456789"), &short, rules())), "too_long");
    let fitted = fit(&text("123456789"), &short, cut).unwrap();
    assert_eq!(
        (fitted.value, fitted.truncated),
        (FieldValue::Text("1234567…".into()), true)
    );
    assert_eq!(code(fit(&text(" \u{0}"), &short, rules())), "empty");
    assert_eq!(
        code(fit(&Typed::Elsewhere, &short, rules())),
        "text_elsewhere"
    );
}

#[test]
fn rich_text_is_escaped_and_still_fits() {
    let mut rich = field(Kind::TextArea);
    rich.html = true;
    rich.length = 12;
    let cut = Rules {
        truncate: true,
        ..rules()
    };
    assert_eq!(
        fit(&text("a<b\nc"), &rich, rules()).unwrap().value,
        FieldValue::Text("a&lt;b<br>c".into())
    );
    let FieldValue::Text(fitted) = fit(&text("<<<<<<<<"), &rich, cut).unwrap().value else {
        panic!("text stays text")
    };
    assert_eq!(fitted, "&lt;&lt;…");
}

#[test]
fn picklists_take_value_label_or_synonym_and_nothing_else() {
    let synonyms = [
        ("warm".to_owned(), "hot".to_owned()),
        ("x".to_owned(), "missing".to_owned()),
    ];
    let with = Rules {
        synonyms: &synonyms,
        ..rules()
    };
    for (said, expected) in [
        ("hot", "hot"),
        ("Hot lead", "hot"),
        ("COLD", "cold"),
        ("Warm", "hot"),
    ] {
        assert_eq!(
            fit(&text(said), &picklist(), with).unwrap().value,
            FieldValue::Text(expected.into()),
            "{said}"
        );
    }
    assert_eq!(
        code(fit(&text("tepid"), &picklist(), with)),
        "picklist_value_unknown"
    );
    assert_eq!(
        code(fit(&text("x"), &picklist(), with)),
        "picklist_value_unknown"
    );
    assert_eq!(
        code(fit(&text("gone"), &picklist(), with)),
        "picklist_value_inactive"
    );
    let other_type = Rules {
        record_type_id: Some("012B"),
        ..rules()
    };
    assert_eq!(
        code(fit(&text("typed"), &picklist(), other_type)),
        "picklist_value_not_in_record_type"
    );
}

#[test]
fn dependent_values_need_their_controller() {
    let mut dependent = picklist();
    dependent.controller = Some("Parent__c".into());
    dependent.values[0].valid_for = vec![1];
    for (index, expected) in [
        (Some(1), None),
        (Some(0), Some("picklist_value_not_for_controller")),
        (None, Some("picklist_controller_empty")),
    ] {
        let with = Rules {
            controlling_index: index,
            ..rules()
        };
        assert_eq!(
            fit(&text("hot"), &dependent, with)
                .err()
                .map(|unfit| unfit.code),
            expected
        );
    }
}

#[test]
fn several_values_are_joined_once_each() {
    let mut multi = picklist();
    multi.kind = Kind::MultiPicklist;
    let list = Typed::List(vec!["hot".into(), "Cold lead".into(), "HOT".into()]);
    assert_eq!(
        fit(&list, &multi, rules()).unwrap().value,
        FieldValue::Text("hot;cold".into())
    );
    assert_eq!(code(fit(&Typed::List(vec![]), &multi, rules())), "empty");
}

#[test]
fn numbers_keep_their_digits() {
    let mut amount = field(Kind::Currency);
    amount.precision = 6;
    amount.scale = 2;
    let number = |text: &str| Typed::Number(Decimal::from_str(text).unwrap());
    for (said, expected) in [
        ("1234.50", "1234.5"),
        ("-0.01", "-0.01"),
        ("9999.99", "9999.99"),
    ] {
        assert_eq!(
            fit(&number(said), &amount, rules())
                .unwrap()
                .value
                .to_json(),
            expected
        );
    }
    assert_eq!(
        code(fit(&number("0.001"), &amount, rules())),
        "too_many_decimals"
    );
    assert_eq!(
        code(fit(&number("10000"), &amount, rules())),
        "out_of_range"
    );
    assert_eq!(
        code(fit(&text("about five"), &amount, rules())),
        "not_a_number"
    );
    assert_eq!(
        code(fit(&number("1.5"), &field(Kind::Int), rules())),
        "too_many_decimals"
    );
}

#[test]
fn a_day_is_the_day_where_the_workspace_is() {
    let late = Typed::DateTime(Utc.with_ymd_and_hms(2024, 2, 28, 23, 30, 0).unwrap());
    assert_eq!(
        fit(&late, &field(Kind::Date), rules()).unwrap().value,
        FieldValue::Text("2024-02-29".into())
    );
    assert_eq!(
        fit(&late, &field(Kind::DateTime), rules()).unwrap().value,
        FieldValue::Text("2024-02-28T23:30:00.000Z".into())
    );
    assert_eq!(
        code(fit(&text("next Tuesday"), &field(Kind::Date), rules())),
        "not_a_date"
    );
}

#[test]
fn forms_are_checked_and_references_refused() {
    for (kind, good, bad) in [
        (Kind::Email, "ann@acme.com", "ann at acme"),
        (Kind::Phone, "+49 30 1234", "call me"),
        (Kind::Url, "https://acme.com/x", "not a url"),
    ] {
        assert!(fit(&text(good), &field(kind), rules()).is_ok(), "{good}");
        assert_eq!(
            code(fit(&text(bad), &field(kind), rules())),
            "malformed",
            "{bad}"
        );
    }
    assert_eq!(
        code(fit(&text("003"), &field(Kind::Reference), rules())),
        "reference_refused"
    );
    assert_eq!(
        fit(&text("Yes"), &field(Kind::Boolean), rules())
            .unwrap()
            .value,
        FieldValue::Bool(true)
    );
    assert_eq!(
        code(fit(&text("maybe"), &field(Kind::Boolean), rules())),
        "not_a_boolean"
    );
}

#[test]
fn an_amount_in_another_currency_is_held() {
    let amount = |currency: &str| Typed::Money {
        amount: Decimal::new(1_000, 0),
        currency: currency.into(),
    };
    let in_euro = Rules {
        currency: Some("EUR"),
        ..rules()
    };
    for (said, rules, expected) in [
        ("EUR", in_euro, None),
        ("eur", in_euro, None),
        ("", in_euro, None),
        ("USD", rules(), None),
        ("USD", in_euro, Some("other_currency")),
    ] {
        let fitted = fit(&amount(said), &field(Kind::Currency), rules);
        assert_eq!(fitted.err().map(|unfit| unfit.code), expected, "{said}");
    }
}
