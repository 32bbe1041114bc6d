//! The published cases (`fixtures/formula`): every answer agrees, save for functions that are not on
//! the platform's list for validation rules.

use std::fs;
use std::path::Path;

use formula::{Kind, Number, Value, answer_line};
use serde_json::Value as Json;

use crate::corpus::fixtures;

/// Engine functions outside the language of validation rules; we answer "unknown" to them.
const OUT_OF_SCOPE: [&str; 3] = ["IN", "IFERROR", "JSONPATHVALUE"];

#[derive(Default, Debug, PartialEq)]
struct Score {
    agree: usize,
    out_of_scope: usize,
    differ: Vec<String>,
}

fn score(path: &Path) -> Score {
    let mut score = Score::default();
    for line in fs::read_to_string(path).expect("readable cases").lines() {
        let case: Json = serde_json::from_str(line).expect("a case");
        let mut asked = case.clone();
        asked["now"] = "2026-01-15T12:00:00Z".into();
        let answer: Json =
            serde_json::from_str(&answer_line(&asked.to_string())).expect("an answer");
        let out_of_scope = case["functions"].as_array().is_some_and(|used| {
            used.iter()
                .any(|name| OUT_OF_SCOPE.iter().any(|other| name == other))
        });
        if out_of_scope && answer.get("unknown").is_some() {
            score.out_of_scope += 1;
        } else if agrees(&case, &answer) {
            score.agree += 1;
        } else {
            score.differ.push(format!(
                "{} expects {}, got {answer}: {line}",
                case["id"], case["expected"]
            ));
        }
    }
    score
}

/// The comparison of the fixtures' README.
fn agrees(case: &Json, answer: &Json) -> bool {
    let expected = &case["expected"];
    if expected.is_object() {
        return answer.get("error").is_some();
    }
    let Some(value) = answer.get("value") else {
        return false;
    };
    match case["returns"].as_str().unwrap_or_default() {
        "Boolean" => value.as_bool().unwrap_or(false) == expected.as_bool().unwrap_or(false),
        "Text" => {
            let trimmed = |json: &Json| json.as_str().unwrap_or_default().trim().to_owned();
            trimmed(value) == trimmed(expected)
        }
        "Date" | "DateTime" => {
            let instant = |json: &Json| Value::from_json(Kind::DateTime, json);
            instant(value).is_some() && instant(value) == instant(expected)
        }
        "Time" => value == expected,
        _ => {
            let (Some(value), Some(expected)) = (value.as_str(), expected.as_str()) else {
                return value.is_null() && expected.is_null();
            };
            let (value, expected) = (decimal(value), decimal(expected));
            let digits = if case["approx"] == true { 9 } else { 12 };
            value == expected || (value - expected).abs() <= expected.abs() * 10f64.powi(1 - digits)
        }
    }
}

fn decimal(text: &str) -> f64 {
    Number::parse(text).expect("a decimal").to_f64()
}

#[test]
fn the_vendors_own_cases_agree() {
    let Some(fixtures) = fixtures() else {
        return;
    };
    let score = score(&fixtures.join("formula/formula-engine.jsonl"));
    assert_eq!(
        score.differ,
        Vec::<String>::new(),
        "{} differ",
        score.differ.len()
    );
    assert_eq!((score.agree, score.out_of_scope), (3_296, 86));
}

#[test]
fn the_published_samples_agree() {
    let Some(fixtures) = fixtures() else {
        return;
    };
    let score = score(&fixtures.join("formula/formulon.jsonl"));
    assert_eq!(
        score.differ,
        Vec::<String>::new(),
        "{} differ",
        score.differ.len()
    );
    assert_eq!((score.agree, score.out_of_scope), (79, 0));
}
