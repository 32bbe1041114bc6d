//! Links two tables of persons without a common key (matching guide, section 5.3): fields are compared by levels, the
//! weight of a level is learnt from the tables themselves, rare values weigh more, and every record is linked once at most.

mod block;
mod compare;
mod learn;

pub use block::{Key, candidates};
pub use compare::{Field, Kind, Level};
pub use learn::Model;

/// One record: the values of the fields in their order, folded; empty when missing.
pub type Record = Vec<String>;

/// A link found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Index in the first table.
    pub a: usize,
    /// Index in the second table.
    pub b: usize,
    /// Total weight with the prior, in bits.
    pub bits: f64,
}

/// Links the tables over the candidate pairs: best first, each record once, nothing below even odds.
#[must_use]
pub fn link(fields: &[Field], a: &[Record], b: &[Record], pairs: &[(u32, u32)]) -> Vec<Link> {
    let model = Model::learn(fields, a, b, pairs);
    let mut links: Vec<Link> = pairs
        .iter()
        .map(|(i, j)| {
            let (a_index, b_index) = (*i as usize, *j as usize);
            Link {
                a: a_index,
                b: b_index,
                bits: model.bits(&a[a_index], &b[b_index]),
            }
        })
        .filter(|link| link.bits > 0.0)
        .collect();
    links.sort_by(|x, y| {
        y.bits
            .total_cmp(&x.bits)
            .then_with(|| (x.a, x.b).cmp(&(y.a, y.b)))
    });
    let (mut left, mut right) = (vec![false; a.len()], vec![false; b.len()]);
    links.retain(|link| {
        let free = !left[link.a] && !right[link.b];
        if free {
            (left[link.a], right[link.b]) = (true, true);
        }
        free
    });
    links
}
