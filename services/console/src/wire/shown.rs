//! Values as a page shows them: plain text, cut where a page would burst.

use serde_json::value::RawValue;

/// Longest value on a page, in characters; the API answers it whole.
const SHOWN_CHARACTERS_MAX: usize = 1_000;

/// One value, or one field of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The field's name in a creation; empty for a single value.
    pub(crate) name: String,
    pub(crate) text: String,
    /// How many characters were left out.
    pub(crate) left_out: usize,
    /// Nothing there: shown as a word, so that it differs from a blank.
    pub(crate) empty: bool,
}

/// A JSON value: an object gives one per field, everything else one.
pub(crate) fn shown(json: Option<&RawValue>) -> Vec<Shown> {
    let Some(json) = json else {
        return Vec::new();
    };
    // Not an IndexMap: serde_json's map sorts names, which is what a reader looks for.
    if let Ok(fields) =
        serde_json::from_str::<std::collections::BTreeMap<String, Box<RawValue>>>(json.get())
    {
        return fields
            .into_iter()
            .map(|(name, value)| one(name, &value))
            .collect();
    }
    vec![one(String::new(), json)]
}

fn one(name: String, json: &RawValue) -> Shown {
    let text = match serde_json::from_str::<String>(json.get()) {
        Ok(text) => text,
        Err(_) if json.get() == "null" => String::new(),
        Err(_) => json.get().to_owned(),
    };
    let (text, left_out) = cut(text);
    Shown {
        name,
        empty: text.is_empty(),
        text,
        left_out,
    }
}

/// The beginning of a text, and how many characters are missing.
pub(crate) fn cut(text: String) -> (String, usize) {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        None => (text, 0),
        Some((end, _)) => {
            let left_out = text[end..].chars().count();
            (text[..end].to_owned(), left_out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<Shown> {
        shown(crate::wire::json(json.to_owned()).as_deref())
    }

    #[test]
    fn values_are_shown_as_people_read_them() {
        let texts = |json: &str| -> Vec<(String, String)> {
            of(json)
                .into_iter()
                .map(|shown| (shown.name, shown.text))
                .collect()
        };
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        for (json, expected) in [
            ("", vec![]),
            ("null", vec![pair("", "")]),
            (r#""send it""#, vec![pair("", "send it")]),
            ("1200.50", vec![pair("", "1200.50")]),
            ("true", vec![pair("", "true")]),
            (r#"["a","b"]"#, vec![pair("", r#"["a","b"]"#)]),
            (
                r#"{"Subject":"Call","ActivityDate":"2026-01-02"}"#,
                vec![pair("ActivityDate", "2026-01-02"), pair("Subject", "Call")],
            ),
        ] {
            assert_eq!(texts(json), expected, "{json}");
        }
        assert!(of("null")[0].empty);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let json = serde_json::to_string(&"é".repeat(32_000)).expect("is written");
        let shown = of(&json).remove(0);
        assert_eq!(
            (shown.text.chars().count(), shown.left_out),
            (1_000, 31_000)
        );
    }
}
