//! Folding: one spelling for all scripts and marks. Idempotent; the original is kept beside it by whoever needs it.

use unicode_normalization::UnicodeNormalization;

/// Characters of a name read; what is longer is cut (matching guide, section 2).
pub const NAME_CHARACTERS_MAX: usize = 256;

/// NFKC, transliterated to ASCII, lower case, single spaces. Not "NFKD and drop marks": that leaves ł, ø, ß, þ and æ as
/// they are and turns й into и.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return joined(&text[..text.len().min(NAME_CHARACTERS_MAX)]);
    }
    let compatible: String = text
        .chars()
        .take(NAME_CHARACTERS_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .nfkc()
        .collect();
    joined(&deunicode::deunicode(&compatible))
}

/// Lower case, single spaces.
fn joined(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if folded.len() + word.len() > NAME_CHARACTERS_MAX * 4 {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    folded
}

/// Letters and digits of a folded text, joined: `o'brien` and `obrien` are one key.
#[must_use]
pub fn squash(folded: &str) -> String {
    folded.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_and_scripts_become_plain_letters() {
        for (text, folded) in [
            ("Łukasz", "lukasz"),
            ("Søren  Bjørn", "soren bjorn"),
            ("Straße", "strasse"),
            ("Þórr", "thorr"),
            ("Nguyễn Thị", "nguyen thi"),
            ("Дмитрий", "dmitrii"),
            ("ＡＣＭＥ", "acme"),
            ("a\u{0}b", "a b"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_bounded(text in ".{0,600}") {
            let once = fold(&text);
            prop_assert!(once.len() <= NAME_CHARACTERS_MAX * 4);
            if once.chars().count() <= NAME_CHARACTERS_MAX {
                prop_assert_eq!(fold(&once), once);
            }
        }
    }
}
