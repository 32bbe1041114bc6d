//! What a word of a question may stand for: misspelt, shortened, or two words written as one.

use super::words::{hash, without};
use super::{NameIndex, VARIANT_LETTERS};

/// Known words tried for one unknown one.
const NEIGHBOURS_MAX: usize = 8;

impl NameIndex {
    /// Known words a word may stand for, with how much of their weight it earns: itself, words it abbreviates, words an edit
    /// away, and two words written as one.
    pub(super) fn readings(&self, word: &str) -> Vec<(u32, f32)> {
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
