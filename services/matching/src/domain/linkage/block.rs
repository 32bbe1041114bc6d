//! Which pairs are compared at all: those that share a key. A key too many records share is left out.

use super::Record;
use std::collections::{BTreeSet, HashMap};

/// A key: what it is made of.
pub type Key = fn(&Record) -> Option<String>;

/// Pairs one value of a key may propose; a commoner value separates nobody.
const PAIRS_PER_VALUE_MAX: usize = 4_000;

/// The pairs that share at least one key, each once, ascending.
#[must_use]
pub fn candidates(keys: &[(Key, Key)], a: &[Record], b: &[Record]) -> Vec<(u32, u32)> {
    let mut pairs = BTreeSet::new();
    for (left, right) in keys {
        let mut values: HashMap<String, (Vec<u32>, Vec<u32>)> = HashMap::new();
        for (index, record) in a.iter().enumerate() {
            if let Some(value) = left(record) {
                values.entry(value).or_default().0.push(index as u32);
            }
        }
        for (index, record) in b.iter().enumerate() {
            if let Some(found) = right(record).and_then(|value| values.get_mut(&value)) {
                found.1.push(index as u32);
            }
        }
        for (of_a, of_b) in values.values() {
            if of_a.len() * of_b.len() <= PAIRS_PER_VALUE_MAX {
                pairs.extend(of_a.iter().flat_map(|i| of_b.iter().map(|j| (*i, *j))));
            }
        }
    }
    pairs.into_iter().collect()
}
