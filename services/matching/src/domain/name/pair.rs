//! How alike two whole names are, 0 to 1000: words are aligned one to one; a word only one side has costs little, words
//! that contradict each other cost much.

use super::{company, fold, nickname, sound};

/// What a word weighs and how two words compare differs between people and companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person's name.
    Person,
    /// A company's name.
    Company,
}

/// Words of a name compared.
const WORDS_MAX: usize = 16;

/// How alike two names are, in thousandths.
#[must_use]
pub fn likeness(kind: Kind, a: &str, b: &str) -> u32 {
    let (x, y) = (words(kind, a), words(kind, b));
    if x.is_empty() || y.is_empty() {
        return 0;
    }
    let aligned = alignment(kind, &x, &y);
    // Written as one word, or cut elsewhere: only then the letters alone.
    let joined = {
        let (p, q) = (x.concat(), y.concat());
        let near = strsim::osa_distance(&p, &q);
        let longest = p.len().max(q.len());
        if near == 0 {
            1.0
        } else if x.len() != y.len() && longest >= 8 && near == 1 {
            0.93
        } else {
            0.0
        }
    };
    (aligned.max(joined) * 1_000.0).round() as u32
}

fn words(kind: Kind, name: &str) -> Vec<String> {
    let mut words = match kind {
        Kind::Company => company::core_words(name),
        Kind::Person => fold::fold(name)
            .split(|c: char| c.is_ascii_whitespace() || "-,.()/_".contains(c))
            .map(fold::squash)
            .filter(|word| !word.is_empty())
            .filter(|word| {
                !matches!(
                    word.as_str(),
                    "mr" | "mrs" | "ms" | "dr" | "prof" | "sir" | "al" | "el" | "bin" | "ibn"
                )
            })
            .collect(),
    };
    words.truncate(WORDS_MAX);
    words
}

/// A number of a series, in digits or Roman: funds and trusts are counted.
fn is_serial(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
        || (word.len() <= 5 && word.chars().all(|c| "ivx".contains(c)))
}

/// What a word is worth where the names agree on it.
fn weight(kind: Kind, word: &str) -> f64 {
    match kind {
        Kind::Company if is_serial(word) => 0.3,
        Kind::Company if company::is_weak(word) => 0.45,
        Kind::Company if word.len() <= 2 => 0.6,
        Kind::Person if word.len() == 1 => 0.5,
        _ => 1.0,
    }
}

/// What a word costs where the other name has another: a country then tells two subsidiaries apart.
fn contrary(kind: Kind, word: &str) -> f64 {
    if kind == Kind::Company && company::is_place(word) {
        1.0
    } else {
        weight(kind, word)
    }
}

/// How alike two words are: 1 equal, 0 unlike.
fn alike(kind: Kind, a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if kind == Kind::Person {
        if nickname::compatible(a, b) {
            return 0.95;
        }
        if short.len() == 1 && long.starts_with(short) {
            return 0.8;
        }
        if short.len() >= 4
            && sound::sound(a) == sound::sound(b)
            && strsim::jaro_winkler(a, b) >= 0.8
        {
            return 0.95;
        }
    }
    let numeric = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    if numeric(a) || numeric(b) {
        return 0.0;
    }
    let edits = strsim::osa_distance(a, b);
    match (edits, long.len()) {
        (1, 4..) => 0.9,
        (2, 6..) => 0.8,
        (3, 11..) if kind == Kind::Person => 0.7,
        _ if short.len() >= 3 && long.starts_with(short) && kind == Kind::Company => 0.75,
        _ => 0.0,
    }
}

fn alignment(kind: Kind, x: &[String], y: &[String]) -> f64 {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in x.iter().enumerate() {
        for (j, b) in y.iter().enumerate() {
            let likeness = alike(kind, a, b);
            if likeness > 0.0 {
                pairs.push((likeness, i, j));
            }
        }
    }
    pairs.sort_by(|p, q| {
        q.0.total_cmp(&p.0)
            .then_with(|| p.1.abs_diff(p.2).cmp(&q.1.abs_diff(q.2)))
            .then_with(|| p.1.cmp(&q.1))
    });
    let (mut left, mut right) = (vec![false; x.len()], vec![false; y.len()]);
    let (mut agreed, mut doubt) = (0.0, 0.0);
    for (likeness, i, j) in pairs {
        if left[i] || right[j] {
            continue;
        }
        (left[i], right[j]) = (true, true);
        let heavy = weight(kind, &x[i]).max(weight(kind, &y[j]));
        agreed += heavy;
        doubt += heavy * (1.0 - likeness);
    }
    let open = |taken: &[bool], words: &[String]| -> f64 {
        taken
            .iter()
            .zip(words)
            .filter(|(taken, _)| !**taken)
            .map(|(_, word)| contrary(kind, word))
            .sum()
    };
    let (only_x, only_y) = (open(&left, x), open(&right, y));
    // What stands on both sides contradicts; the rest is only more or less complete.
    let against = only_x.min(only_y);
    let surplus = only_x.max(only_y) - against;
    if agreed == 0.0 {
        return 0.0;
    }
    let surplus_cost = match kind {
        Kind::Person => 0.3,
        Kind::Company => 0.8,
    };
    ((agreed - doubt) / (agreed + 2.0 * against + surplus_cost * surplus)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_stand_above_strangers() {
        for (kind, same, other) in [
            (
                Kind::Company,
                ("BMW Aktiengesellschaft", "BMW AG"),
                ("BD p.l.c.", "BP p.l.c."),
            ),
            (
                Kind::Company,
                ("Exxor Mobil Corporation", "Exxon Mobil Corporation"),
                ("Bowne of Chicago, Inc.", "Bowne of Cleveland, Inc."),
            ),
            (
                Kind::Person,
                ("AlisherUsmanov", "Alisher Usmanov"),
                ("Andrei Navalny", "Alexei Navalny"),
            ),
            (
                Kind::Person,
                ("Aleksandar Vucic", "Aleksandar Vučić"),
                ("Aaron A. Wendt", "Josh A. Wendt"),
            ),
        ] {
            assert!(
                likeness(kind, same.0, same.1) > likeness(kind, other.0, other.1),
                "{same:?} {other:?}"
            );
        }
    }

    #[test]
    fn likeness_does_not_depend_on_the_side() {
        for (a, b) in [
            ("Acme Robotics", "Robotics Acme Ltd"),
            ("Acme", "Beta"),
            ("", "Acme"),
        ] {
            assert_eq!(likeness(Kind::Company, a, b), likeness(Kind::Company, b, a));
        }
    }
}
