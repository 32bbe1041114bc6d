//! How two names agree: letter for letter, by nickname, by sound, by initial, or a misspelling away.

use super::PersonName;
use crate::domain::name::fold::squash;
use crate::domain::name::{nickname, sound};

/// How two given names agree, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Letter for letter.
    Equal,
    /// Nickname, or another transliteration.
    Variant,
    /// One is the other's initial.
    Initial,
    /// A misspelling away.
    Similar,
    /// Not the same.
    Different,
}

/// Jaro-Winkler from which two given names are one misspelt (matching guide, section 5.1).
const SIMILAR: f64 = 0.92;

/// How two given names agree.
#[must_use]
pub fn given(a: &str, b: &str) -> Agreement {
    let (a, b) = (squash(a), squash(b));
    if a.is_empty() || b.is_empty() {
        return Agreement::Different;
    }
    if a == b {
        return Agreement::Equal;
    }
    if nickname::compatible(&a, &b) {
        return Agreement::Variant;
    }
    if (a.len() == 1 || b.len() == 1) && a.as_bytes()[0] == b.as_bytes()[0] {
        return Agreement::Initial;
    }
    if same_sound(&a, &b) {
        return Agreement::Variant;
    }
    if strsim::jaro_winkler(&a, &b) > SIMILAR {
        return Agreement::Similar;
    }
    Agreement::Different
}

/// How two family names agree; never `Initial`.
#[must_use]
pub fn family(a: &str, b: &str) -> Agreement {
    let (a, b) = (squash(a), squash(b));
    if a.is_empty() || b.is_empty() {
        return Agreement::Different;
    }
    if a == b {
        return Agreement::Equal;
    }
    if same_sound(&a, &b) {
        return Agreement::Variant;
    }
    let near = strsim::osa_distance(&a, &b) <= if a.len().max(b.len()) >= 9 { 2 } else { 1 };
    if a.len().min(b.len()) >= 4 && near {
        return Agreement::Similar;
    }
    Agreement::Different
}

fn same_sound(a: &str, b: &str) -> bool {
    a.len().min(b.len()) >= 4
        && sound::sound(a) == sound::sound(b)
        && strsim::jaro_winkler(a, b) >= 0.8
}

/// How two whole names agree: the worse of both parts, the better of both orders. `Different` when one is not full.
#[must_use]
pub fn whole(a: &PersonName, b: &PersonName) -> Agreement {
    if !a.is_full() || !b.is_full() {
        return Agreement::Different;
    }
    let straight = given(&a.first, &b.first).max(family(&a.last, &b.last));
    let crossed = given(&a.first, &b.last).max(family(&a.last, &b.first));
    straight.min(crossed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_through_nicknames_initials_spellings_and_order() {
        let of = |first, last| PersonName::of_fields(first, last);
        for (a, b, agreement) in [
            (
                of("Robert", "Smith"),
                of("Bob", "Smith"),
                Agreement::Variant,
            ),
            (of("R.", "Smith"), of("Robert", "Smith"), Agreement::Initial),
            (
                of("Jürgen", "Müller"),
                of("Juergen", "Mueller"),
                Agreement::Variant,
            ),
            (
                of("Ann", "Kowalski"),
                of("Ann", "Kowalsky"),
                Agreement::Variant,
            ),
            (
                of("Ann", "Hitpurk"),
                of("Ann", "Hitprurk"),
                Agreement::Similar,
            ),
            (of("Smith", "Jane"), of("Jane", "Smith"), Agreement::Equal),
            (
                of("Andrei", "Navalny"),
                of("Alexei", "Navalny"),
                Agreement::Different,
            ),
        ] {
            assert_eq!(whole(&a, &b), agreement, "{a:?} {b:?}");
        }
    }
}
