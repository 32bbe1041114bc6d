//! Asks the rules of a record about the changes proposed for it.
//!
//! Fields of one record are saved together, but any of them may be held: a rule is said to refuse a field's change only
//! when it fires with that field alone and with all of them. A rule is asked once for a field it does not read, whatever
//! else is proposed, so that many rules and many fields stay cheap.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use formula::{Context, Disputes, Outcome, Record};

use super::finding::{Finding, RuleFinding, Said};
use super::{Book, Rule, created, facts, globals};
use crate::domain::schema::Object;
use crate::domain::value::Fields;

/// Who saves, and when.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The connected user's id; empty when not known.
    pub user_id: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What is saved.
#[derive(Debug, Clone, Copy)]
pub enum Save<'a> {
    /// Fields of a record that is there.
    Update {
        /// The record as it was read.
        before: &'a Fields,
        /// What is laid over it.
        changed: &'a Fields,
    },
    /// A new record with these fields.
    Create(&'a Fields),
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
    /// What is told of a field's change, or of a creation for the empty name; silent rules are not.
    #[must_use]
    pub fn of(&self, field: &str) -> &[Finding] {
        self.by_field.get(field).map_or(&[], Vec::as_slice)
    }
}

/// A record as it would be saved, with what it was before; `None` for a new one.
fn context<'a>(
    object: &Object,
    record: &'a Record,
    prior: Option<&'a Record>,
    scene: Scene<'_>,
) -> Context<'a> {
    let context = Context {
        now: Some(scene.now),
        zone: globals::zone(object, scene.user_id),
        // Where sources disagree about the platform, and it matters for these values, we do not know.
        disputes: Disputes::CannotTell,
        ..Context::new(record)
    };
    match prior {
        Some(prior) => context.updated(prior),
        None => context.created(),
    }
}

/// What every rule would do to a save, in the book's order.
#[must_use]
pub fn answers(book: &Book, object: &Object, save: Save<'_>, scene: Scene<'_>) -> Vec<Predicted> {
    let (prior, after) = match save {
        Save::Update { before, changed } => {
            let prior = facts::before(object, book, before, scene.user_id);
            let after = facts::after(object, &prior, changed);
            (Some(prior), after)
        }
        Save::Create(fields) => (None, created::record(object, book, fields, scene.user_id)),
    };
    let context = context(object, &after, prior.as_ref(), scene);
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

/// What the rules would do to each change of a record, or to a creation as a whole.
#[must_use]
pub fn foresee(book: &Book, object: &Object, save: Save<'_>, scene: Scene<'_>) -> Foreseen {
    match save {
        Save::Update { before, changed } => foresee_update(book, object, before, changed, scene),
        Save::Create(fields) => foresee_creation(book, object, fields, scene),
    }
}

fn foresee_update(
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

/// A new record is one change: its fields are set together or not at all.
fn foresee_creation(book: &Book, object: &Object, fields: &Fields, scene: Scene<'_>) -> Foreseen {
    let record = created::record(object, book, fields, scene.user_id);
    let asked = context(object, &record, None, scene);
    let mut findings = Vec::new();
    for (index, rule) in book.rules.iter().enumerate() {
        let said = match &rule.formula {
            Err(why) => Said::CannotTell(why.clone()),
            Ok(formula) => match formula.outcome(&asked) {
                Outcome::Silent => continue,
                Outcome::CannotTell(reasons) => Said::CannotTell(text(object, &reasons)),
                Outcome::Fires => {
                    let given: Vec<&str> = fields.keys().map(String::as_str).collect();
                    let silent_without = |name: &&&str| {
                        let mut fewer = fields.clone();
                        fewer.remove(**name);
                        let record = created::record(object, book, &fewer, scene.user_id);
                        formula.outcome(&context(object, &record, None, scene)) == Outcome::Silent
                    };
                    let would_lift = given
                        .iter()
                        .filter(|name| rule.keys.iter().any(|key| facts::moves(object, name, key)))
                        .filter(silent_without)
                        .map(|name| (*name).to_owned())
                        .collect();
                    let explanation = formula.explain(&asked, &given);
                    Said::Fires(RuleFinding::created(rule, explanation.as_ref(), would_lift))
                }
            },
        };
        findings.push(Finding { rule: index, said });
    }
    Foreseen {
        by_field: BTreeMap::from([(String::new(), findings)]),
    }
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
        let outcome = |record: &Record| formula.outcome(&self.context(record));
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
                    Said::CannotTell(text(self.object, reasons))
                }
                (Outcome::Fires, Outcome::Silent) | (Outcome::Silent, Outcome::Fires) => {
                    Said::DependsOnSiblings
                }
            };
            said.push((*field, one));
        }
        said
    }

    fn context<'r>(&'r self, record: &'r Record) -> Context<'r> {
        context(self.object, record, Some(self.prior), self.scene)
    }

    fn explain(&self, rule: &Rule, formula: &formula::Formula, touching: &[&str]) -> RuleFinding {
        let context = self.context(&self.together);
        let explanation = formula.explain(&context, touching);
        let responsible = formula.responsible(&context, touching);
        RuleFinding::new(rule, explanation.as_ref(), &responsible)
    }
}

/// The reasons, and why a global they name is not known.
fn text(object: &Object, reasons: &[formula::Reason]) -> String {
    let one = |reason: &formula::Reason| match reason {
        formula::Reason::NotLoaded { path, .. } => match globals::why_unknown(object, path) {
            Some(why) => format!("{reason}: {why}"),
            None => reason.to_string(),
        },
        other => other.to_string(),
    };
    let reasons: Vec<String> = reasons.iter().map(one).collect();
    reasons.join("; ")
}
