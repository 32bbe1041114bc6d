//! One case as a JSON line in, its answer as a JSON line out, so that anyone can score the evaluator
//! against the published cases.
//!
//! In: `id`, `formula`, `types`, and optionally `fields` (sources of formula fields), `blanks`
//! (`blank`, the default, or `zero`), `values` (a declared field that is absent is blank), `prior`,
//! `is_new`, `missing` (names that were not loaded; `prior.Name` for a value before the change),
//! `now` (an instant), `zone` (an IANA name; GMT when absent) and `disputes` (`first`, the default, or
//! `cannot_tell`).
//!
//! Out: `{"id","value"}`, `{"id","error"}` when the formula is wrong or fails, or `{"id","unknown"}`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::context::{Context, Disputes, Record};
use crate::formula::{Answer, compile};
use crate::kind::{Blanks, Kind};
use crate::number::Rounding;
use crate::reason::Reason;
use crate::schema::{Field, Fields, Schema, key};
use crate::value::Value;

/// Longest line read, in bytes: ten texts of 100,000 characters and their formula.
const LINE_BYTES_MAX: usize = 8 << 20;

/// Decimal places of a number in an answer, as the published answers are rounded.
const ANSWER_PLACES: i64 = 32;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Json,
    formula: String,
    #[serde(default)]
    blanks: Option<String>,
    #[serde(default)]
    types: BTreeMap<String, String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    values: BTreeMap<String, Json>,
    #[serde(default)]
    prior: Option<BTreeMap<String, Json>>,
    #[serde(default)]
    is_new: Option<bool>,
    #[serde(default)]
    missing: Option<Vec<String>>,
    #[serde(default)]
    now: Option<DateTime<Utc>>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    disputes: Option<String>,
}

/// Answers one JSON line with one JSON line, without the line break. Never fails: what cannot be read
/// is an error in the answer.
#[must_use]
pub fn answer_line(line: &str) -> String {
    if line.len() > LINE_BYTES_MAX {
        return json!({"id": null, "error": format!("the line is longer than {LINE_BYTES_MAX} bytes")}).to_string();
    }
    let case: Case = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => {
            let id = serde_json::from_str::<Json>(line)
                .ok()
                .map(|json| json["id"].clone());
            return json!({"id": id, "error": format!("the line is not a case: {error}")})
                .to_string();
        }
    };
    let mut answer = match respond(&case) {
        Ok(answer) => answer,
        Err(message) => json!({"error": message}),
    };
    answer["id"] = case.id;
    answer.to_string()
}

fn respond(case: &Case) -> Result<Json, String> {
    let blanks = match case.blanks.as_deref() {
        None | Some("blank") => Blanks::Blank,
        Some("zero") => Blanks::Zero,
        Some(other) => return Err(format!("blanks must be `blank` or `zero`, not `{other}`")),
    };
    let missing: Vec<String> = case
        .missing
        .iter()
        .flatten()
        .map(|name| key(name))
        .collect();
    let schema = schema(case, blanks, &missing)?;
    let formula = match compile(&case.formula, &schema, blanks) {
        Ok(formula) => formula,
        Err(error) => {
            let message = match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            let kind = if error.is_formula_wrong() {
                "error"
            } else {
                "unknown"
            };
            return Ok(json!({ kind: message }));
        }
    };
    let (record, prior) = records(case, &schema, &missing)?;
    let zone: Tz = case
        .zone
        .as_deref()
        .unwrap_or("GMT")
        .parse()
        .map_err(|_| "zone is not an IANA time zone".to_owned())?;
    let context = Context {
        prior: prior.as_ref().map(|prior| prior as _),
        is_new: case.is_new.or(prior.as_ref().map(|_| false)),
        now: case.now,
        zone: Some(zone),
        disputes: match case.disputes.as_deref() {
            None | Some("first") => Disputes::FirstReading,
            Some("cannot_tell") => Disputes::CannotTell,
            Some(other) => {
                return Err(format!(
                    "disputes must be `first` or `cannot_tell`, not `{other}`"
                ));
            }
        },
        ..Context::new(&record)
    };
    Ok(match formula.answer(&context) {
        // A blank condition does not hold.
        Answer::Value(Value::Null) if formula.kind() == Kind::Boolean => json!({"value": false}),
        Answer::Value(Value::Number(number)) => {
            let number = number.rounded(ANSWER_PLACES, Rounding::HalfAway);
            json!({"value": number.to_string()})
        }
        Answer::Value(value) => json!({"value": value.to_json()}),
        Answer::Error { kind, .. } => json!({"error": kind.to_string()}),
        Answer::Unknown(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
            json!({"unknown": reasons.join("; ")})
        }
    })
}

fn schema(case: &Case, blanks: Blanks, missing: &[String]) -> Result<Fields, String> {
    let mut fields = Fields::default();
    for (name, kind) in &case.types {
        let kind = Kind::named(kind).ok_or_else(|| format!("unknown type `{kind}` of {name}"))?;
        fields.declare(name, Field::stored(kind));
    }
    for (name, source) in &case.fields {
        // A formula field that is itself missing is an input like any other.
        if missing.contains(&key(name)) {
            continue;
        }
        let kind = fields
            .field(&key(name))
            .map_or(Kind::Null, |field| field.kind);
        fields.declare(
            name,
            Field {
                kind,
                formula: Some((source.clone(), blanks)),
            },
        );
    }
    Ok(fields)
}

fn records(
    case: &Case,
    schema: &Fields,
    missing: &[String],
) -> Result<(Record, Option<Record>), String> {
    let read = |name: &str, json: &Json| -> Result<Value<'static>, String> {
        let key = key(name);
        let kind = schema
            .field(&key)
            .map(|field| field.kind)
            .or_else(|| crate::schema::standard(&key))
            .unwrap_or(match json {
                Json::Bool(_) => Kind::Boolean,
                Json::Number(_) => Kind::Number,
                _ => Kind::Text,
            });
        Value::from_json(kind, json).ok_or_else(|| format!("the value of {name} is not {kind}"))
    };
    let mut record = Record::default();
    for name in case.types.keys() {
        record.set(name, Value::Null);
    }
    for (name, json) in &case.values {
        record.set(name, read(name, json)?);
    }
    let mut prior = None;
    if let Some(values) = &case.prior {
        let mut old = Record::default();
        for (name, json) in values {
            old.set(name, read(name, json)?);
        }
        prior = Some(old);
    }
    for name in missing {
        match (name.strip_prefix("prior."), &mut prior) {
            (Some(name), Some(prior)) if schema.field(&format!("prior.{name}")).is_none() => {
                prior.unset(name)
            }
            _ => record.unset(name),
        }
    }
    Ok((record, prior))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_exactly_one_kind_of_answer() {
        let cases = [
            (
                r#"{"id":"a","formula":"P > 0.2","types":{"P":"Percent"},"values":{"P":"20.01"}}"#,
                r#"{"id":"a","value":true}"#,
            ),
            (
                r#"{"id":7,"formula":"N + 1","types":{"N":"Number"},"values":{"N":null}}"#,
                r#"{"id":7,"value":null}"#,
            ),
            (
                r#"{"id":"b","formula":"N + 1","blanks":"zero","types":{"N":"Number"}}"#,
                r#"{"id":"b","value":"1"}"#,
            ),
            (
                r#"{"id":"c","formula":"1/N","types":{"N":"Number"},"values":{"N":0}}"#,
                r#"{"error":"division by zero","id":"c"}"#,
            ),
            (
                r#"{"id":"d","formula":"N > 1","types":{"N":"Number"},"missing":["n"]}"#,
                r#"{"id":"d","unknown":"N is not loaded"}"#,
            ),
            (
                r#"{"id":"e","formula":"ISCHANGED(N)","types":{"N":"Number"},"values":{"N":"1"},"prior":{"N":"1.0"}}"#,
                r#"{"id":"e","value":false}"#,
            ),
            (
                r#"{"id":"f","formula":"ISCHANGED(N)","types":{"N":"Number"},"values":{"N":"1"},"prior":{"N":"1.0"},"missing":["prior.N"]}"#,
                r#"{"id":"f","unknown":"the value of N before the change is not loaded"}"#,
            ),
            (
                r#"{"id":"g","formula":"N +","types":{"N":"Number"}}"#,
                r#"{"error":"the formula does not parse: found the end where a value was expected at character 3","id":"g"}"#,
            ),
            (
                r#"{"id":"h","formula":"NOPE(1)"}"#,
                r#"{"id":"h","unknown":"unsupported function `NOPE`"}"#,
            ),
            (
                r#"{"id":"i","formula":"TODAY()","now":"2026-01-01T02:00:00Z","zone":"America/New_York"}"#,
                r#"{"id":"i","value":"2025-12-31"}"#,
            ),
            (
                r#"{"id":"j","formula":"T = \"abc\"","types":{"T":"Text"},"values":{"T":"ABC"},"disputes":"cannot_tell"}"#,
                r#"{"id":"j","unknown":"sources disagree about whether equal texts may differ in letter case"}"#,
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(answer_line(line), expected);
        }
    }

    #[test]
    fn what_is_not_a_case_is_an_error() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"id":1}"#,
            r#"{"id":1,"formula":"1","types":{"x":"blob"}}"#,
        ] {
            assert!(answer_line(line).contains("\"error\""), "{line}");
        }
    }
}
