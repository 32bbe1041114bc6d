//! Builds the index: names to words, words to names, and the one-deletion variants of the words.

use super::words::{hash, range, without};
use super::{NameIndex, VARIANT_LETTERS};
use crate::domain::name::company::core_words;
use std::collections::HashMap;

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
}
