//! What a refusal was about: the one place where it is mended, so that what one cause stopped is seen and released
//! together, and whether the org's schema shows that the cause changed.

mod print;

pub use print::{Look, look, print};

use super::change::Reason;
use super::schema::Schema;
use super::text;

/// Where a refusal is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A validation rule, or code that speaks like one.
    Rule,
    /// A field.
    Field,
    /// An object.
    Object,
    /// One record.
    Record,
    /// The whole org.
    Org,
}

impl Place {
    fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Field => "field",
            Self::Object => "object",
            Self::Record => "record",
            Self::Org => "org",
        }
    }
}

/// Why Salesforce refused, as far as two refusals can have it in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Where it is mended.
    pub place: Place,
    /// sObject; empty of the org.
    pub object: String,
    /// Salesforce's code.
    pub code: String,
    /// Of a rule its message, of a field its name, of code its name; empty otherwise.
    pub subject: String,
}

/// Longest subject that tells causes apart, in UTF-16 code units: a rule's message has at most 255.
const SUBJECT_UNITS_MAX: usize = 255;

impl Cause {
    /// Names the cause: equal for refusals of one cause, different for others.
    #[must_use]
    pub fn key(&self) -> String {
        [
            self.place.as_str(),
            self.object.as_str(),
            self.code.as_str(),
            self.subject.as_str(),
        ]
        .join("/")
    }
}

/// A message of a rule's author.
const RULE: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
/// A trigger, a flow or managed code failed: its name comes first in the message, before a colon.
const CODE: [&str; 2] = [
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
];
/// The connected user's access to the object.
const ACCESS: [&str; 4] = [
    "INSUFFICIENT_ACCESS",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INVALID_TYPE",
];
/// One record's own state.
const RECORD: [&str; 7] = [
    "ENTITY_IS_DELETED",
    "ENTITY_IS_LOCKED",
    "ENTITY_IS_ARCHIVED",
    "DUPLICATE_VALUE",
    "INVALID_CROSS_REFERENCE_KEY",
    "UNABLE_TO_LOCK_ROW",
    "DELETE_FAILED",
];
/// The org as a whole.
const ORG: [&str; 6] = [
    "STORAGE_LIMIT_EXCEEDED",
    "REQUEST_LIMIT_EXCEEDED",
    "LIMIT_EXCEEDED",
    "API_CURRENTLY_DISABLED",
    "SERVER_UNAVAILABLE",
    "UNKNOWN_EXCEPTION",
];

/// The cause of a refusal, from everything that was said of it; `None` when Salesforce, and our executor, said nothing.
#[must_use]
pub fn cause(object: &str, field: &str, reasons: &[Reason]) -> Option<Cause> {
    let first = reasons
        .iter()
        .find(|reason| reason.gate == "salesforce")
        .or_else(|| reasons.iter().find(|reason| reason.code == "no_answer"))?;
    let code = first.code.as_str();
    let named = first.fields.first().map(String::as_str);
    let (place, subject) = match code {
        RULE => (Place::Rule, first.message.as_str()),
        code if CODE.contains(&code) => (
            Place::Object,
            first.message.split(':').next().unwrap_or_default(),
        ),
        code if ACCESS.contains(&code) => (Place::Object, ""),
        code if RECORD.contains(&code) => (Place::Record, ""),
        code if ORG.contains(&code) || first.gate != "salesforce" => (Place::Org, ""),
        _ => match named.or((!field.is_empty()).then_some(field)) {
            Some(field) => (Place::Field, field),
            None => (Place::Object, ""),
        },
    };
    Some(Cause {
        place,
        object: if place == Place::Org {
            String::new()
        } else {
            object.to_owned()
        },
        code: code.to_owned(),
        subject: text::cut(subject, SUBJECT_UNITS_MAX),
    })
}

/// The rule that speaks like this, where the schema has one.
#[must_use]
pub fn rule<'a>(cause: &Cause, schema: &'a Schema) -> Option<&'a str> {
    if cause.place != Place::Rule {
        return None;
    }
    let rules = &schema.get(&cause.object)?.rules;
    rules
        .iter()
        .find(|rule| text::cut(&rule.message, SUBJECT_UNITS_MAX) == cause.subject)
        .map(|rule| rule.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Verdict;
    use crate::domain::schema::{Object, Rule};

    fn said(code: &str, message: &str, fields: &[&str]) -> Vec<Reason> {
        vec![
            Reason::new("confidence", Verdict::Pass, "sure", ""),
            Reason::new("salesforce", Verdict::Block, code, message).about(fields.iter().copied()),
            Reason::new("advice", Verdict::Pass, "user", "do something"),
        ]
    }

    #[test]
    fn each_refusal_has_one_place_where_it_is_mended() {
        for (code, message, fields, expected) in [
            (
                RULE,
                "No calls.",
                &["NextStep"][..],
                "rule/Opportunity/FIELD_CUSTOM_VALIDATION_EXCEPTION/No calls.",
            ),
            (
                "STRING_TOO_LONG",
                "Next Step: data value too large",
                &["NextStep"],
                "field/Opportunity/STRING_TOO_LONG/NextStep",
            ),
            (
                "REQUIRED_FIELD_MISSING",
                "Required fields are missing: [Region__c]",
                &["Region__c"],
                "field/Opportunity/REQUIRED_FIELD_MISSING/Region__c",
            ),
            (
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "DealTrigger: execution of BeforeUpdate caused by: line 12",
                &[],
                "object/Opportunity/CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY/DealTrigger",
            ),
            (
                "INSUFFICIENT_ACCESS_OR_READONLY",
                "insufficient access",
                &[],
                "object/Opportunity/INSUFFICIENT_ACCESS_OR_READONLY/",
            ),
            (
                "ENTITY_IS_LOCKED",
                "the entity is locked for editing",
                &[],
                "record/Opportunity/ENTITY_IS_LOCKED/",
            ),
            (
                "STORAGE_LIMIT_EXCEEDED",
                "storage limit exceeded",
                &[],
                "org//STORAGE_LIMIT_EXCEEDED/",
            ),
            // Unknown to us: by the field that is written.
            (
                "SOMETHING_NEW",
                "no idea",
                &[],
                "field/Opportunity/SOMETHING_NEW/NextStep",
            ),
        ] {
            let found = cause("Opportunity", "NextStep", &said(code, message, fields));
            assert_eq!(found.expect("a cause").key(), expected);
        }
        assert_eq!(cause("Opportunity", "NextStep", &[]), None);
        let silent = [Reason::new("executor", Verdict::Block, "no_answer", "")];
        let silent = cause("Task", "", &silent).expect("a cause");
        assert_eq!(silent.key(), "org//no_answer/");
    }

    #[test]
    fn a_rule_is_found_by_its_message() {
        let found = cause("Opportunity", "NextStep", &said(RULE, "No calls.", &[]));
        let found = found.expect("a cause");
        let object = Object {
            rules: vec![Rule {
                name: "No_Calls".into(),
                formula: String::new(),
                message: "No calls.".into(),
                field: String::new(),
            }],
            ..Object::default()
        };
        let schema: Schema = [("Opportunity".to_owned(), object)].into();
        assert_eq!(rule(&found, &schema), Some("No_Calls"));
        assert_eq!(rule(&found, &Schema::new()), None);
    }
}
