//! A person's name as a calendar or a CRM shows it, taken apart; and how two names agree.

use super::fold::{fold, squash};
use super::{nickname, sound};
use std::collections::BTreeSet;

/// Nicknames of one given name asked for.
pub(crate) const VARIANTS_MAX: usize = 12;

/// A person's name, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// Given name or an initial; empty when not known.
    pub first: String,
    /// Family name with its particles; empty when not known.
    pub last: String,
    /// A company in brackets or after a bar, as written.
    pub mention: Option<String>,
}

const TITLES: [&str; 20] = [
    "dr",
    "mr",
    "mrs",
    "ms",
    "miss",
    "prof",
    "professor",
    "sir",
    "dame",
    "herr",
    "frau",
    "mme",
    "m",
    "dipl",
    "ing",
    "mag",
    "rev",
    "hon",
    "capt",
    "eng",
];
const SUFFIXES: [&str; 16] = [
    "phd", "jr", "sr", "ii", "iii", "iv", "md", "mba", "esq", "cpa", "msc", "bsc", "ma", "ba",
    "pmp", "dds",
];
const PARTICLES: [&str; 22] = [
    "de", "la", "van", "von", "der", "den", "del", "di", "da", "dos", "du", "le", "el", "bin",
    "ibn", "al", "st", "ter", "zu", "das", "af", "ben",
];
/// What a device, a dial-in or nobody in particular is called.
const NOBODY: [&str; 26] = [
    "iphone",
    "ipad",
    "galaxy",
    "android",
    "macbook",
    "pixel",
    "laptop",
    "pc",
    "desktop",
    "guest",
    "unknown",
    "anonymous",
    "user",
    "caller",
    "zoom",
    "webex",
    "teams",
    "phone",
    "tablet",
    "notetaker",
    "recorder",
    "bot",
    "room",
    "huawei",
    "conference",
    "attendee",
];

impl PersonName {
    /// Takes a display name apart; both parts empty when it names nobody.
    #[must_use]
    pub fn parse(shown: &str) -> Self {
        let (text, mention) = cut_mention(shown);
        let camel = {
            let mut chars = text.trim().chars();
            let two: Vec<char> = chars.by_ref().take(2).collect();
            two.len() == 2 && two.iter().all(|c| c.is_uppercase()) && chars.any(char::is_lowercase)
        };
        let han: Vec<char> = text.trim().chars().collect();
        let is_han = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
        if (2..=4).contains(&han.len()) && han.iter().all(is_han) {
            let family: String = han[..1].iter().collect();
            let given: String = han[1..].iter().collect();
            return Self {
                first: fold(&given),
                last: fold(&family),
                mention,
            };
        }
        let folded = fold(&text);
        // "Last, First", unless what follows the comma is only a suffix.
        let (before, after) = folded.split_once(',').unwrap_or((&folded, ""));
        let after = tokens(after);
        let (mut words, reversed) = if after.iter().all(|word| SUFFIXES.contains(&word.as_str())) {
            (tokens(before), None)
        } else {
            (after, Some(tokens(before)))
        };
        if words.len() == 1 && reversed.is_none() {
            if camel {
                return Self {
                    mention,
                    ..Self::default()
                };
            }
            let joined = words[0].clone();
            let parts: Vec<&str> = joined
                .split(['.', '_'])
                .filter(|part| !part.is_empty())
                .collect();
            if parts.len() > 1 {
                words = parts.into_iter().map(str::to_owned).collect();
            }
        }
        let nobody = words.iter().chain(reversed.iter().flatten()).any(|word| {
            NOBODY.contains(&word.as_str()) || word.chars().all(|c| c.is_ascii_digit())
        });
        if nobody {
            return Self {
                mention,
                ..Self::default()
            };
        }
        strip(&mut words);
        let (first, last) = match reversed {
            Some(mut family) => {
                strip(&mut family);
                (words.first().cloned().unwrap_or_default(), family.join(" "))
            }
            None => split(&words),
        };
        Self {
            first,
            last,
            mention,
        }
    }

    /// From the fields of a record.
    #[must_use]
    pub fn of_fields(first: &str, last: &str) -> Self {
        let mut first = tokens(&fold(first));
        strip(&mut first);
        let mut last = tokens(&fold(last));
        strip(&mut last);
        Self {
            first: first.first().cloned().unwrap_or_default(),
            last: last.join(" "),
            mention: None,
        }
    }

    /// Whether there is a given and a family name; one word is weak.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.first.is_empty() && !self.last.is_empty()
    }

    /// Family name and first letter of the given one; `None` unless both are known.
    #[must_use]
    pub fn last_key(&self) -> Option<String> {
        key(&self.last, &self.first)
    }

    /// Given name and first letter of the family name.
    #[must_use]
    pub fn first_key(&self) -> Option<String> {
        key(&self.first, &self.last)
    }

    /// Both whole.
    #[must_use]
    pub fn full_key(&self) -> Option<String> {
        let (first, last) = (squash(&self.first), squash(&self.last));
        (!first.is_empty() && !last.is_empty()).then(|| format!("{last}|{first}"))
    }

    /// The whole names this one is asked for by: itself and its nicknames, in both orders.
    #[must_use]
    pub fn full_keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for order in [self.clone(), self.swapped()] {
            for first in nickname::variants(&order.first, VARIANTS_MAX) {
                keys.extend(
                    Self {
                        first,
                        ..order.clone()
                    }
                    .full_key(),
                );
            }
        }
        keys
    }

    /// Whether a contact of that name is found by the keys this name is asked for by: one part whole, the other's initial,
    /// through nicknames and in both orders.
    #[must_use]
    pub fn asks_for(&self, other: &Self) -> bool {
        let initial = |text: &str| text.chars().find(char::is_ascii_alphanumeric);
        [self.clone(), self.swapped()].iter().any(|order| {
            let firsts = nickname::variants(&order.first, VARIANTS_MAX);
            let by_last = squash(&order.last) == squash(&other.last)
                && firsts
                    .iter()
                    .any(|first| initial(first) == initial(&other.first));
            let by_first = initial(&order.last) == initial(&other.last)
                && firsts
                    .iter()
                    .any(|first| squash(first) == squash(&other.first));
            by_last || by_first
        })
    }

    /// The two parts the other way round: people type them swapped.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            first: self.last.clone(),
            last: self.first.clone(),
            mention: self.mention.clone(),
        }
    }
}

fn key(whole: &str, initial: &str) -> Option<String> {
    let whole = squash(whole);
    let initial = squash(initial).chars().next()?;
    (!whole.is_empty()).then(|| format!("{whole}|{initial}"))
}

/// What stands in brackets or after a bar names a company.
fn cut_mention(shown: &str) -> (String, Option<String>) {
    let shown: String = shown
        .chars()
        .take(super::fold::NAME_CHARACTERS_MAX)
        .collect();
    let mut text = shown.as_str();
    let mut mention = None;
    if let Some((name, company)) = text.split_once('|') {
        mention = Some(company.trim().to_owned());
        text = name;
    }
    let (Some(open), Some(close)) = (text.find(['(', '[']), text.rfind([')', ']'])) else {
        return (text.trim().to_owned(), mention.filter(|m| !m.is_empty()));
    };
    if open < close {
        mention = Some(text[open + 1..close].trim().to_owned());
        let rest = format!("{} {}", &text[..open], &text[close + 1..]);
        return (rest.trim().to_owned(), mention.filter(|m| !m.is_empty()));
    }
    (text.trim().to_owned(), mention.filter(|m| !m.is_empty()))
}

fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == '"')
        .map(|word| {
            word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
                .to_owned()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Drops titles in front and suffixes behind, never the last word left.
fn strip(words: &mut Vec<String>) {
    let plain = |word: &String| squash(word);
    while words.len() > 1 && TITLES.contains(&plain(&words[0]).as_str()) && words[0].len() > 1 {
        words.remove(0);
    }
    while words.len() > 1
        && words
            .last()
            .is_some_and(|word| SUFFIXES.contains(&plain(word).as_str()))
    {
        words.pop();
    }
}

fn split(words: &[String]) -> (String, String) {
    match words {
        [] => (String::new(), String::new()),
        [one] => (one.clone(), String::new()),
        [first, rest @ ..] => {
            let particle = rest[..rest.len() - 1]
                .iter()
                .position(|word| PARTICLES.contains(&word.as_str()));
            let begin = particle.unwrap_or(rest.len() - 1);
            (first.clone(), rest[begin..].join(" "))
        }
    }
}

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
    use proptest::prelude::*;

    #[test]
    fn display_names_come_apart() {
        for (shown, first, last) in [
            ("Smith, Jane", "jane", "smith"),
            ("Dr. Jane A. Smith PhD", "jane", "smith"),
            ("Jane de la Cruz", "jane", "de la cruz"),
            ("jane.smith", "jane", "smith"),
            ("JSmith", "", ""),
            ("Jane Smith (Acme)", "jane", "smith"),
            ("Jane Smith | Acme", "jane", "smith"),
            ("Lee, Ann (Acme)", "ann", "lee"),
            ("Jane Smith, PhD", "jane", "smith"),
            ("iPhone", "", ""),
            ("王小明", "xiao ming", "wang"),
            ("jane", "jane", ""),
        ] {
            let name = PersonName::parse(shown);
            assert_eq!(
                (name.first.as_str(), name.last.as_str()),
                (first, last),
                "{shown}"
            );
        }
        assert_eq!(
            PersonName::parse("Lee, Ann (Acme)").mention.as_deref(),
            Some("Acme")
        );
    }

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

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(shown in ".{0,2000}") {
            let name = PersonName::parse(&shown);
            prop_assert!(name.first.len() + name.last.len() <= 8 * super::super::fold::NAME_CHARACTERS_MAX);
            let again = PersonName::of_fields(&name.first, &name.last);
            prop_assert_eq!(again.full_key().is_some() || name.full_key().is_none(), true);
        }
    }
}
