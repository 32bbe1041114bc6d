//! Validation rules, compiled once per schema: which would block a change, predicted and never promised.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use formula::{Context, Fields as Declared, Formula, Kind, Number, Outcome, Record, Value};

use super::schema::{self, Object};
use super::value::{FieldValue, Fields};

/// One rule, ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Developer name.
    pub name: String,
    /// What Salesforce shows.
    pub message: String,
    /// Where it shows it; empty for top of page.
    pub field: String,
    /// The condition, or why it cannot be evaluated.
    pub formula: Result<Formula, String>,
}

/// What one rule would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prediction {
    /// It lets the save through.
    Silent,
    /// It blocks the save.
    Fires,
    /// Not known, and why.
    CannotTell(String),
}

/// Compiles the rules of an object.
#[must_use]
pub fn compile(object: &Object) -> Vec<Rule> {
    if object.rules.is_empty() {
        return Vec::new();
    }
    let mut declared = Declared::default();
    for field in object.fields.values() {
        if let Some(kind) = kind(field.kind) {
            declared.declare(&field.name, formula::Field::stored(kind));
        }
    }
    declared.declare("Id", formula::Field::stored(Kind::Id));
    object
        .rules
        .iter()
        .map(|rule| Rule {
            name: rule.name.clone(),
            message: rule.message.clone(),
            field: rule.field.clone(),
            formula: if rule.formula.is_empty() {
                Err("its formula is hidden".to_owned())
            } else {
                formula::compile_rule(&rule.formula, &declared).map_err(|error| error.to_string())
            },
        })
        .collect()
}

/// The fields of the record itself that the rules read, as the object names them.
#[must_use]
pub fn needs(rules: &[Rule], object: &Object) -> Vec<String> {
    let mut names = Vec::new();
    for formula in rules.iter().filter_map(|rule| rule.formula.as_ref().ok()) {
        let needs = formula.needs();
        for reference in needs.fields.iter().chain(&needs.prior) {
            let wanted = reference.key.to_string();
            names.extend(
                object
                    .fields
                    .keys()
                    .filter(|name| formula::key(name) == wanted)
                    .cloned(),
            );
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// What a rule would do when a record that holds `before` is saved with `after` laid over it.
#[must_use]
pub fn predict(
    rule: &Rule,
    object: &Object,
    before: &Fields,
    after: &Fields,
    user_id: &str,
    now: DateTime<Utc>,
    zone: Tz,
) -> Prediction {
    let formula = match &rule.formula {
        Ok(formula) => formula,
        Err(why) => return Prediction::CannotTell(why.clone()),
    };
    let prior = facts(object, before, user_id);
    let mut proposed = prior.clone();
    for (name, value) in after {
        match object
            .fields
            .get(name)
            .and_then(|field| convert(field.kind, value))
        {
            Some(value) => proposed.set(name, value),
            None => proposed.unset(name),
        }
    }
    let context = Context::new(&proposed).updated(&prior).at(now, zone);
    match formula.outcome(&context) {
        Outcome::Fires => Prediction::Fires,
        Outcome::Silent => Prediction::Silent,
        Outcome::CannotTell(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            Prediction::CannotTell(reasons.join("; "))
        }
    }
}

fn facts(object: &Object, fields: &Fields, user_id: &str) -> Record {
    let mut record = Record::default();
    for (name, value) in fields {
        if let Some(value) = object
            .fields
            .get(name)
            .and_then(|field| convert(field.kind, value))
        {
            record.set(name, value);
        }
    }
    if !user_id.is_empty() {
        record.set("$User.Id", Value::text(user_id.to_owned()));
    }
    record
}

fn convert(field: schema::Kind, value: &FieldValue) -> Option<Value<'static>> {
    let kind = kind(field)?;
    match value {
        FieldValue::Null if kind == Kind::Boolean => Some(Value::Bool(false)),
        FieldValue::Null => Some(Value::Null),
        FieldValue::Bool(flag) => Some(Value::Bool(*flag)),
        FieldValue::Number(number) => Number::parse(&number.to_string()).map(Value::Number),
        FieldValue::Text(text) if text.is_empty() => Some(Value::Null),
        FieldValue::Text(text) => Value::from_json(kind, &serde_json::Value::String(text.clone())),
    }
}

fn kind(kind: schema::Kind) -> Option<Kind> {
    Some(match kind {
        schema::Kind::Text
        | schema::Kind::TextArea
        | schema::Kind::Combobox
        | schema::Kind::Email
        | schema::Kind::Phone
        | schema::Kind::Url => Kind::Text,
        schema::Kind::Picklist => Kind::Picklist,
        schema::Kind::MultiPicklist => Kind::MultiPicklist,
        schema::Kind::Boolean => Kind::Boolean,
        schema::Kind::Int | schema::Kind::Double | schema::Kind::Currency => Kind::Number,
        schema::Kind::Percent => Kind::Percent,
        schema::Kind::Date => Kind::Date,
        schema::Kind::DateTime => Kind::DateTime,
        schema::Kind::Time => Kind::Time,
        schema::Kind::Reference => Kind::Id,
        schema::Kind::Other => return None,
    })
}
