//! Why a rule fires (language section 11.3): the smallest set of conditions and fields that make it
//! true, in the rule author's own words, with the values seen.
//!
//! Smallest is found by hiding: a field whose hiding leaves the rule firing does not matter, because a
//! definite answer holds for every value of what is hidden. Fields of the proposed change are hidden
//! last, so that of two explanations the one a person can act on remains.

mod phrase;
mod responsible;
mod search;

use std::fmt::{self, Display, Formatter};

pub use responsible::Responsible;

use self::search::{Arm, Found, Run};
use crate::context::Context;
use crate::formula::Formula;
use crate::token::Span;
use crate::value::Value;

/// Where a value comes from, in the order a person can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A field of the proposed change.
    Change,
    /// Another field of the record, or of a parent.
    Record,
    /// A global: a matter for an administrator.
    Global,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The field, path or global as written.
    pub path: String,
    /// What it holds; a percent field holds `45` for 45 %. `None` when it is not loaded.
    pub value: Option<Value<'static>>,
    /// What it held before the change, where the condition reads that.
    pub prior: Option<Value<'static>>,
    /// Where it comes from.
    pub source: Source,
}

/// A condition at work: a part of the rule that is not a mere AND, OR, NOT or IF of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The author's words.
    pub text: String,
    /// Where they stand in the rule.
    pub span: Span,
    /// Whether it holds. The rule may want it not to; a blank condition does not hold.
    pub holds: bool,
    /// The values it hangs on.
    pub seen: Vec<Seen>,
    /// The condition and its values as a clause of a sentence.
    pub clause: String,
}

impl Condition {
    /// The nearest source among its values.
    #[must_use]
    pub fn source(&self) -> Source {
        self.seen
            .iter()
            .map(|seen| seen.source)
            .min()
            .unwrap_or(Source::Record)
    }
}

/// Why a rule fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Conditions that together make the rule true. Lifting any one of them leaves it to [`Self::also`].
    pub because: Vec<Condition>,
    /// Other conditions that hold the rule as well, through another arm of an OR.
    pub also: Vec<Condition>,
}

/// One sentence.
impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.because.is_empty() {
            return f.write_str("The rule is true for every record.");
        }
        f.write_str("The rule fires because ")?;
        for (index, condition) in self.because.iter().enumerate() {
            let joint = match index {
                0 => "",
                _ if index + 1 == self.because.len() => " and ",
                _ => ", ",
            };
            write!(f, "{joint}{}", condition.clause)?;
        }
        if let Some(other) = self.also.first() {
            write!(f, "; it would still fire because {}", other.clause)?;
            if self.also.len() > 1 {
                write!(f, " and {} more", self.also.len() - 1)?;
            }
        }
        f.write_str(".")
    }
}

impl Formula {
    /// Why the rule fires, or `None` when it does not. `changed` names the fields of the proposed change.
    #[must_use]
    pub fn explain(&self, context: &Context<'_>, changed: &[&str]) -> Option<Explanation> {
        let program = &self.program;
        let mut run = Run::new(program, *context, self.sources(changed));
        if run.truth(program.root, Arm::Chosen) != Ok(Some(true)) {
            return None;
        }
        run.hide_what_does_not_matter();
        let mut found = Found::default();
        run.leaves(program.root, true, Arm::Chosen, &mut found);
        let Found { because, mut also } = found;
        also.retain(|leaf| !because.contains(leaf));
        let because = run.conditions(&because, self.source());
        // A second reason shows every value it reads.
        run.hidden.fill(false);
        let mut also = run.conditions(&also, self.source());
        also.retain(|other| because.iter().all(|kept| kept.clause != other.clause));
        Some(Explanation { because, also })
    }

    fn sources(&self, changed: &[&str]) -> Vec<Source> {
        let changed: Vec<String> = changed
            .iter()
            .map(|name| crate::schema::key(name))
            .collect();
        let of = |key: &str| {
            if key.starts_with('$') {
                Source::Global
            } else if changed.iter().any(|name| responsible::moves(name, key)) {
                Source::Change
            } else {
                Source::Record
            }
        };
        self.program
            .references
            .iter()
            .map(|reference| of(&reference.key))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, Kind, Record, compile_rule};

    fn setup() -> (Fields, Record) {
        let schema = [
            ("StageName", Kind::Picklist),
            ("NextStep", Kind::Text),
            ("Amount", Kind::Number),
            ("Discount__c", Kind::Percent),
            ("Locked__c", Kind::Boolean),
            ("$Setup.Off__c.Rules__c", Kind::Boolean),
        ]
        .into_iter()
        .collect();
        let record = [
            ("StageName", Value::text("Closed Won")),
            ("NextStep", Value::Null),
            ("Amount", Value::Number(5000.into())),
            ("Discount__c", Value::Number(25.into())),
            ("Locked__c", Value::Bool(false)),
            ("$Setup.Off__c.Rules__c", Value::Bool(false)),
            ("$Profile.Name", Value::text("Sales")),
        ]
        .into_iter()
        .collect();
        (schema, record)
    }

    fn sentence(source: &str, changed: &[&str]) -> String {
        let (schema, record) = setup();
        let rule = compile_rule(source, &schema).expect("compiles");
        rule.explain(&Context::new(&record).created(), changed)
            .map_or_else(
                || "silent".to_owned(),
                |explanation| explanation.to_string(),
            )
    }

    #[test]
    fn a_firing_rule_is_one_sentence() {
        insta::assert_snapshot!(
            sentence(r#"AND(NOT($Setup.Off__c.Rules__c), ISPICKVAL(StageName, "Closed Won"), ISBLANK(NextStep))"#, &["StageName"]),
            @"The rule fires because StageName is \"Closed Won\", NextStep is blank and $Setup.Off__c.Rules__c is false."
        );
        insta::assert_snapshot!(
            sentence("Discount__c > 0.2 && Amount >= 1000", &["Discount__c"]),
            @"The rule fires because Discount__c > 0.2 (Discount__c is 25) and Amount >= 1000 (Amount is 5000)."
        );
        insta::assert_snapshot!(
            sentence("OR(Amount > 1, Discount__c > 0.2, ISBLANK(NextStep))", &["NextStep"]),
            @"The rule fires because NextStep is blank; it would still fire because Amount > 1 (Amount is 5000) and 1 more."
        );
        insta::assert_snapshot!(
            sentence("IF(ISNEW(), NOT(OR(Locked__c, Amount < 10)), FALSE)", &[]),
            @"The rule fires because the record is new, Locked__c is false and Amount < 10 is false (Amount is 5000)."
        );
        insta::assert_snapshot!(
            sentence(r#"(IF(ISBLANK(NextStep), 1, 0) + IF(Locked__c, 1, 0)) >= 1"#, &[]),
            @"The rule fires because (IF(ISBLANK(NextStep), 1, 0) + IF(Locked__c, 1, 0)) >= 1 (NextStep is blank, Locked__c is false)."
        );
        insta::assert_snapshot!(
            sentence("AND(IF(AND(ISBLANK(NextStep), NOT(Locked__c)), 1, 0) = 1)", &[]),
            @"The rule fires because NextStep is blank and Locked__c is false."
        );
        assert_eq!(sentence("Locked__c", &[]), "silent");
        assert_eq!(sentence("TRUE", &[]), "The rule is true for every record.");
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let text = sentence(
            "AND(OR(Amount > 1, Locked__c), IF(Locked__c, ISBLANK(NextStep), ISBLANK(NextStep)))",
            &[],
        );
        assert_eq!(
            text,
            "The rule fires because Amount > 1 (Amount is 5000) and NextStep is blank."
        );
    }
}
