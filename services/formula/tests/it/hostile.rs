//! Hostile formulas and values: bounded, and never a panic or a stack overflow.

use formula::{
    Answer, Blanks, Context, Field, Fields, Kind, Outcome, Reason, Record, Value, answer_line,
    compile, compile_rule, parse,
};

fn answer(source: &str, schema: &Fields, record: &Record) -> Option<Answer> {
    compile(source, schema, Blanks::Blank)
        .ok()
        .map(|formula| formula.answer(&Context::new(record)))
}

fn texts() -> (Fields, Record) {
    let long = "ab".repeat(50_000);
    let schema = [("T", Kind::Text), ("U", Kind::Text), ("N", Kind::Number)]
        .into_iter()
        .collect();
    let record = [
        ("T", Value::text(long)),
        ("U", Value::text("é😀".repeat(30_000))),
        ("N", Value::Number(2_000_000_000.into())),
    ]
    .into_iter()
    .collect();
    (schema, record)
}

/// The deepest shapes the parser lets through, on the stack of a test thread.
#[test]
fn depth_costs_a_bounded_stack() {
    let (schema, record) = texts();
    let shapes: Vec<(String, String)> = vec![
        ("(".into(), ")".into()),
        ("NOT(".into(), ")".into()),
        ("-(1+".into(), ")".into()),
        ("IF(TRUE,".into(), ",1)".into()),
        ("1+1*(".into(), ")".into()),
        ("ABS(1-2*".into(), ")".into()),
        ("CASE(1,1,".into(), ",0)".into()),
        ("TRUE||TRUE&&(1=1)=(".into(), ")".into()),
    ];
    for (open, close) in shapes {
        for depth in [10, 100, 199, 200, 400, 1_000, 10_000, 50_000] {
            for seed in ["1", "TRUE"] {
                let source = format!("{}{seed}{}", open.repeat(depth), close.repeat(depth));
                let _ = answer(&source, &schema, &record);
            }
        }
    }
    for wide in ["1+1", "\"a\"&T", "TRUE&&TRUE", "1=1", "2^1"] {
        let (operand, rest) = wide.split_at(wide.find(['+', '&', '=', '^']).expect("an operator"));
        let source = format!("{operand}{}", rest.repeat(900 / rest.len()));
        let _ = answer(&source, &schema, &record);
    }
}

#[test]
fn a_long_run_of_operators_is_wide_not_deep() {
    let (schema, record) = texts();
    let source = vec!["1"; 1_900].join("+");
    assert_eq!(
        answer(&source, &schema, &record),
        Some(Answer::Value(Value::Number(1_900.into())))
    );
}

#[test]
fn huge_powers_and_numbers_are_refused_before_they_are_computed() {
    let (schema, record) = texts();
    for source in [
        "9^999999",
        "9^N^N^N",
        "(N^7)^N",
        "10^64*10^64*N^6",
        "0.5^N",
        "ROUND(N, N)",
        "ROUND(N, -N)",
        "FACT(N)",
    ] {
        let _ = answer(source, &schema, &record);
    }
    let mut product = "VALUE(\"1e9000\")".to_owned();
    for _ in 0..20 {
        product = format!("{product}*VALUE(\"1e9000\")");
    }
    assert!(matches!(
        answer(&product, &schema, &record),
        Some(Answer::Unknown(_))
    ));
    let digits = "9".repeat(3_000);
    assert!(answer(&format!("{digits}*{}", &digits[..800]), &schema, &record).is_some());
}

#[test]
fn long_texts_and_growing_texts_are_bounded() {
    let (schema, record) = texts();
    for source in [
        "LEN(T & T & T)",
        "FIND(\"ba\", T, N)",
        "CONTAINS(T, LEFT(T, 60000))",
        "UPPER(U)",
        "LEN(MID(U, 3, 50000))",
        "RIGHT(U, 5)",
        "REVERSE(U)",
        "TRIM(T)",
        "SUBSTITUTE(T, \"a\", \"\")",
        "REGEX(T, \"(a|b|ab)*c\")",
        "REGEX(T, \"((ab)*)*\")",
        "REGEX(T, T)",
        "REGEX(U, \".*.*.*x\")",
        "LPAD(T, N, U)",
        "VALUE(T)",
        "DATEVALUE(T)",
        "ISNUMBER(T)",
        "INITCAP(U)",
        "T < U",
        "T = U",
    ] {
        assert!(answer(source, &schema, &record).is_some(), "{source}");
    }
    let mut grown = "T".to_owned();
    for _ in 0..60 {
        grown = format!("SUBSTITUTE({grown},\"a\",\"aaaaaaaaaaaaaaaa\")");
    }
    match answer(&grown, &schema, &record) {
        Some(Answer::Unknown(reasons)) => assert!(matches!(reasons[..], [Reason::Limit { .. }])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn formula_fields_that_multiply_or_circle_are_bounded() {
    let mut schema = Fields::default();
    schema.declare("f0", Field::stored(Kind::Number));
    for level in 1..60 {
        let below = level - 1;
        schema.declare(
            &format!("f{level}"),
            Field {
                kind: Kind::Number,
                formula: Some((format!("f{below} + f{below} * f{below}"), Blanks::Zero)),
            },
        );
    }
    schema.declare(
        "loop",
        Field {
            kind: Kind::Number,
            formula: Some(("loop + 1".into(), Blanks::Zero)),
        },
    );
    let record = [("f0", Value::Number(0.into()))].into_iter().collect();
    assert!(matches!(
        answer("f59 > 0", &schema, &record),
        Some(Answer::Unknown(_))
    ));
    assert!(compile_rule("loop > 0", &schema).is_err());
}

#[test]
fn an_explanation_through_formula_fields_that_multiply_is_bounded() {
    let mut schema = Fields::default();
    schema.declare("f0", Field::stored(Kind::Boolean));
    for level in 1..60 {
        let below = level - 1;
        schema.declare(
            &format!("f{level}"),
            Field {
                kind: Kind::Boolean,
                formula: Some((format!("f{below} || f{below} && f{below}"), Blanks::Blank)),
            },
        );
    }
    let record: Record = [("f0", Value::Bool(true))].into_iter().collect();
    let rule = compile_rule("f59", &schema).expect("compiles");
    let explanation = rule
        .explain(&Context::new(&record), &["f0"])
        .expect("it fires");
    assert_eq!(
        explanation.to_string(),
        "The rule fires because f0 is true."
    );
}

#[test]
fn a_text_of_a_hundred_thousand_characters_is_no_formula() {
    for source in [
        "(".repeat(100_000),
        "a".repeat(100_000),
        "\"".repeat(100_000),
        "/*".repeat(50_000),
        "1+".repeat(50_000),
    ] {
        assert!(parse(&source).is_err());
        let line = serde_json::json!({"id": "x", "formula": source}).to_string();
        assert!(answer_line(&line).contains("\"error\""));
    }
}

#[test]
fn a_value_of_the_wrong_type_is_unknown() {
    let schema: Fields = [("N", Kind::Number)].into_iter().collect();
    let record: Record = [("N", Value::text("5"))].into_iter().collect();
    let rule = compile_rule("N > 1", &schema).expect("compiles");
    assert_eq!(
        rule.outcome(&Context::new(&record)),
        Outcome::CannotTell(vec![Reason::WrongType { path: "N".into() }])
    );
}
