//! Telephone numbers as keys. People type them as they dial them, so one number has two keys: the international form where
//! the country is known, and the national one, which meets numbers written without a country.

use phonenumber::country::Id;
use std::collections::BTreeSet;

/// Characters of a number read.
const CHARACTERS_MAX: usize = 40;
/// Fewer digits are an extension, not a number.
const DIGITS_MIN: usize = 7;

/// The keys of a number as typed: E.164 (`+493012345`) when it carries its country or `region` (ISO 3166 alpha-2) tells it,
/// and always the national digits (`~3012345`). Empty when it is no number.
#[must_use]
pub fn keys(text: &str, region: Option<&str>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let text: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .filter(|c| !c.is_control())
        .collect();
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let cut = ["ext", "x", "#", ";", "durchwahl"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    let text = text.get(..cut.unwrap_or(text.len())).unwrap_or(text);
    let text = match text.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < DIGITS_MIN {
        return keys;
    }
    let country: Option<Id> = region.and_then(|region| region.parse().ok());
    let parsed = (text.starts_with('+') || country.is_some())
        .then(|| phonenumber::parse(country, &text).ok())
        .flatten()
        .filter(phonenumber::is_valid);
    match parsed {
        Some(number) => {
            let national = number.national().value().to_string();
            keys.insert(format!("+{}{national}", number.country().code()));
            keys.insert(format!("~{national}"));
        }
        None => {
            let national = digits.trim_start_matches('0');
            if national.len() >= DIGITS_MIN {
                keys.insert(format!("~{national}"));
            }
        }
    }
    keys
}

/// How far a number agrees with a record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The digits without a country: another country may have the same.
    National,
    /// The country too, as said or as the workspace's own.
    Whole,
}

/// How the number found under `key` fits the one dialled, of which `dialled` are the keys; `None` when their countries
/// differ. `international` is the record's number with its country where the record says it, `code` the calling code of the
/// workspace's own country, which stands for one that nobody typed.
#[must_use]
pub fn fit(
    key: &str,
    dialled: &[String],
    international: Option<&str>,
    code: Option<u16>,
) -> Option<Fit> {
    if is_international(key) {
        return Some(Fit::Whole);
    }
    let national = key.trim_start_matches('~');
    let at_home = code.map(|code| format!("+{code}{national}"));
    let with_country = dialled
        .iter()
        .find(|key| is_international(key) && key.ends_with(national));
    let dialled = with_country.map(String::as_str).or(at_home.as_deref());
    let recorded = international.or(at_home.as_deref());
    match (dialled, recorded) {
        (Some(dialled), Some(recorded)) => (dialled == recorded).then_some(Fit::Whole),
        _ => Some(Fit::National),
    }
}

/// The calling code of a country (ISO 3166 alpha-2); `None` when there is no such country.
#[must_use]
pub fn calling_code(region: &str) -> Option<u16> {
    let country: Id = region.parse().ok()?;
    let metadata = phonenumber::metadata::DATABASE.by_id(country.as_ref())?;
    Some(metadata.country_code())
}

/// Whether a key carries the country.
#[must_use]
pub fn is_international(key: &str) -> bool {
    key.starts_with('+')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_number_share_a_key() {
        let berlin = keys("+49 30 901820", None);
        for (text, region) in [
            ("0049 (30) 90-18-20", None),
            ("030/901820", Some("DE")),
            ("030 901820", None),
            ("+49 30 901820 ext. 7", None),
        ] {
            assert!(!keys(text, region).is_disjoint(&berlin), "{text}");
        }
        assert!(keys("(212) 555-0123", Some("US")).contains("+12125550123"));
        assert!(keys("ext 12", None).is_empty());
        assert!(keys("", Some("DE")).is_empty());
    }

    #[test]
    fn the_workspaces_country_stands_for_one_nobody_typed() {
        let national = vec!["~30901820".to_owned()];
        let german = vec!["+4930901820".to_owned(), "~30901820".to_owned()];
        let key = "~30901820";
        for (dialled, recorded, code, expected) in [
            (&national, None, None, Some(Fit::National)),
            (&national, None, Some(49), Some(Fit::Whole)),
            (&national, Some("+4930901820"), Some(49), Some(Fit::Whole)),
            (&national, Some("+3330901820"), Some(49), None),
            (&national, Some("+3330901820"), None, Some(Fit::National)),
            (&german, None, Some(49), Some(Fit::Whole)),
            (&german, None, Some(33), None),
            (&german, None, None, Some(Fit::National)),
            (&german, Some("+3330901820"), None, None),
        ] {
            assert_eq!(
                fit(key, dialled, recorded, code),
                expected,
                "{dialled:?} {recorded:?} {code:?}"
            );
        }
        assert_eq!(fit("+4930901820", &german, None, None), Some(Fit::Whole));
        assert_eq!(
            (calling_code("DE"), calling_code("US"), calling_code("XX")),
            (Some(49), Some(1), None)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,200}", digits in "[+0-9 ()/.-]{0,40}") {
            prop_assert!(keys(&text, Some("US")).len() <= 2);
            prop_assert!(keys(&digits, Some("DE")).len() <= 2);
        }
    }
}
