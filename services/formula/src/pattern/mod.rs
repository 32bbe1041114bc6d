//! Regular expressions: Java's syntax and whole-text matching on the linear-time `regex` crate
//! (language section 12).
//!
//! A pattern is rewritten piece by piece. What the crate cannot do (look-around, back-references,
//! possessive and atomic groups) and what Java versions disagree about is refused by name, never
//! approximated. What Java itself rejects is an error of the formula.

mod class;
mod rewrite;

use regex::{Regex, RegexBuilder};

use self::rewrite::Rewriter;
use crate::trouble::{ErrorKind, Trouble};

/// Longest pattern, in characters: what fits a formula.
const PATTERN_CHARS_MAX: usize = 3_900;
/// Largest compiled pattern, in bytes.
const PROGRAM_BYTES_MAX: usize = 256 << 10;
/// Most characters read in one evaluation, as on the platform [D:regex].
const TEXT_CHARS_MAX: usize = 1_000_000;
/// Deepest nesting of groups and classes.
const NESTING_MAX: u32 = 60;

const BAD: Trouble = Trouble::Error(ErrorKind::BadPattern);

const fn unsupported<T>(what: &'static str) -> Result<T, Trouble> {
    Err(Trouble::Unsupported(what))
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// `$` was used: before a final line break Java and the crate differ.
    dollar: bool,
}

impl Pattern {
    pub(crate) fn new(java: &str) -> Result<Self, Trouble> {
        if java.len() > PATTERN_CHARS_MAX * 4 || java.chars().count() > PATTERN_CHARS_MAX {
            return Err(Trouble::Limit(
                "a regular expression longer than 3,900 characters",
            ));
        }
        let (rust, dollar) = Rewriter::rewrite(java)?;
        let regex = RegexBuilder::new(&format!(r"\A(?:{})\z", rust))
            .size_limit(PROGRAM_BYTES_MAX)
            .dfa_size_limit(PROGRAM_BYTES_MAX * 4)
            .nest_limit(4 * NESTING_MAX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    Trouble::Limit("a regular expression that is too large")
                }
                _ => Trouble::Unsupported("this regular expression"),
            })?;
        Ok(Self { regex, dollar })
    }

    /// Whether the whole of `text` matches.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, Trouble> {
        if text.len() > TEXT_CHARS_MAX {
            return Err(Trouble::Limit(
                "a regular expression over 1,000,000 characters",
            ));
        }
        if self.dollar && text.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            return unsupported("$ before a final line break");
        }
        Ok(self.regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(java: &str, text: &str) -> String {
        match Pattern::new(java).and_then(|pattern| pattern.matches(text)) {
            Ok(flag) => flag.to_string(),
            Err(Trouble::Error(_)) => "error".into(),
            Err(Trouble::Limit(_)) => "limit".into(),
            Err(_) => "refused".into(),
        }
    }

    #[test]
    fn java_patterns_answer_as_java_does() {
        let cases = [
            ("", "", "true"),
            ("[a-z]+", "abc1", "false"),
            (r"\d{5}(-\d{4})?", "12345-6789", "true"),
            (r"\d+", "١٢", "false"),
            (r"[A-Z]-[0-9]{3}", "C-123", "true"),
            ("a|b", "ab", "false"),
            ("a*?", "aaa", "true"),
            (".", "\u{85}", "false"),
            ("(?s).", "\n", "true"),
            (".", "😀", "true"),
            ("(?i)straße", "STRAßE", "true"),
            ("(?i)k", "\u{212a}", "false"),
            ("(?i)[^a-c]", "B", "false"),
            ("(?i:a)b", "Ab", "true"),
            ("(?i:a)b", "AB", "false"),
            (r"\Qa.b\E+", "a.bb", "true"),
            ("[a-z&&[^b]]", "b", "false"),
            ("[a-z&&[^b]]", "c", "true"),
            (r"[\w.-]+@[\w.-]+\.\w{2,}", "a.b-c@example.com", "true"),
            ("[]a]+", "]a", "true"),
            ("[a-]+", "a-", "true"),
            ("a]}", "a]}", "true"),
            (r"\p{Alpha}+", "é", "false"),
            (r"\p{L}+", "é", "true"),
            (r"\x41\u0042\0103", "ABC", "true"),
            ("^abc$", "abc", "true"),
            ("[~--]", "~", "error"),
            ("(^$|x)", "", "true"),
            ("a$", "a\n", "refused"),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(answer(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_java_rejects_is_an_error_and_what_we_cannot_do_is_refused() {
        for bad in [
            "(", ")", "[a", "*a", "a**", "{", "a{2,1}", "a{", r"\y", r"\", "[z-a]", "(?q)", "[]",
        ] {
            assert_eq!(answer(bad, ""), "error", "{bad}");
        }
        for refused in [
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<n>a)",
            r"(a)\1",
            "a++",
            "(?>a)",
            r"\h",
            r"\p{javaLowerCase}",
            r"\p{InGreek}",
            "(?x)a",
        ] {
            assert_eq!(answer(refused, ""), "refused", "{refused}");
        }
        assert_eq!(answer("((a{1,1000}){1,1000}){1,1000}", ""), "limit");
        assert_eq!(answer(&"(".repeat(3000), ""), "limit");
    }

    #[test]
    fn a_catastrophic_pattern_is_linear_here() {
        let text = "a".repeat(100_000) + "!";
        assert_eq!(answer("(a+)+", &text), "false");
        assert_eq!(answer("(a|a)*b", &text), "false");
    }
}
