//! Asks the rules of a record about the changes proposed for it.
//!
//! Fields of one record are saved together, but any of them may be held: a rule is said to refuse a field's change only
//! when it fires with that field alone and with all of them. A rule is asked once for a field it does not read, whatever
//! else is proposed, so that many rules and many fields stay cheap.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use formula::{Context, Disputes, Outcome, Record};

use super::facts;
use super::finding::{Finding, RuleFinding, Said};
use super::{Book, Rule};
use crate::domain::schema::Object;
use crate::domain::value::Fields;

/// Who saves, and when.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The connected user's id; empty when not known.
    pub user_id: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// The zone in which a moment becomes a day.
    pub zone: Tz,
}

/// What a rule would do to a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Predicted {
    /// It refuses.
    Fires,
    /// It does not.
    Silent,
    /// Not known.
    CannotTell,
}

/// What the rules of one record would do to each change proposed for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreseen {
    by_field: BTreeMap<String, Vec<Finding>>,
}

impl Foreseen {
    /// What is told of a field's change; silent rules are not.
    #[must_use]
    pub fn of(&self, field: &str) -> &[Finding] {
        self.by_field.get(field).map_or(&[], Vec::as_slice)
    }
}

fn context<'a>(record: &'a Record, prior: &'a Record, scene: Scene<'a>) -> Context<'a> {
    Context {
        // Where sources disagree about the platform, and it matters for these values, we do not know.
        disputes: Disputes::CannotTell,
        ..Context::new(record)
            .updated(prior)
            .at(scene.now, scene.zone)
    }
}

/// What every rule would do when a record that holds `before` is saved with `changed` laid over it, in the book's order.
#[must_use]
pub fn answers(
    book: &Book,
    object: &Object,
    before: &Fields,
    changed: &Fields,
    scene: Scene<'_>,
) -> Vec<Predicted> {
    let prior = facts::before(object, book, before, scene.user_id);
    let after = facts::after(object, &prior, changed);
    let context = context(&after, &prior, scene);
    book.rules
        .iter()
        .map(|rule| match &rule.formula {
            Ok(formula) => match formula.outcome(&context) {
                Outcome::Fires => Predicted::Fires,
                Outcome::Silent => Predicted::Silent,
                Outcome::CannotTell(_) => Predicted::CannotTell,
            },
            Err(_) => Predicted::CannotTell,
        })
        .collect()
}

/// What the rules would do to each of the changes `proposed` for a record that holds `before`.
#[must_use]
pub fn foresee(
    book: &Book,
    object: &Object,
    before: &Fields,
    proposed: &Fields,
    scene: Scene<'_>,
) -> Foreseen {
    let mut foreseen = Foreseen::default();
    if book.rules.is_empty() || proposed.is_empty() {
        return foreseen;
    }
    let prior = facts::before(object, book, before, scene.user_id);
    let asked = Asked {
        object,
        prior: &prior,
        unchanged: facts::after(object, &prior, &Fields::new()),
        together: facts::after(object, &prior, proposed),
        alone: proposed
            .iter()
            .map(|(name, value)| {
                let one = Fields::from([(name.clone(), value.clone())]);
                (name.as_str(), facts::after(object, &prior, &one))
            })
            .collect(),
        scene,
    };
    for (index, rule) in book.rules.iter().enumerate() {
        for (field, said) in asked.rule(rule) {
            let findings = foreseen.by_field.entry(field.to_owned()).or_default();
            findings.push(Finding { rule: index, said });
        }
    }
    foreseen
}

/// The versions of one record a rule may be asked about.
struct Asked<'a> {
    object: &'a Object,
    prior: &'a Record,
    unchanged: Record,
    together: Record,
    alone: BTreeMap<&'a str, Record>,
    scene: Scene<'a>,
}

impl Asked<'_> {
    /// What one rule says of each field; silent ones left out.
    fn rule(&self, rule: &Rule) -> Vec<(&str, Said)> {
        let fields = || self.alone.keys().copied();
        let formula = match &rule.formula {
            Ok(formula) => formula,
            Err(why) => {
                return fields()
                    .map(|field| (field, Said::CannotTell(why.clone())))
                    .collect();
            }
        };
        let outcome = |record: &Record| formula.outcome(&context(record, self.prior, self.scene));
        let touching: Vec<&str> = fields()
            .filter(|field| {
                rule.keys
                    .iter()
                    .any(|key| facts::moves(self.object, field, key))
            })
            .collect();
        let together = outcome(&self.together);
        // A rule that reads none of the changed fields says of the record as it is what it says of the change.
        let unchanged = if touching.is_empty() {
            together.clone()
        } else if touching.len() < self.alone.len() {
            outcome(&self.unchanged)
        } else {
            Outcome::Silent
        };
        let mut explained = None;
        let mut said = Vec::new();
        for (field, record) in &self.alone {
            let touches = touching.contains(field);
            let alone = match (touches, touching.as_slice()) {
                (false, _) => unchanged.clone(),
                (true, [_]) => together.clone(),
                (true, _) => outcome(record),
            };
            let one = match (&alone, &together) {
                (Outcome::Silent, Outcome::Silent) => continue,
                // What its neighbours would cause is said of them.
                (Outcome::Silent, _) if !touches => continue,
                (Outcome::Fires, Outcome::Fires) => Said::Fires(
                    explained
                        .get_or_insert_with(|| self.explain(rule, formula, &touching))
                        .clone(),
                ),
                (Outcome::CannotTell(reasons), _) | (_, Outcome::CannotTell(reasons)) => {
                    Said::CannotTell(text(reasons.iter()))
                }
                (Outcome::Fires, Outcome::Silent) | (Outcome::Silent, Outcome::Fires) => {
                    Said::DependsOnSiblings
                }
            };
            said.push((*field, one));
        }
        said
    }

    fn explain(&self, rule: &Rule, formula: &formula::Formula, touching: &[&str]) -> RuleFinding {
        let context = context(&self.together, self.prior, self.scene);
        let explanation = formula.explain(&context, touching);
        let responsible = formula.responsible(&context, touching);
        RuleFinding::new(rule, explanation.as_ref(), &responsible)
    }
}

fn text<'r>(reasons: impl Iterator<Item = &'r formula::Reason>) -> String {
    let reasons: Vec<String> = reasons.map(ToString::to_string).collect();
    reasons.join("; ")
}
