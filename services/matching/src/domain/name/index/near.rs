//! Names near a text no core equals: the rare words propose, the frequent ones re-weigh, the best are compared letter by letter.

use super::words::range;
use super::{Found, NameIndex, POSTINGS_MAX};

/// Names re-weighed by frequent words.
const REWEIGHED_MAX: usize = 256;
/// Names compared letter by letter.
const COMPARED_MAX: usize = 32;
/// Words of a question read.
const WORDS_MAX: usize = 12;

impl NameIndex {
    pub(super) fn near(&self, words: &[String], found_max: usize) -> Vec<Found> {
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
}
