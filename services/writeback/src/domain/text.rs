//! Text as Salesforce keeps it: cleaned before its length is judged, cut only between graphemes.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Marks a text that was cut.
pub const ELLIPSIS: &str = "…";

/// Control characters out (except tab and line breaks), NFC, `\r\n` as `\n`, no white space at the end:
/// what Salesforce does itself, done before we count (`salesforce-api.md` 8.3).
#[must_use]
pub fn clean(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let cleaned: String = unified
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .nfc()
        .collect();
    cleaned.trim_end().to_owned()
}

/// Length as Salesforce counts it: UTF-16 code units, so that an emoji is two.
#[must_use]
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The longest start of `text` that fits `units_max` UTF-16 code units together with the ellipsis, cut between graphemes.
#[must_use]
pub fn cut(text: &str, units_max: usize) -> String {
    if length(text) <= units_max {
        return text.to_owned();
    }
    let room = units_max.saturating_sub(length(ELLIPSIS));
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let units = length(grapheme);
        if used + units > room {
            break;
        }
        used += units;
        out.push_str(grapheme);
    }
    let mut out = out.trim_end().to_owned();
    if units_max >= length(ELLIPSIS) {
        out.push_str(ELLIPSIS);
    }
    out
}

/// Text inside HTML: rich text fields and notes are rendered as HTML.
#[must_use]
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Escaped text with line breaks as `<br>`.
#[must_use]
pub fn to_html(text: &str) -> String {
    escape_html(text).replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_never_splits_what_a_person_sees_as_one_character() {
        for (text, max, expected) in [
            ("short", 10, "short"),
            ("exactly ten", 11, "exactly ten"),
            ("abcdef", 4, "abc…"),
            ("ab cdef", 4, "ab…"),
            ("👩‍👩‍👧 family", 8, "…"),
            ("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, max), expected, "{text:?} to {max}");
        }
    }

    #[test]
    fn text_is_cleaned_before_it_is_counted() {
        assert_eq!(clean("a\r\nb\u{0}\u{7}c  \n"), "a\nbc");
        assert_eq!(clean("e\u{301}"), "é");
        assert_eq!(
            to_html("<b>\"1 & 2\"</b>\n'x'"),
            "&lt;b&gt;&quot;1 &amp; 2&quot;&lt;/b&gt;<br>&#39;x&#39;"
        );
    }

    proptest! {
        #[test]
        fn a_cut_text_always_fits(text in "\\PC{0,60}", max in 0_usize..40) {
            let units = length(&cut(&text, max));
            prop_assert!(units <= max);
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,60}") {
            prop_assert_eq!(clean(&clean(&text)), clean(&text));
        }
    }
}
