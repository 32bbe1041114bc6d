//! Which part of a proposed change makes a rule fire (language section 11.3): each changed field is put
//! back in turn and the rule asked again.

use std::fmt::{self, Display, Formatter};

use crate::context::{Context, Facts};
use crate::formula::{Formula, Outcome};
use crate::program::Reference;
use crate::schema::key;
use crate::value::Value;

/// What makes a rule fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Responsible {
    /// Putting back any one of these alone silences the rule.
    Fields(Vec<String>),
    /// No single field does, all together do.
    Combination,
    /// The rule fires on the record as it is: any save of it is blocked.
    PreExisting,
    /// The rule does not fire, the record is new, or too little is known of it before the change.
    Undetermined,
}

/// One sentence.
impl Display for Responsible {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Responsible::Fields(fields) => {
                write!(f, "Putting back {} would lift it.", fields.join(" or "))
            }
            Responsible::Combination => f.write_str(
                "No single field of the change lifts it, putting back all of them does.",
            ),
            Responsible::PreExisting => {
                f.write_str("The record violates it without the change, so any save is blocked.")
            }
            Responsible::Undetermined => {
                f.write_str("Which field would have to change is not known.")
            }
        }
    }
}

impl Formula {
    /// Which of the `changed` fields make the rule fire.
    #[must_use]
    pub fn responsible(&self, context: &Context<'_>, changed: &[&str]) -> Responsible {
        let (Some(prior), Some(false)) = (context.prior, context.is_new) else {
            return Responsible::Undetermined;
        };
        if self.outcome(context) != Outcome::Fires {
            return Responsible::Undetermined;
        }
        let keys: Vec<String> = changed.iter().map(|name| key(name)).collect();
        let with = |back: &[String]| {
            let record = PutBack {
                record: context.record,
                prior,
                back,
            };
            let context = Context {
                record: &record,
                ..*context
            };
            self.outcome(&context)
        };
        let alone: Vec<String> = changed
            .iter()
            .zip(&keys)
            .filter(|(_, key)| with(std::slice::from_ref(key)) == Outcome::Silent)
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if !alone.is_empty() {
            return Responsible::Fields(alone);
        }
        match with(&keys) {
            Outcome::Silent => Responsible::Combination,
            Outcome::Fires => {
                // A rule about the change itself is asked about a save that changes nothing.
                let same = Context {
                    record: &PutBack {
                        record: context.record,
                        prior,
                        back: &keys,
                    },
                    ..*context
                };
                let still = Context {
                    prior: Some(same.record),
                    ..same
                };
                match self.outcome(&still) {
                    Outcome::Fires => Responsible::PreExisting,
                    _ => Responsible::Undetermined,
                }
            }
            Outcome::CannotTell(_) => Responsible::Undetermined,
        }
    }
}

/// The record with some fields as they were.
struct PutBack<'a> {
    record: &'a dyn Facts,
    prior: &'a dyn Facts,
    back: &'a [String],
}

impl Facts for PutBack<'_> {
    fn value(&self, reference: &Reference) -> Option<&Value<'static>> {
        if self.back.iter().any(|name| moves(name, &reference.key)) {
            self.prior.value(reference)
        } else {
            self.record.value(reference)
        }
    }
}

/// Whether a change of field `name` moves the value behind `key`: the field itself, and everything
/// behind a lookup. Both are in key form.
pub(super) fn moves(name: &str, key: &str) -> bool {
    if name == key {
        return true;
    }
    let Some((relation, _)) = key.split_once(['.', ':']) else {
        return false;
    };
    match (name.strip_suffix("__c"), name.strip_suffix("id")) {
        (Some(custom), _) => relation.strip_suffix("__r") == Some(custom),
        (None, Some(standard)) => relation == standard,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, Kind, Record, compile_rule};

    #[test]
    fn the_responsible_field_is_the_one_whose_return_silences_the_rule() {
        let schema: Fields = [
            ("A", Kind::Number),
            ("B", Kind::Number),
            ("AccountId", Kind::Id),
            ("Account.Type", Kind::Picklist),
        ]
        .into_iter()
        .collect();
        let record = |a: i64, b: i64, kind: &'static str| -> Record {
            [
                ("A", Value::Number(a.into())),
                ("B", Value::Number(b.into())),
                ("Account.Type", Value::text(kind)),
            ]
            .into_iter()
            .collect()
        };
        let (new, old) = (record(9, 9, "Partner"), record(1, 1, "Customer"));
        let fields = |names: &[&str]| {
            Responsible::Fields(names.iter().map(|name| (*name).to_owned()).collect())
        };
        let cases = [
            ("A > 5", fields(&["A"])),
            ("A > 5 && B > 5", fields(&["A", "B"])),
            ("A > 5 || B > 5", Responsible::Combination),
            ("A > 0", Responsible::PreExisting),
            ("ISCHANGED(A)", fields(&["A"])),
            ("NOT(ISNEW())", Responsible::PreExisting),
            (
                "ISPICKVAL(Account.Type, \"Partner\")",
                fields(&["AccountId"]),
            ),
            ("A > 50", Responsible::Undetermined),
        ];
        for (source, expected) in cases {
            let rule = compile_rule(source, &schema).expect("compiles");
            let context = Context::new(&new).updated(&old);
            assert_eq!(
                rule.responsible(&context, &["A", "B", "AccountId"]),
                expected,
                "{source}"
            );
        }
    }
}
