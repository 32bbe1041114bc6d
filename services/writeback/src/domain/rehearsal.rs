//! Rehearsing a mapping on a real record without leaving a write behind (design section 8): the mapped fields and, last,
//! a request that must fail, all or none. Salesforce evaluates everything and rolls everything back.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use salesforce::Class;

use super::change::Reason;
use super::outcome::Problem;
use super::owner;
use super::schema::{Field, Kind};
use super::text;
use super::value::FieldValue;

/// What a rehearsal cannot show.
pub const LIMITS: &str = "asynchronous automation, callouts and e-mails are not exercised; values are the record's own or samples";

/// What a rehearsal of changes cannot show.
pub const CHANGE_LIMITS: &str = "the records were saved together and rolled back: automation that runs after the save, \
     callouts and e-mails are not exercised, and a rule may answer otherwise when only some of the changes are written";

/// What one rehearsal showed of a change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rehearsed {
    /// It would be accepted.
    pub accepted: bool,
    /// Everything Salesforce said against it.
    pub said: Vec<Reason>,
    /// Fields of the same record rehearsed with it.
    pub together: Vec<String>,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The text a sample carries.
const SAMPLE_TEXT: &str = "Ergo rehearsal";

/// A value worth rehearsing: what is there, else a sample of the field's type; `None` when we never write such a field.
#[must_use]
pub fn sample(
    field: &Field,
    present: &FieldValue,
    record_type_id: Option<&str>,
    today: NaiveDate,
) -> Option<FieldValue> {
    if field.calculated || !field.updateable {
        // Sent all the same: Salesforce's own refusal is what the admin must see.
        return Some(if present.is_empty() {
            FieldValue::Text(SAMPLE_TEXT.to_owned())
        } else {
            present.clone()
        });
    }
    if !present.is_empty()
        && field.kind != Kind::Other
        && (field.kind != Kind::Reference || owner::takes_users(field))
    {
        return Some(present.clone());
    }
    let text = |sample: &str| {
        let room = if field.length == 0 {
            usize::MAX
        } else {
            field.length
        };
        Some(FieldValue::Text(text::cut(sample, room)))
    };
    match field.kind {
        Kind::Text | Kind::TextArea | Kind::Combobox => text(SAMPLE_TEXT),
        Kind::Email => text("rehearsal@example.com"),
        Kind::Phone => text("+1 555 0100"),
        Kind::Url => text("https://example.com"),
        Kind::Picklist | Kind::MultiPicklist => {
            // A dependent value would need its controller; an empty field proves nothing about it.
            if field.controller.is_some() {
                return None;
            }
            field
                .values
                .iter()
                .find(|value| {
                    value.active
                        && (value.record_type_ids.is_empty()
                            || record_type_id
                                .is_none_or(|id| value.record_type_ids.iter().any(|own| own == id)))
                })
                .map(|value| FieldValue::Text(value.value.clone()))
        }
        Kind::Boolean => Some(FieldValue::Bool(true)),
        Kind::Int | Kind::Double | Kind::Currency | Kind::Percent => {
            Some(FieldValue::Number(Decimal::ONE))
        }
        Kind::Date => Some(FieldValue::Text(today.to_string())),
        Kind::DateTime => Some(FieldValue::Text(format!("{today}T12:00:00.000Z"))),
        Kind::Time | Kind::Reference | Kind::Other => None,
    }
}

/// What Salesforce said of one part of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It would be accepted: it failed only because everything was rolled back.
    Accepted,
    /// It would be refused.
    Refused(Vec<Problem>),
}

/// Judges one answer of an all-or-none request. An answer of success means that the last part did not fail.
#[must_use]
pub fn judge(success: bool, problems: &[Problem]) -> Said {
    let own: Vec<Problem> = problems
        .iter()
        .filter(|problem| problem.class != Class::Follow)
        .cloned()
        .collect();
    if own.is_empty() || success {
        Said::Accepted
    } else {
        Said::Refused(own)
    }
}

/// What is said when Salesforce did not take a rehearsal back.
#[must_use]
pub fn not_rolled_back() -> Said {
    Said::Refused(vec![Problem {
        code: "NOT_ROLLED_BACK".to_owned(),
        message: "salesforce did not roll the rehearsal back; check the record".to_owned(),
        fields: Vec::new(),
        class: Class::Admin,
        retry: None,
        matches: Vec::new(),
    }])
}

/// What is stored and shown of one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldResult {
    /// sObject.
    pub object: String,
    /// The record.
    pub record_id: String,
    /// The field; empty when it is about the record.
    pub field: String,
    /// Salesforce would take it.
    pub accepted: bool,
    /// Its code; empty when accepted.
    pub code: String,
    /// Its message, verbatim.
    pub message: String,
}

/// One result per field: an error that names a field is that field's, any other is the record's.
#[must_use]
pub fn results(object: &str, record_id: &str, fields: &[String], said: &Said) -> Vec<FieldResult> {
    let result = |field: &str, code: &str, message: &str| FieldResult {
        object: object.to_owned(),
        record_id: record_id.to_owned(),
        field: field.to_owned(),
        accepted: code.is_empty(),
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let problems: &[Problem] = match said {
        Said::Accepted => &[],
        Said::Refused(problems) => problems,
    };
    let mut results = Vec::new();
    for field in fields {
        let own = problems
            .iter()
            .find(|problem| problem.fields.iter().any(|named| named == field));
        results.push(match own {
            Some(problem) => result(field, &problem.code, &problem.message),
            None => result(field, "", ""),
        });
    }
    for problem in problems {
        if !problem.fields.iter().any(|named| fields.contains(named)) {
            results.push(result("", &problem.code, &problem.message));
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: &str, class: Class, fields: &[&str]) -> Problem {
        Problem {
            code: code.into(),
            message: format!("{code} said"),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            class,
            retry: None,
            matches: Vec::new(),
        }
    }

    #[test]
    fn only_a_roll_back_means_accepted() {
        let halted = problem("PROCESSING_HALTED", Class::Follow, &[]);
        assert_eq!(judge(false, std::slice::from_ref(&halted)), Said::Accepted);
        let rule = problem(
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            Class::User,
            &["Amount"],
        );
        assert_eq!(
            judge(false, &[halted, rule.clone()]),
            Said::Refused(vec![rule])
        );
    }

    #[test]
    fn each_error_lands_on_its_field_or_on_the_record() {
        let said = Said::Refused(vec![
            problem("STRING_TOO_LONG", Class::User, &["NextStep"]),
            problem("FIELD_CUSTOM_VALIDATION_EXCEPTION", Class::User, &[]),
        ]);
        let fields = ["NextStep".to_owned(), "Amount".to_owned()];
        let lines: Vec<String> = results("Opportunity", "006", &fields, &said)
            .iter()
            .map(|result| format!("{} {} {}", result.field, result.accepted, result.code))
            .collect();
        insta::assert_debug_snapshot!(lines, @r#"
        [
            "NextStep false STRING_TOO_LONG",
            "Amount true ",
            " false FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ]
        "#);
    }
}
