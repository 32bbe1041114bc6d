//! What the schema says of a cause: a short text that changes with it, so that two looks can be compared.

use super::{ACCESS, Cause, Place, SUBJECT_UNITS_MAX};
use crate::domain::change::Action;
use crate::domain::schema::{Field, Object, Schema};
use crate::domain::text;

/// What the schema says of a cause, as a short text that changes with it; empty when the schema knows nothing of it, and
/// nothing can be concluded from it.
#[must_use]
pub fn print(cause: &Cause, action: Action, schema: &Schema) -> String {
    let Some(object) = schema.get(&cause.object) else {
        return String::new();
    };
    match cause.place {
        Place::Rule => {
            let known = object
                .rules
                .iter()
                .find(|rule| text::cut(&rule.message, SUBJECT_UNITS_MAX) == cause.subject);
            known.map_or_else(String::new, |rule| {
                format!("rule {:016x}", hash(&[&rule.name, &rule.formula]))
            })
        }
        Place::Field => match object.fields.get(&cause.subject) {
            Some(field) => format!("field {:016x}", hash(&[&facts(field)])),
            None => "no field".to_owned(),
        },
        Place::Object if ACCESS.contains(&cause.code.as_str()) => access(object, action),
        Place::Object | Place::Record | Place::Org => String::new(),
    }
}

/// What the connected user may do with the object.
fn access(object: &Object, action: Action) -> String {
    let may = if action.creates() {
        object.createable
    } else {
        object.updateable
    };
    format!("access {may}")
}

/// Everything about a field that can make Salesforce take or refuse a value.
fn facts(field: &Field) -> String {
    let values: Vec<&str> = field
        .values
        .iter()
        .filter(|value| value.active)
        .map(|value| value.value.as_str())
        .collect();
    format!(
        "{:?} {} {} {} {} {} {} {} {values:?}",
        field.kind,
        field.length,
        field.precision,
        field.scale,
        field.nillable,
        field.createable,
        field.updateable,
        field.restricted,
    )
}

/// FNV-1a: the same in every version and process, which a stored print needs.
fn hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // A separator no text holds, so that ("ab", "c") and ("a", "bc") differ.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// What the present schema means for what a cause stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Nothing is known of it, or it is as it was.
    Same,
    /// It is known now, and was not before: watched from here on.
    Learnt,
    /// It is gone or not what it was: worth one more try.
    Mended,
}

/// Compares what the schema said when Salesforce refused with what it says now.
#[must_use]
pub fn look(then: &str, now: &str) -> Look {
    match (then.is_empty(), then == now) {
        (_, true) => Look::Same,
        (true, false) => Look::Learnt,
        (false, false) => Look::Mended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{Reason, Verdict};
    use crate::domain::refusal::cause;
    use crate::domain::schema::{Initial, Kind, Rule};

    const RULE: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";

    fn said(code: &str, message: &str, fields: &[&str]) -> Vec<Reason> {
        let fields = fields.iter().copied();
        vec![Reason::new("salesforce", Verdict::Block, code, message).about(fields)]
    }

    fn schema(rule: Option<&str>, length: usize, updateable: bool) -> Schema {
        let field = Field {
            name: "NextStep".into(),
            label: "Next step".into(),
            kind: Kind::Text,
            length,
            precision: 0,
            scale: 0,
            nillable: true,
            createable: true,
            updateable,
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
        let object = Object {
            name: "Opportunity".into(),
            updateable,
            fields: [("NextStep".to_owned(), field)].into(),
            rules: rule
                .map(|formula| Rule {
                    name: "No_Calls".into(),
                    formula: formula.into(),
                    message: "No calls.".into(),
                    field: String::new(),
                })
                .into_iter()
                .collect(),
            ..Object::default()
        };
        [("Opportunity".to_owned(), object)].into()
    }

    #[test]
    fn the_schema_shows_that_a_cause_changed() {
        let with = |code: &str, message: &str| {
            cause(
                "Opportunity",
                "NextStep",
                &said(code, message, &["NextStep"]),
            )
            .expect("a cause")
        };
        let rule = with(RULE, "No calls.");
        let long = with("STRING_TOO_LONG", "too long");
        let access = with("INSUFFICIENT_ACCESS", "no");
        let locked = with("ENTITY_IS_LOCKED", "locked");
        let same = schema(Some("A"), 255, true);
        for (name, cause, then, now, expected) in [
            (
                "as it was",
                &rule,
                schema(Some("A"), 255, true),
                &same,
                Look::Same,
            ),
            (
                "the rule is gone",
                &rule,
                same.clone(),
                &schema(None, 255, true),
                Look::Mended,
            ),
            (
                "the rule is another",
                &rule,
                same.clone(),
                &schema(Some("B"), 255, true),
                Look::Mended,
            ),
            (
                "the rule is read now",
                &rule,
                schema(None, 255, true),
                &same,
                Look::Learnt,
            ),
            (
                "the field is longer",
                &long,
                same.clone(),
                &schema(Some("A"), 1_000, true),
                Look::Mended,
            ),
            (
                "a rule of another cause",
                &long,
                same.clone(),
                &schema(None, 255, true),
                Look::Same,
            ),
            (
                "the user may edit",
                &access,
                schema(None, 255, false),
                &same,
                Look::Mended,
            ),
            (
                "nothing in the schema tells",
                &locked,
                same.clone(),
                &schema(None, 1, false),
                Look::Same,
            ),
            (
                "the object is not read",
                &rule,
                Schema::new(),
                &Schema::new(),
                Look::Same,
            ),
        ] {
            let print = |schema: &Schema| print(cause, Action::UpdateField, schema);
            assert_eq!(look(&print(&then), &print(now)), expected, "{name}");
        }
    }
}
