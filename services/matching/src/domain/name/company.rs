//! A company's core: its name without legal form, marks and punctuation.

use super::fold::fold;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

struct Forms {
    /// By their last word, each as words.
    trailing: HashMap<&'static str, Vec<Vec<&'static str>>>,
    leading: Vec<Vec<&'static str>>,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let mut forms = Forms {
        trailing: HashMap::new(),
        leading: Vec::new(),
    };
    let text = include_str!("../../../data/legal_forms.txt");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.trim_end_matches('-').split_whitespace().collect();
        if line.ends_with('-') {
            forms.leading.push(words.clone());
        }
        if let Some(last) = words.last() {
            forms.trailing.entry(last).or_default().push(words);
        }
    }
    for list in forms.trailing.values_mut() {
        list.sort_by_key(|words| std::cmp::Reverse(words.len()));
    }
    forms
});

/// Words that say little about which company is meant (matching guide, section 2): they stay, and weigh little.
#[must_use]
pub fn is_weak(word: &str) -> bool {
    const WEAK: [&str; 9] = [
        "holding",
        "holdings",
        "group",
        "international",
        "global",
        "of",
        "and",
        "de",
        "the",
    ];
    WEAK.contains(&word) || is_place(word)
}

/// Countries and regions as companies name their subsidiaries.
#[must_use]
pub fn is_place(word: &str) -> bool {
    static PLACES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        "usa us uk france germany deutschland spain espana italy italia japan china india canada australia brazil brasil mexico \
         netherlands nederland sweden norway denmark finland switzerland schweiz austria ireland poland belgium portugal \
         singapore korea taiwan thailand malaysia turkey israel america americas american europe european asia pacific emea \
         apac africa north south east west"
            .split_whitespace()
            .collect()
    });
    PLACES.contains(word)
}

/// The words of a name: folded, `&` and `+` are "and", dotted initials joined (`S.p.A.` is one word), the rest cut at
/// punctuation.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let folded = fold(name).replace(['&', '+'], " and ");
    let mut words: Vec<String> = Vec::new();
    for word in
        folded.split(|c: char| c.is_ascii_whitespace() || "()[]{},;:/\\|\"!?*<>=_".contains(c))
    {
        let parts: Vec<&str> = word.split('.').filter(|part| !part.is_empty()).collect();
        let initials = word.contains('.')
            && parts.len() > 1
            && parts
                .iter()
                .all(|part| part.len() == 1 && part.as_bytes()[0].is_ascii_alphanumeric());
        if initials {
            words.push(parts.concat());
            continue;
        }
        for part in word.split(['.', '-']) {
            let plain: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
            if !plain.is_empty() {
                words.push(plain);
            }
        }
    }
    words
}

/// The words without a leading "the" and without legal forms; never fewer than one.
#[must_use]
pub fn core_words(name: &str) -> Vec<String> {
    without_forms(words(name))
}

/// As [`core_words`], for a text somebody asks with: what brokers and statements append goes too, that is a share's par value
/// ("DL -,01": a currency's two letters and a number) and everything behind a legal form ("INC. CL.A").
#[must_use]
pub fn question_words(name: &str) -> Vec<String> {
    let mut words = words(name);
    let number = |word: &String| word.chars().all(|c| c.is_ascii_digit());
    let before = words.len();
    while words.len() > 1 && words.last().is_some_and(number) {
        words.pop();
    }
    if words.len() < before && words.len() > 1 && words.last().is_some_and(|word| word.len() == 2) {
        words.pop();
    }
    const PLAIN: [&str; 14] = [
        "inc",
        "corp",
        "ltd",
        "plc",
        "gmbh",
        "ag",
        "llc",
        "limited",
        "corporation",
        "incorporated",
        "nv",
        "sa",
        "spa",
        "asa",
    ];
    if let Some(form) = words
        .iter()
        .skip(1)
        .position(|word| PLAIN.contains(&word.as_str()))
    {
        words.truncate(form + 2);
    }
    without_forms(words)
}

fn without_forms(mut words: Vec<String>) -> Vec<String> {
    if words.len() > 1 && words[0] == "the" {
        words.remove(0);
    }
    for form in &FORMS.leading {
        if words.len() > form.len() && words.iter().zip(form).all(|(word, part)| word == part) {
            words.drain(..form.len());
            break;
        }
    }
    while let Some(last) = words.last() {
        if words.len() > 1 && last == "and" {
            words.pop();
            continue;
        }
        let ends = |form: &Vec<&str>| {
            words.len() > form.len()
                && words[words.len() - form.len()..]
                    .iter()
                    .zip(form)
                    .all(|(word, part)| word == part)
        };
        let Some(form) = FORMS
            .trailing
            .get(last.as_str())
            .and_then(|forms| forms.iter().find(|form| ends(form)))
        else {
            break;
        };
        words.truncate(words.len() - form.len());
    }
    words
}

/// The core in one text.
#[must_use]
pub fn core(name: &str) -> String {
    core_words(name).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_core_is_what_people_call_a_company() {
        for (name, expected) in [
            ("Acme, Inc.", "acme"),
            ("ACME Holdings GmbH & Co. KG", "acme holdings"),
            ("The Acme Company", "acme"),
            ("Acme S.p.A.", "acme"),
            ("AT&T Inc.", "at and t"),
            ("Acme (UK) Ltd", "acme uk"),
            ("Inc.", "inc"),
            ("3M Company", "3m"),
            ("OOO Oboronnye Initsiativy", "oboronnye initsiativy"),
            ("Acme Sp. z o.o.", "acme"),
        ] {
            assert_eq!(core(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_core_is_idempotent(name in "[A-Za-z&. ,-]{1,40}") {
            let once = core(&name);
            prop_assert_eq!(core(&once), once);
        }
    }
}
