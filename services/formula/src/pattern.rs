//! Regular expressions: Java's syntax and whole-text matching on the linear-time `regex` crate
//! (language section 12).
//!
//! A pattern is rewritten piece by piece. What the crate cannot do (look-around, back-references,
//! possessive and atomic groups) and what Java versions disagree about is refused by name, never
//! approximated. What Java itself rejects is an error of the formula.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

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
        let mut rewriter = Rewriter {
            rest: java.chars().peekable(),
            out: String::with_capacity(java.len() * 2),
            dollar: false,
        };
        rewriter.alternation(Flags::default(), 0)?;
        if rewriter.rest.next().is_some() {
            return Err(BAD);
        }
        let regex = RegexBuilder::new(&format!(r"\A(?:{})\z", rewriter.out))
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
        Ok(Self {
            regex,
            dollar: rewriter.dollar,
        })
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

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `(?i)`: ASCII letters match either case.
    fold: bool,
    /// `(?s)`: the dot matches line breaks.
    all: bool,
}

struct Rewriter<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    dollar: bool,
}

impl Rewriter<'_> {
    /// Alternatives up to the closing bracket or the end.
    fn alternation(&mut self, mut flags: Flags, depth: u32) -> Result<(), Trouble> {
        if depth > NESTING_MAX {
            return Err(Trouble::Limit("a deeply nested regular expression"));
        }
        // Whether a quantifier may follow.
        let mut atom = false;
        while let Some(next) = self.rest.peek().copied() {
            match next {
                ')' => return Ok(()),
                '|' => {
                    self.rest.next();
                    self.out.push('|');
                    atom = false;
                    continue;
                }
                '*' | '+' | '?' | '{' => {
                    if !atom {
                        return Err(BAD);
                    }
                    self.quantifier()?;
                    atom = false;
                    continue;
                }
                '(' => {
                    self.rest.next();
                    atom = self.group(&mut flags, depth)?;
                    continue;
                }
                '[' => {
                    self.rest.next();
                    self.class(flags, depth + 1)?;
                }
                '.' => {
                    self.rest.next();
                    self.out.push_str(if flags.all {
                        r"(?s:.)"
                    } else {
                        r"[^\n\r\u{85}\u{2028}\u{2029}]"
                    });
                }
                '^' => {
                    self.rest.next();
                    self.out.push_str(r"\A");
                }
                '$' => {
                    self.rest.next();
                    self.end_of_text();
                }
                '\\' => {
                    self.rest.next();
                    // An empty quotation gives nothing to repeat; the rest of it stands as it is.
                    atom = self.escape(flags)?;
                    continue;
                }
                literal => {
                    self.rest.next();
                    self.literal(literal, flags);
                }
            }
            atom = true;
        }
        if depth > 0 { Err(BAD) } else { Ok(()) }
    }

    fn end_of_text(&mut self) {
        self.dollar = true;
        self.out.push_str(r"\z");
    }

    fn quantifier(&mut self) -> Result<(), Trouble> {
        let mark = self.rest.next().unwrap_or_default();
        self.out.push(mark);
        if mark == '{' {
            let least = self.count()?.ok_or(BAD)?;
            self.out.push_str(&least.to_string());
            if self.rest.next_if_eq(&',').is_some() {
                self.out.push(',');
                if let Some(most) = self.count()? {
                    if most < least {
                        return Err(BAD);
                    }
                    self.out.push_str(&most.to_string());
                }
            }
            if self.rest.next() != Some('}') {
                return Err(BAD);
            }
            self.out.push('}');
        }
        match self.rest.peek() {
            Some('?') => {
                self.rest.next();
                self.out.push('?');
                Ok(())
            }
            Some('+') => unsupported("a possessive quantifier"),
            _ => Ok(()),
        }
    }

    fn count(&mut self) -> Result<Option<u32>, Trouble> {
        let mut count = None;
        while let Some(digit) = self.rest.peek().and_then(|next| next.to_digit(10)) {
            self.rest.next();
            let sum = count.unwrap_or(0u32) * 10 + digit;
            if sum > 100_000 {
                return Err(Trouble::Limit("a regular expression that is too large"));
            }
            count = Some(sum);
        }
        Ok(count)
    }

    /// After `(`. Answers whether it may be repeated: a flag setting may not.
    fn group(&mut self, flags: &mut Flags, depth: u32) -> Result<bool, Trouble> {
        let mut inner = *flags;
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.peek().copied() {
                Some(':') => {
                    self.rest.next();
                }
                Some('=' | '!') => return unsupported("look-ahead"),
                Some('>') => return unsupported("an atomic group"),
                Some('<') => {
                    self.rest.next();
                    match self.rest.peek() {
                        Some('=' | '!') => return unsupported("look-behind"),
                        _ => return unsupported("a named group"),
                    }
                }
                _ => {
                    let mut on = true;
                    loop {
                        match self.rest.next() {
                            Some('-') if on => on = false,
                            Some('i') => inner.fold = on,
                            Some('s') => inner.all = on,
                            Some('m' | 'x' | 'u' | 'd' | 'U') => {
                                return unsupported("this regular expression flag");
                            }
                            Some(':') => break,
                            Some(')') => {
                                *flags = inner;
                                return Ok(false);
                            }
                            _ => return Err(BAD),
                        }
                    }
                }
            }
        }
        self.out.push_str("(?:");
        self.alternation(inner, depth + 1)?;
        if self.rest.next() != Some(')') {
            return Err(BAD);
        }
        self.out.push(')');
        Ok(true)
    }

    fn literal(&mut self, literal: char, flags: Flags) {
        if flags.fold && literal.is_ascii_alphabetic() {
            self.out.push('[');
            self.out.push(literal.to_ascii_lowercase());
            self.out.push(literal.to_ascii_uppercase());
            self.out.push(']');
        } else {
            push_literal(&mut self.out, literal);
        }
    }

    /// After a backslash outside a class.
    fn escape(&mut self, flags: Flags) -> Result<bool, Trouble> {
        match self.rest.peek().copied() {
            Some('Q') => {
                self.rest.next();
                let mut any = false;
                loop {
                    match self.rest.next() {
                        None => return Ok(any),
                        Some('\\') if self.rest.peek() == Some(&'E') => {
                            self.rest.next();
                            return Ok(any);
                        }
                        Some(literal) => {
                            any = true;
                            self.literal(literal, flags);
                        }
                    }
                }
            }
            Some('b') => {
                self.rest.next();
                self.out.push_str(r"(?-u:\b)");
                Ok(true)
            }
            Some('A' | 'z') => {
                let anchor = self.rest.next().unwrap_or_default();
                self.out.push('\\');
                self.out.push(anchor);
                Ok(true)
            }
            Some('Z') => {
                self.rest.next();
                self.end_of_text();
                Ok(true)
            }
            Some('1'..='9' | 'k') => unsupported("a back-reference"),
            Some('B' | 'G') => unsupported("this regular expression anchor"),
            _ => {
                match self.class_escape()? {
                    Escape::Literal(literal) => self.literal(literal, flags),
                    Escape::Set(set, negated) => {
                        self.out.push_str(if negated { "[^" } else { "[" });
                        self.out.push_str(&set);
                        self.out.push(']');
                    }
                }
                Ok(true)
            }
        }
    }

    /// After a backslash, what means the same inside and outside a class.
    fn class_escape(&mut self) -> Result<Escape, Trouble> {
        let set = |set: &str, negated| Ok(Escape::Set(set.into(), negated));
        let next = self.rest.next().ok_or(BAD)?;
        Ok(Escape::Literal(match next {
            'd' | 'D' => return set("0-9", next == 'D'),
            'w' | 'W' => return set("A-Za-z0-9_", next == 'W'),
            's' | 'S' => return set(SPACE, next == 'S'),
            'p' | 'P' => return self.property(next == 'P'),
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            '0' => {
                let mut code = None;
                while let Some(digit) = self.rest.peek().and_then(|next| next.to_digit(8)) {
                    let sum = code.unwrap_or(0) * 8 + digit;
                    if sum > 0o377 {
                        break;
                    }
                    self.rest.next();
                    code = Some(sum);
                }
                code.and_then(char::from_u32).ok_or(BAD)?
            }
            'c' => return unsupported("a control character escape"),
            'h' | 'H' | 'v' | 'V' | 'R' | 'N' | 'X' => {
                return unsupported("a class newer than Java 6");
            }
            'Q' | 'E' => return unsupported("a quotation inside a class"),
            letter if letter.is_ascii_alphabetic() => return Err(BAD),
            other => other,
        }))
    }

    fn code(&mut self, digits: usize) -> Result<char, Trouble> {
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16
                + self
                    .rest
                    .next()
                    .and_then(|next| next.to_digit(16))
                    .ok_or(BAD)?;
        }
        char::from_u32(code).ok_or(Trouble::Unsupported("half a surrogate pair"))
    }

    fn property(&mut self, negated: bool) -> Result<Escape, Trouble> {
        let mut name = String::new();
        match self.rest.next().ok_or(BAD)? {
            '{' => loop {
                match self.rest.next().ok_or(BAD)? {
                    '}' => break,
                    other => name.push(other),
                }
            },
            letter => name.push(letter),
        }
        let set = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => r"\x00-\x7F",
            "Alpha" => "A-Za-z",
            "Digit" => "0-9",
            "Alnum" => "A-Za-z0-9",
            "Punct" => r"!-/:-@\[-`{-\x7E",
            "Graph" => "!-\\x7E",
            "Print" => " -\\x7E",
            "Blank" => r" \t",
            "Cntrl" => r"\x00-\x1F\x7F",
            "XDigit" => "0-9A-Fa-f",
            "Space" => SPACE,
            "L" | "M" | "N" | "P" | "S" | "Z" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Mc"
            | "Me" | "Nd" | "Nl" | "No" | "Pc" | "Pd" | "Ps" | "Pe" | "Pi" | "Pf" | "Po" | "Sm"
            | "Sc" | "Sk" | "So" | "Zs" | "Zl" | "Zp" => {
                return Ok(Escape::Set(format!(r"\p{{{name}}}"), negated));
            }
            _ => return unsupported("this character property"),
        };
        Ok(Escape::Set(set.into(), negated))
    }

    /// After `[`.
    fn class(&mut self, flags: Flags, depth: u32) -> Result<(), Trouble> {
        if depth > NESTING_MAX {
            return Err(Trouble::Limit("a deeply nested regular expression"));
        }
        self.out.push('[');
        let negated = self.rest.next_if_eq(&'^').is_some();
        if negated {
            self.out.push('^');
        }
        let mut empty = true;
        loop {
            let low = match self.rest.next().ok_or(BAD)? {
                ']' if !empty => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' => {
                    // Java versions disagree about a negation that meets a union.
                    if negated {
                        return unsupported("a nested class inside a negated one");
                    }
                    self.class(flags, depth + 1)?;
                    empty = false;
                    continue;
                }
                '&' if self.rest.peek() == Some(&'&') => {
                    if negated || empty {
                        return unsupported("an intersection inside a negated class");
                    }
                    self.rest.next();
                    self.out.push_str("&&");
                    continue;
                }
                '\\' => match self.class_escape()? {
                    Escape::Set(set, inverted) => {
                        if inverted {
                            self.out.push_str("[^");
                            self.out.push_str(&set);
                            self.out.push(']');
                        } else {
                            self.out.push_str(&set);
                        }
                        empty = false;
                        continue;
                    }
                    Escape::Literal(literal) => literal,
                },
                literal => literal,
            };
            empty = false;
            let high = self.range_end()?.unwrap_or(low);
            if high < low {
                return Err(BAD);
            }
            self.range(low, high, flags);
        }
    }

    /// The upper end when a range follows; a minus before the end of the class is itself.
    fn range_end(&mut self) -> Result<Option<char>, Trouble> {
        if self.rest.peek() != Some(&'-') {
            return Ok(None);
        }
        let mut ahead = self.rest.clone();
        ahead.next();
        match ahead.peek() {
            None => Err(BAD),
            Some(']' | '[') => Ok(None),
            Some('\\') => {
                self.rest.next();
                self.rest.next();
                match self.class_escape()? {
                    Escape::Literal(literal) => Ok(Some(literal)),
                    Escape::Set(..) => Err(BAD),
                }
            }
            Some(_) => {
                self.rest.next();
                Ok(self.rest.next())
            }
        }
    }

    fn range(&mut self, low: char, high: char, flags: Flags) {
        push_range(&mut self.out, low, high);
        if !flags.fold {
            return;
        }
        let overlap = |from: char, to: char| {
            let (low, high) = (low.max(from), high.min(to));
            (low <= high).then_some((low, high))
        };
        if let Some((low, high)) = overlap('a', 'z') {
            push_range(
                &mut self.out,
                low.to_ascii_uppercase(),
                high.to_ascii_uppercase(),
            );
        }
        if let Some((low, high)) = overlap('A', 'Z') {
            push_range(
                &mut self.out,
                low.to_ascii_lowercase(),
                high.to_ascii_lowercase(),
            );
        }
    }
}

enum Escape {
    Literal(char),
    /// The inside of a class, and whether it is meant negated.
    Set(String, bool),
}

/// Java's `\s`.
const SPACE: &str = r" \t\n\x0B\f\r";

fn push_range(out: &mut String, low: char, high: char) {
    push_literal(out, low);
    if low < high {
        out.push('-');
        push_literal(out, high);
    }
}

fn push_literal(out: &mut String, literal: char) {
    if literal.is_alphanumeric() {
        out.push(literal);
    } else {
        // Every form of punctuation, also the crate's own class operators, becomes its code.
        out.push_str(&format!("\\u{{{:X}}}", u32::from(literal)));
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
