//! Looks a company name up among many, misspelt or shortened (matching guide, section 10): postings per word by ascending
//! frequency, a dictionary of one-deletion variants for unknown words, squashed cores for the exact case. Spends a bounded
//! number of postings per question, so that one question takes microseconds whatever the number of names.

use super::company::{core_words, question_words};
use super::fold::fold;
use std::collections::HashMap;

/// Postings read for one question.
const POSTINGS_MAX: usize = 1_000;
/// Names re-weighed by frequent words.
const REWEIGHED_MAX: usize = 256;
/// Names compared letter by letter.
const COMPARED_MAX: usize = 32;
/// Words of a question read.
const WORDS_MAX: usize = 12;
/// Known words tried for one unknown one.
const NEIGHBOURS_MAX: usize = 8;
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

/// The words, sorted, one after the other.
#[derive(Debug, Default)]
struct Words {
    text: String,
    ends: Vec<u32>,
}

/// One name found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Which name, as it was given to [`NameIndex::build`].
    pub name: u32,
    /// 0 to 1; 1 when the squashed cores are equal.
    pub score: f32,
}

/// 32-bit FNV-1a: stable between machines and versions.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

impl Words {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, word: u32) -> &str {
        slice(&self.text, &self.ends, word)
    }

    fn find(&self, word: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.get(middle as u32).cmp(word) {
                std::cmp::Ordering::Equal => return Some(middle as u32),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The first word not before `text`.
    fn lower_bound(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.get(middle as u32) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

fn slice<'t>(text: &'t str, ends: &[u32], index: u32) -> &'t str {
    let index = index as usize;
    let begin = if index == 0 {
        0
    } else {
        ends[index - 1] as usize
    };
    &text[begin..ends[index] as usize]
}

fn range(ends: &[u32], index: u32) -> std::ops::Range<usize> {
    let index = index as usize;
    let begin = if index == 0 {
        0
    } else {
        ends[index - 1] as usize
    };
    begin..ends[index] as usize
}

impl NameIndex {
    /// Indexes names; the n-th is asked for as `n`.
    #[must_use]
    pub fn build<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut index = Self::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut of_names: Vec<u32> = Vec::new();
        let mut of_ends: Vec<u32> = Vec::new();
        for (number, name) in names.enumerate() {
            let words = core_words(name);
            let squashed = hash(words.iter().flat_map(|word| word.bytes()));
            index.squashed.push((squashed, number as u32));
            for (position, word) in words.iter().enumerate() {
                if position > 0 {
                    index.text.push(' ');
                }
                index.text.push_str(word);
                let fresh = numbers.len() as u32;
                let id = match numbers.get(word.as_str()) {
                    Some(id) => *id,
                    None => {
                        numbers.insert(word.clone(), fresh);
                        fresh
                    }
                };
                let begin = of_ends.last().map_or(0, |end| *end as usize);
                if !of_names[begin..].contains(&id) {
                    of_names.push(id);
                }
            }
            index.ends.push(index.text.len() as u32);
            of_ends.push(of_names.len() as u32);
        }
        index.squashed.sort_unstable();
        index.words_and_postings(numbers, &of_names, &of_ends);
        index.text.shrink_to_fit();
        index
    }

    fn words_and_postings(
        &mut self,
        numbers: HashMap<String, u32>,
        of_names: &[u32],
        of_ends: &[u32],
    ) {
        let mut sorted: Vec<(String, u32)> = numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut renumbered = vec![0_u32; sorted.len()];
        for (new, (word, old)) in sorted.iter().enumerate() {
            renumbered[*old as usize] = new as u32;
            self.words.text.push_str(word);
            self.words.ends.push(self.words.text.len() as u32);
            let letters: Vec<char> = word.chars().collect();
            if VARIANT_LETTERS.contains(&letters.len()) {
                for skipped in 0..letters.len() {
                    if skipped > 0 && letters[skipped] == letters[skipped - 1] {
                        continue;
                    }
                    self.deletions.push((without(word, skipped), new as u32));
                }
            }
        }
        drop(sorted);
        self.words.text.shrink_to_fit();
        self.deletions.sort_unstable();
        self.deletions.shrink_to_fit();
        let mut counts = vec![0_u32; self.words.len()];
        for word in of_names {
            counts[renumbered[*word as usize] as usize] += 1;
        }
        let mut total = 0;
        for count in &counts {
            total += count;
            self.posting_ends.push(total);
        }
        self.postings = vec![0; total as usize];
        let mut next: Vec<u32> = (0..counts.len())
            .map(|word| {
                if word == 0 {
                    0
                } else {
                    self.posting_ends[word - 1]
                }
            })
            .collect();
        for name in 0..of_ends.len() {
            for word in &of_names[range(of_ends, name as u32)] {
                let word = renumbered[*word as usize] as usize;
                self.postings[next[word] as usize] = name as u32;
                next[word] += 1;
            }
        }
        for name in 0..of_ends.len() {
            let sum: f32 = of_names[range(of_ends, name as u32)]
                .iter()
                .map(|word| self.weight(renumbered[*word as usize]))
                .sum();
            self.weights.push(sum);
        }
    }

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

    fn near(&self, words: &[String], found_max: usize) -> Vec<Found> {
        let mut asked = Vec::new();
        let mut total = 0.0_f32;
        for (position, word) in words.iter().take(WORDS_MAX).enumerate() {
            let readings = self.readings(word);
            // A word no name has says something only where names are made: in front.
            let unknown = (1.0 + self.len() as f32).ln() * if position == 0 { 0.6 } else { 0.15 };
            total += readings
                .iter()
                .map(|(word, share)| self.weight(*word) * share)
                .fold(0.0, f32::max)
                .max(if readings.is_empty() { unknown } else { 0.0 });
            asked.extend(
                readings
                    .into_iter()
                    .map(|(word, share)| (word, share, position)),
            );
        }
        asked.sort_by_key(|(word, ..)| range(&self.posting_ends, *word).len());
        let mut sums: Vec<(u32, f32, u16)> = Vec::with_capacity(POSTINGS_MAX);
        let mut spent = 0;
        let mut frequent = Vec::new();
        for (word, share, position) in asked {
            let postings = &self.postings[range(&self.posting_ends, word)];
            let weight = self.weight(word) * share;
            if spent + postings.len() > POSTINGS_MAX && spent > 0 {
                frequent.push((word, weight, position));
                continue;
            }
            let postings = &postings[..postings.len().min(POSTINGS_MAX)];
            spent += postings.len();
            sums.extend(
                postings
                    .iter()
                    .map(|name| (*name, weight, 1_u16 << position)),
            );
        }
        sums.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.total_cmp(&a.1)));
        let mut names: Vec<(u32, f32, u16)> = Vec::new();
        for (name, weight, position) in sums {
            match names.last_mut() {
                // One word of the question counts once, however many of its readings a name has.
                Some(last) if last.0 == name => {
                    if last.2 & position == 0 {
                        last.1 += weight;
                        last.2 |= position;
                    }
                }
                _ => names.push((name, weight, position)),
            }
        }
        names.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        names.truncate(REWEIGHED_MAX);
        for (name, sum, seen) in &mut names {
            for (word, weight, position) in &frequent {
                let bit = 1_u16 << position;
                if *seen & bit == 0
                    && self.postings[range(&self.posting_ends, *word)]
                        .binary_search(name)
                        .is_ok()
                {
                    *sum += weight;
                    *seen |= bit;
                }
            }
        }
        let dice =
            |(name, sum, _): &(u32, f32, u16)| 2.0 * sum / (total + self.weights[*name as usize]);
        names.sort_unstable_by(|a, b| dice(b).total_cmp(&dice(a)).then_with(|| a.0.cmp(&b.0)));
        names.truncate(COMPARED_MAX);
        let question = words.join(" ");
        let mut found: Vec<Found> = names
            .iter()
            .map(|candidate| {
                let core = self.core(candidate.0);
                let jaro = strsim::jaro_winkler(&question, core) as f32;
                let edits = strsim::normalized_levenshtein(&question, core) as f32;
                Found {
                    name: candidate.0,
                    score: 0.5 * dice(candidate).min(1.0) + 0.2 * jaro + 0.3 * edits,
                }
            })
            .collect();
        found.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.name.cmp(&b.name))
        });
        found.truncate(found_max);
        found
    }

    /// Known words a word may stand for, with how much of their weight it earns: itself, words it abbreviates, words an edit
    /// away, and two words written as one.
    fn readings(&self, word: &str) -> Vec<(u32, f32)> {
        if let Some(known) = self.words.find(word) {
            return vec![(known, 1.0)];
        }
        let mut readings: Vec<(u32, f32)> = Vec::new();
        let letters = word.len();
        if VARIANT_LETTERS.contains(&letters) {
            let mut candidates: Vec<u32> = self.by_deletion(hash(word.bytes())).collect();
            for skipped in 0..letters {
                let less = without(word, skipped);
                candidates.extend(self.by_deletion(less));
                let shorter: String = word
                    .chars()
                    .enumerate()
                    .filter(|(at, _)| *at != skipped)
                    .map(|(_, c)| c)
                    .collect();
                candidates.extend(self.words.find(&shorter));
            }
            candidates.sort_unstable();
            candidates.dedup();
            let edits_max = if letters >= 8 { 2 } else { 1 };
            for candidate in candidates {
                let edits = strsim::osa_distance(word, self.words.get(candidate));
                if edits <= edits_max {
                    readings.push((candidate, 1.0 - 0.15 * edits as f32));
                }
            }
        }
        if letters >= 3 {
            let begin = self.words.lower_bound(word);
            let abbreviated = (begin..self.words.len())
                .take(64)
                .map(|word| word as u32)
                .take_while(|longer| self.words.get(*longer).starts_with(word));
            readings.extend(abbreviated.map(|longer| (longer, 0.75)));
        }
        for at in 3..letters.saturating_sub(2) {
            let (Some(left), Some(right)) = (word.get(..at), word.get(at..)) else {
                continue;
            };
            if let (Some(left), Some(right)) = (self.words.find(left), self.words.find(right)) {
                readings.push((left, 0.9));
                readings.push((right, 0.9));
            }
        }
        readings.sort_by(|a, b| {
            let value = |reading: &(u32, f32)| self.weight(reading.0) * reading.1;
            b.1.total_cmp(&a.1)
                .then_with(|| value(b).total_cmp(&value(a)))
                .then_with(|| a.0.cmp(&b.0))
        });
        readings.truncate(NEIGHBOURS_MAX);
        readings
    }

    fn by_deletion(&self, hash: u32) -> impl Iterator<Item = u32> {
        let begin = self.deletions.partition_point(|(other, _)| *other < hash);
        self.deletions[begin..]
            .iter()
            .take_while(move |(other, _)| *other == hash)
            .take(NEIGHBOURS_MAX)
            .map(|(_, word)| *word)
    }
}

/// Hash of a word without its `skipped`-th character.
fn without(word: &str, skipped: usize) -> u32 {
    hash(
        word.bytes()
            .enumerate()
            .filter(|(at, _)| *at != skipped)
            .map(|(_, byte)| byte),
    )
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
