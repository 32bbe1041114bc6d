//! Looks a company name up among many, misspelt or shortened (matching guide, section 10): postings per word by ascending
//! frequency, a dictionary of one-deletion variants for unknown words, squashed cores for the exact case. Spends a bounded
//! number of postings per question, so that one question takes microseconds whatever the number of names.

mod build;
mod near;
mod readings;
mod words;

use super::company::{core_words, question_words};
use super::fold::fold;
use words::{Words, hash, range, slice};

/// Postings read for one question.
const POSTINGS_MAX: usize = 1_000;
/// Shortest and longest word with deletion variants.
const VARIANT_LETTERS: std::ops::RangeInclusive<usize> = 4..=24;

/// The names, ready to be asked.
#[derive(Debug, Default)]
pub struct NameIndex {
    /// Cores, one after the other.
    text: String,
    ends: Vec<u32>,
    /// Hash of the squashed core and the name, sorted.
    squashed: Vec<(u32, u32)>,
    words: Words,
    /// Names of each word.
    posting_ends: Vec<u32>,
    postings: Vec<u32>,
    /// Sum of the weights of each name's words.
    weights: Vec<f32>,
    /// Hash of a word less one letter and the word, sorted.
    deletions: Vec<(u32, u32)>,
}

/// One name found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Which name, as it was given to [`NameIndex::build`].
    pub name: u32,
    /// 0 to 1; 1 when the squashed cores are equal.
    pub score: f32,
}

impl NameIndex {
    /// How many names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.words.text.capacity()
            + 4 * (self.ends.capacity()
                + self.words.ends.capacity()
                + self.posting_ends.capacity()
                + self.postings.capacity()
                + self.weights.capacity())
            + 8 * (self.squashed.capacity() + self.deletions.capacity())
    }

    /// The core of a name.
    #[must_use]
    pub fn core(&self, name: u32) -> &str {
        slice(&self.text, &self.ends, name)
    }

    /// Names with a word; 0 when no name has it.
    #[must_use]
    pub fn frequency(&self, word: &str) -> usize {
        self.words
            .find(word)
            .map_or(0, |word| range(&self.posting_ends, word).len())
    }

    /// ln(1 + N / df).
    fn weight(&self, word: u32) -> f32 {
        let frequency = range(&self.posting_ends, word).len().max(1);
        (1.0 + self.len() as f32 / frequency as f32).ln()
    }

    /// Names whose squashed core equals `squashed` (letters and digits only).
    #[must_use]
    pub fn exact(&self, squashed: &str) -> Vec<u32> {
        let hash = hash(squashed.bytes());
        let begin = self.squashed.partition_point(|(other, _)| *other < hash);
        self.squashed[begin..]
            .iter()
            .take_while(|(other, _)| *other == hash)
            .map(|(_, name)| *name)
            .filter(|name| {
                let core = self.core(*name).bytes().filter(|byte| *byte != b' ');
                core.eq(squashed.bytes())
            })
            .collect()
    }

    /// Names whose core begins with exactly these words; at most `names_max + 1`.
    #[must_use]
    pub fn beginning_with(&self, words: &[&str], names_max: usize) -> Vec<u32> {
        let known: Option<Vec<u32>> = words.iter().map(|word| self.words.find(word)).collect();
        let Some(rarest) = known.and_then(|known| {
            known
                .into_iter()
                .min_by_key(|word| range(&self.posting_ends, *word).len())
        }) else {
            return Vec::new();
        };
        let prefix = words.join(" ");
        self.postings[range(&self.posting_ends, rarest)]
            .iter()
            .take(POSTINGS_MAX)
            .filter(|name| {
                let core = self.core(**name);
                core.strip_prefix(prefix.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
            .take(names_max + 1)
            .copied()
            .collect()
    }

    /// The best names for a text, best first; equal scores by number. Empty when nothing comes near.
    #[must_use]
    pub fn find(&self, name: &str, found_max: usize) -> Vec<Found> {
        let whole = core_words(name);
        let mut exact = self.exact(&whole.concat());
        let words = question_words(name);
        if exact.is_empty() {
            exact = self.exact(&words.concat());
        }
        if !exact.is_empty() {
            return exact
                .into_iter()
                .take(found_max)
                .map(|name| Found { name, score: 1.0 })
                .collect();
        }
        self.near(&words, found_max)
    }
}

/// The squashed label of a domain (`acme-labs.co.uk` is `acmelabs`), to be met with a squashed core.
#[must_use]
pub fn domain_label(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or(domain);
    super::fold::squash(&fold(label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 6] = [
        "Acme GmbH",
        "Northern Graphite Corporation",
        "Acme Robotics Inc.",
        "Commvault Systems, Inc.",
        "Jack Henry & Associates",
        "Rollins, Inc.",
    ];

    fn best(text: &str) -> Option<&'static str> {
        let index = NameIndex::build(NAMES.into_iter());
        index
            .find(text, 3)
            .first()
            .map(|found| NAMES[found.name as usize])
    }

    #[test]
    fn another_spelling_finds_its_company() {
        for (text, name) in [
            ("ACME", "Acme GmbH"),
            ("Nothern Graphite", "Northern Graphite Corporation"),
            ("COMMVAULT SYS INC", "Commvault Systems, Inc."),
            ("JACK HENRY + ASS.", "Jack Henry & Associates"),
            ("northerngraphite", "Northern Graphite Corporation"),
            ("Acme Robotcs", "Acme Robotics Inc."),
        ] {
            assert_eq!(best(text), Some(name), "{text}");
        }
        assert_eq!(best("zzzz qqqq"), None);
    }

    #[test]
    fn equal_cores_share_the_score() {
        let index = NameIndex::build(["Acme Inc", "ACME Ltd"].into_iter());
        let found = index.find("acme", 5);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|found| found.score == 1.0));
    }

    proptest! {
        #[test]
        fn any_question_is_answered(text in ".{0,400}") {
            let index = NameIndex::build(NAMES.into_iter());
            for found in index.find(&text, 10) {
                prop_assert!((found.name as usize) < NAMES.len() && found.score <= 1.001);
            }
        }
    }
}
