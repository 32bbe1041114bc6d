//! Sums up how predictions fared: counts per rule, and the wrong ones with what they were made from.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::compare::{self, Answer, Fared};
use super::{Book, Predicted, Rule};
use crate::domain::value::{FieldValue, Fields};

/// Wrong predictions kept of one batch; a fault of ours would otherwise fill the table with one story.
const WRONG_PER_BATCH_MAX: usize = 20;
/// Longest text kept of one input, in characters.
const INPUT_CHARACTERS_MAX: usize = 4_000;

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A real write.
    Write,
    /// A rehearsal, rolled back.
    Rehearsal,
}

impl Source {
    /// As stored and counted.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Rehearsal => "rehearsal",
        }
    }
}

/// One record's save: what was predicted of it, and from what.
#[derive(Debug, Clone)]
pub struct Foretold {
    /// The record.
    pub record_id: String,
    /// The changes saved together.
    pub change_ids: Vec<Uuid>,
    /// The record as it was read before.
    pub before: Fields,
    /// What is written.
    pub changed: Fields,
    /// By rule, in the book's order.
    pub predicted: Vec<Predicted>,
}

/// A prediction that was wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// sObject.
    pub object: String,
    /// The record.
    pub record_id: String,
    /// Developer name.
    pub rule: String,
    /// As it was.
    pub formula: String,
    /// What was predicted.
    pub predicted: Predicted,
    /// The changes saved together.
    pub change_ids: Vec<Uuid>,
    /// What the rule reads, as it was.
    pub before: Fields,
    /// What was written.
    pub changed: Fields,
}

/// Counts of one batch of answers.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// Counts in the order of [`Fared::ALL`], by object and rule; the empty rule stands for all that were rightly silent.
    pub counts: BTreeMap<(String, String), [u64; 5]>,
    /// Wrong predictions, the first few.
    pub wrong: Vec<Wrong>,
}

impl Score {
    /// Adds what Salesforce answered to one record's save.
    pub fn add(&mut self, object: &str, book: &Book, foretold: &Foretold, answer: Answer<'_>) {
        for compared in compare::compare(book, &foretold.predicted, answer) {
            let rule = &book.rules[compared.rule];
            let silent = compared.predicted == Predicted::Silent && compared.fared == Fared::Agreed;
            let name = if silent { "" } else { rule.name.as_str() };
            let counts = self
                .counts
                .entry((object.to_owned(), name.to_owned()))
                .or_default();
            for (count, fared) in counts.iter_mut().zip(Fared::ALL) {
                *count += u64::from(fared == compared.fared);
            }
            if compared.fared.is_wrong() && self.wrong.len() < WRONG_PER_BATCH_MAX {
                self.wrong
                    .push(wrong(object, rule, foretold, compared.predicted));
            }
        }
    }

    /// How often each happened, rules together.
    #[must_use]
    pub fn totals(&self) -> [(Fared, u64); 5] {
        let mut totals = Fared::ALL.map(|fared| (fared, 0));
        for counts in self.counts.values() {
            for (total, count) in totals.iter_mut().zip(counts) {
                total.1 += count;
            }
        }
        totals
    }
}

fn wrong(object: &str, rule: &Rule, foretold: &Foretold, predicted: Predicted) -> Wrong {
    let reads = |name: &str| rule.keys.contains(&formula::key(name));
    Wrong {
        object: object.to_owned(),
        record_id: foretold.record_id.clone(),
        rule: rule.name.clone(),
        formula: rule
            .formula
            .as_ref()
            .map_or_else(|_| String::new(), |formula| formula.source().to_owned()),
        predicted,
        change_ids: foretold.change_ids.clone(),
        before: kept(foretold.before.iter().filter(|(name, _)| reads(name))),
        changed: kept(foretold.changed.iter()),
    }
}

fn kept<'a>(fields: impl Iterator<Item = (&'a String, &'a FieldValue)>) -> Fields {
    fields
        .map(|(name, value)| {
            let value = match value {
                FieldValue::Text(text) => {
                    FieldValue::Text(text.chars().take(INPUT_CHARACTERS_MAX).collect())
                }
                other => other.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}
