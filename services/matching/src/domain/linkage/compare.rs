//! Compares two values by the levels of the matching guide, section 5.3.

use crate::domain::name::{nickname, sound};

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words: a name, a street, a place.
    Text,
    /// Digits of a day, `YYYYMMDD`.
    Date,
    /// A code: equal, one edit, else.
    Code,
}

/// A field of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// How it is compared.
    pub kind: Kind,
    /// The field people confuse it with: both orders are tried.
    pub swapped_with: Option<usize>,
}

/// A comparison's level, best first.
pub type Level = usize;

/// Levels of every kind; kinds with fewer leave the middle ones empty.
pub(super) const LEVELS: usize = 5;
/// The level of values that have nothing in common.
pub(super) const ELSE: Level = LEVELS - 1;

/// The level of two values; `None` when one is missing: unknown is never a penalty.
#[must_use]
pub(super) fn level(kind: Kind, a: &str, b: &str) -> Option<Level> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    if a == b {
        return Some(0);
    }
    Some(match kind {
        Kind::Text => text(a, b),
        Kind::Date => date(a, b),
        Kind::Code => match strsim::osa_distance(a, b) {
            0 => 0,
            1 => 2,
            2 => 3,
            _ => ELSE,
        },
    })
}

fn text(a: &str, b: &str) -> Level {
    let plain =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    let (p, q) = (plain(a), plain(b));
    if p == q || nickname::compatible(a, b) {
        return 1;
    }
    if p.len().min(q.len()) >= 4
        && p.as_bytes()[0] == q.as_bytes()[0]
        && sound::sound(&p) == sound::sound(&q)
    {
        return 1;
    }
    let jaro = strsim::jaro_winkler(&p, &q);
    if jaro >= 0.92 {
        2
    } else if jaro >= 0.85
        || (p.len().min(q.len()) >= 4
            && strsim::osa_distance(&p, &q) <= 1 + p.len().max(q.len()) / 6)
    {
        3
    } else {
        ELSE
    }
}

fn date(a: &str, b: &str) -> Level {
    if strsim::osa_distance(a, b) == 1 {
        return 2;
    }
    let month = |text: &str| text.get(..6).map(str::to_owned);
    if month(a).is_some() && month(a) == month(b) {
        return 3;
    }
    ELSE
}
