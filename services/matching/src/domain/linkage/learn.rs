//! The weights of a linkage: u from pairs drawn evenly, m by expectation maximisation over the candidate pairs, rarity from
//! the values' frequencies.

use super::Record;
use super::compare::{ELSE, Field, LEVELS, level};
use std::collections::HashMap;

/// Turns of the expectation maximisation; it moves by less than a thousandth long before.
const TURNS: usize = 25;
/// Pairs from which u is counted.
const RANDOM_PAIRS: usize = 200_000;
/// m to begin with, by level (matching guide, section 5.3).
const M_START: [f64; LEVELS] = [0.9, 0.03, 0.03, 0.02, 0.02];
/// One comparison adds or takes at most this (matching guide, section 5), in bits.
const BITS: std::ops::RangeInclusive<f64> = -6.0..=12.0;
/// How often two fields are found swapped: what trying the other order costs.
const SWAPPED: f64 = 0.05;

/// The learnt weights.
#[derive(Debug, Clone)]
pub struct Model {
    fields: Vec<Field>,
    m: Vec<[f64; LEVELS]>,
    u: Vec<[f64; LEVELS]>,
    frequency: Vec<HashMap<String, f64>>,
    mean_frequency: Vec<f64>,
    rarest: f64,
    prior: f64,
}

/// A pair's levels in the better order of its swappable fields, and how many swaps that took.
struct Compared {
    levels: Vec<Option<usize>>,
    from: Vec<usize>,
    swaps: usize,
}

impl Model {
    /// Learns from two tables and the pairs to be weighed.
    #[must_use]
    pub fn learn(fields: &[Field], a: &[Record], b: &[Record], pairs: &[(u32, u32)]) -> Self {
        let larger = a.len().max(b.len()).max(1) as f64;
        let mut model = Self {
            fields: fields.to_vec(),
            m: vec![M_START; fields.len()],
            u: vec![[0.0; LEVELS]; fields.len()],
            frequency: Vec::new(),
            mean_frequency: Vec::new(),
            rarest: 1.0 / larger,
            prior: (1.0 / larger).log2(),
        };
        model.count_frequencies(a, b);
        model.count_u(a, b);
        model.maximise(a, b, pairs);
        model
    }

    fn count_frequencies(&mut self, a: &[Record], b: &[Record]) {
        for field in 0..self.fields.len() {
            let mut counts: HashMap<String, f64> = HashMap::new();
            let mut total = 0.0;
            for record in a.iter().chain(b).filter(|record| !record[field].is_empty()) {
                *counts.entry(record[field].clone()).or_default() += 1.0;
                total += 1.0;
            }
            let total = f64::max(total, 1.0);
            counts.values_mut().for_each(|count| *count /= total);
            self.mean_frequency
                .push(counts.values().map(|share| share * share).sum());
            self.frequency.push(counts);
        }
    }

    /// Walks the cross product in even steps: the same pairs at every run.
    fn count_u(&mut self, a: &[Record], b: &[Record]) {
        let all = a.len() * b.len();
        let step = (all / RANDOM_PAIRS).max(1) | 1;
        for (field, u) in self.u.iter_mut().enumerate() {
            let mut counts = [0.5_f64; LEVELS];
            for pair in (0..all).step_by(step) {
                let (i, j) = (pair / b.len(), pair % b.len());
                if let Some(level) = level(self.fields[field].kind, &a[i][field], &b[j][field]) {
                    counts[level] += 1.0;
                }
            }
            let total: f64 = counts.iter().sum();
            *u = counts.map(|count| count / total);
        }
    }

    fn maximise(&mut self, a: &[Record], b: &[Record], pairs: &[(u32, u32)]) {
        for _ in 0..TURNS.min(if pairs.is_empty() { 0 } else { TURNS }) {
            let mut counts = vec![[0.1_f64; LEVELS]; self.fields.len()];
            let mut best_of: HashMap<u32, f64> = HashMap::new();
            let weighed: Vec<(f64, Compared)> = pairs
                .iter()
                .map(|(i, j)| {
                    let (x, y) = (&a[*i as usize], &b[*j as usize]);
                    let compared = self.compared(x, y);
                    let bits = self.total(&compared, x, y);
                    let best = best_of.entry(*i).or_insert(f64::MIN);
                    *best = best.max(bits);
                    (bits, compared)
                })
                .collect();
            for ((i, _), (bits, compared)) in pairs.iter().zip(&weighed) {
                // A record has one partner: whoever is far behind its best is none.
                if *bits < best_of[i] - 3.0 {
                    continue;
                }
                let p = 1.0 / (1.0 + (-bits).exp2());
                if p < 0.01 {
                    continue;
                }
                for (field, level) in compared.levels.iter().enumerate() {
                    if let Some(level) = level {
                        counts[field][*level] += p;
                    }
                }
            }
            for (m, counts) in self.m.iter_mut().zip(&counts) {
                let total: f64 = counts.iter().sum();
                *m = counts.map(|count| count / total);
            }
        }
    }

    /// Total weight of a pair with the prior, in bits.
    #[must_use]
    pub fn bits(&self, a: &Record, b: &Record) -> f64 {
        self.total(&self.compared(a, b), a, b)
    }

    fn compared(&self, a: &Record, b: &Record) -> Compared {
        let mut compared = Compared {
            levels: vec![None; self.fields.len()],
            from: (0..self.fields.len()).collect(),
            swaps: 0,
        };
        for (field, spec) in self.fields.iter().enumerate() {
            match spec.swapped_with {
                None => compared.levels[field] = level(spec.kind, &a[field], &b[field]),
                Some(other) if other < field => {}
                Some(other) => {
                    let straight = [
                        level(spec.kind, &a[field], &b[field]),
                        level(spec.kind, &a[other], &b[other]),
                    ];
                    let crossed = [
                        level(spec.kind, &a[field], &b[other]),
                        level(spec.kind, &a[other], &b[field]),
                    ];
                    let worth = |levels: &[Option<usize>; 2]| -> f64 {
                        let of = |field: usize, level: &Option<usize>| {
                            level.map_or(0.0, |level| {
                                (self.m[field][level] / self.u[field][level]).log2()
                            })
                        };
                        of(field, &levels[0]) + of(other, &levels[1])
                    };
                    let swap = worth(&crossed) + SWAPPED.log2() > worth(&straight);
                    let levels = if swap { crossed } else { straight };
                    (compared.levels[field], compared.levels[other]) = (levels[0], levels[1]);
                    if swap {
                        (compared.from[field], compared.from[other]) = (other, field);
                        compared.swaps += 1;
                    }
                }
            }
        }
        compared
    }

    fn total(&self, compared: &Compared, a: &Record, b: &Record) -> f64 {
        let mut bits = self.prior + compared.swaps as f64 * SWAPPED.log2();
        for (field, level) in compared.levels.iter().enumerate() {
            let Some(level) = level else { continue };
            let (m, mut u) = (self.m[field][*level], self.u[field][*level]);
            let share = |value: &str| {
                let own = self.frequency[field].get(value);
                own.copied().unwrap_or(self.rarest)
            };
            let common = share(&a[field])
                .max(share(&b[compared.from[field]]))
                .max(self.rarest);
            if *level == 0 {
                u = common;
            } else if *level != ELSE {
                u *= (common / self.mean_frequency[field].max(self.rarest)).clamp(0.25, 4.0);
            }
            bits += (m / u).log2().clamp(*BITS.start(), *BITS.end());
        }
        bits
    }
}
