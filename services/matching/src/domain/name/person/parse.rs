//! Takes a display name apart: titles, suffixes, particles, companies in brackets, names of devices.

use super::PersonName;
use crate::domain::name::fold::{NAME_CHARACTERS_MAX, fold, squash};

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
}

/// What stands in brackets or after a bar names a company.
fn cut_mention(shown: &str) -> (String, Option<String>) {
    let shown: String = shown.chars().take(NAME_CHARACTERS_MAX).collect();
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
