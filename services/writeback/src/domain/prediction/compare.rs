//! Compares what was predicted with what Salesforce answered, rule by rule.
//!
//! Only a refusal that is wholly explained by rules we know says something about the rules it does not name: a trigger
//! that refuses in the same words keeps the rules from running. A lock, a type error or a limit says nothing at all.

use std::collections::BTreeMap;

use super::{Book, Predicted};
use crate::domain::outcome::Problem;
use salesforce::Class;

/// The code of a refusal by a rule, or by a trigger that adds an error.
const VALIDATION: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";

/// What Salesforce answered to one record's save.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// It was saved, or would have been.
    Accepted,
    /// It was refused.
    Refused(&'a [Problem]),
}

/// How a prediction fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fared {
    /// As predicted.
    Agreed,
    /// We said it fires; it did not.
    FalseAlarm,
    /// We said it is silent; it refused.
    Missed,
    /// We did not know; it refused.
    UnknownRefused,
    /// We did not know; it let it through.
    UnknownAccepted,
}

impl Fared {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::Agreed,
        Self::FalseAlarm,
        Self::Missed,
        Self::UnknownRefused,
        Self::UnknownAccepted,
    ];

    /// As counted.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::FalseAlarm => "false_alarm",
            Self::Missed => "missed",
            Self::UnknownRefused => "unknown_refused",
            Self::UnknownAccepted => "unknown_accepted",
        }
    }

    /// Whether a definite prediction was wrong.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        match self {
            Self::FalseAlarm | Self::Missed => true,
            Self::Agreed | Self::UnknownRefused | Self::UnknownAccepted => false,
        }
    }
}

/// One rule's prediction against the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Position of the rule in its book.
    pub rule: usize,
    /// What was predicted.
    pub predicted: Predicted,
    /// How it fared.
    pub fared: Fared,
}

/// Compares; rules of which the answer says nothing are left out.
#[must_use]
pub fn compare(book: &Book, predicted: &[Predicted], answer: Answer<'_>) -> Vec<Compared> {
    let problems = match answer {
        Answer::Accepted => &[][..],
        Answer::Refused(problems) => problems,
    };
    // "Rolled back because of another" is how a rehearsal says yes.
    let own: Vec<&Problem> = problems
        .iter()
        .filter(|problem| problem.class != Class::Follow)
        .collect();
    let mut by_message: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, rule) in book.rules.iter().enumerate() {
        by_message
            .entry(rule.message.trim())
            .or_default()
            .push(index);
    }
    let mut refused: BTreeMap<usize, Fared> = BTreeMap::new();
    let mut explained = true;
    for problem in &own {
        let rules = by_message
            .get(problem.message.trim())
            .filter(|_| problem.code == VALIDATION);
        let Some(rules) = rules else {
            explained = false;
            continue;
        };
        refused.extend(culprits(rules, predicted));
    }
    let mut compared = Vec::new();
    for (index, predicted) in predicted.iter().copied().enumerate() {
        let fared = match (refused.get(&index), predicted) {
            (Some(fared), _) => *fared,
            // It shares its words with a rule that was blamed.
            (None, _) if shares(&by_message, &refused, index, book) => continue,
            (None, _) if !explained => continue,
            (None, Predicted::Fires) => Fared::FalseAlarm,
            (None, Predicted::Silent) => Fared::Agreed,
            (None, Predicted::CannotTell) => Fared::UnknownAccepted,
        };
        compared.push(Compared {
            rule: index,
            predicted,
            fared,
        });
    }
    compared
}

/// Which of the rules with one message refused: those predicted to, else one we did not know, else the first.
fn culprits(rules: &[usize], predicted: &[Predicted]) -> Vec<(usize, Fared)> {
    let of = |wanted: Predicted| {
        rules
            .iter()
            .copied()
            .filter(move |rule| predicted.get(*rule) == Some(&wanted))
    };
    let fires: Vec<(usize, Fared)> = of(Predicted::Fires)
        .map(|rule| (rule, Fared::Agreed))
        .collect();
    if !fires.is_empty() {
        return fires;
    }
    if let Some(rule) = of(Predicted::CannotTell).next() {
        return vec![(rule, Fared::UnknownRefused)];
    }
    of(Predicted::Silent)
        .next()
        .map(|rule| (rule, Fared::Missed))
        .into_iter()
        .collect()
}

fn shares(
    by_message: &BTreeMap<&str, Vec<usize>>,
    refused: &BTreeMap<usize, Fared>,
    index: usize,
    book: &Book,
) -> bool {
    by_message
        .get(book.rules[index].message.trim())
        .is_some_and(|rules| rules.iter().any(|rule| refused.contains_key(rule)))
}
