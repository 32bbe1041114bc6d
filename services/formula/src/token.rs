//! Text to tokens (language section 1): the only place that looks at the characters of a formula.
//!
//! A token borrows from the source and keeps its span, so that every later message can point at the
//! rule author's own words.

use std::borrow::Cow;

/// A byte range of the formula's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The words of `source` this span covers; empty when it does not fit.
    #[must_use]
    pub fn of(self, source: &str) -> &str {
        source
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// Why a text is not a formula, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {}", .span.start)]
pub struct SyntaxError {
    /// What was found and what was expected.
    pub message: Cow<'static, str>,
    /// Where.
    pub span: Span,
}

/// Operators and punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Open,
    Close,
    Comma,
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    Ampersand,
    AndAnd,
    OrOr,
    Bang,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Number(&'a str),
    /// The literal's value, escapes resolved.
    Text(Cow<'a, str>),
    Name(&'a str),
    Mark(Mark),
    End,
}

/// Longest source the platform accepts, in characters [D:apexformula].
pub const SOURCE_CHARS_MAX: usize = 3_900;

/// Splits a formula into tokens, ending with [`Token::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<(Token<'_>, Span)>, SyntaxError> {
    if source.len() > SOURCE_CHARS_MAX && source.chars().count() > SOURCE_CHARS_MAX {
        return Err(SyntaxError {
            message: Cow::Owned(format!(
                "the formula is longer than {SOURCE_CHARS_MAX} characters"
            )),
            span: Span::default(),
        });
    }
    let mut lexer = Lexer {
        source,
        bytes: source.as_bytes(),
        at: 0,
    };
    let mut out = Vec::with_capacity(source.len() / 4 + 2);
    loop {
        let (token, span) = lexer.next()?;
        let end = token == Token::End;
        out.push((token, span));
        if end {
            return Ok(out);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "sources are at most 3,900 characters"
    )]
    fn span(&self, start: usize) -> Span {
        Span {
            start: start as u32,
            end: self.at as u32,
        }
    }

    fn error(&self, start: usize, message: impl Into<Cow<'static, str>>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            span: self.span(start),
        }
    }

    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | 0x0c | b'\r' | b'\n' => self.at += 1,
                b'/' if self.peek(1) == b'*' => {
                    let start = self.at;
                    match self.source[self.at + 2..].find("*/") {
                        Some(length) => self.at += length + 4,
                        None => return Err(self.error(start, "unterminated comment")),
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn next(&mut self) -> Result<(Token<'a>, Span), SyntaxError> {
        self.skip_blank()?;
        let start = self.at;
        if start >= self.bytes.len() {
            return Ok((Token::End, self.span(start)));
        }
        let token = match self.peek(0) {
            b'0'..=b'9' => self.number()?,
            b'"' | b'\'' => self.text()?,
            b'$' | b'a'..=b'z' | b'A'..=b'Z' => self.name(),
            // A merge wrapper `{!Name}` from old metadata stands for the name alone.
            b'{' if self.peek(1) == b'!' => self.wrapped()?,
            _ => self.mark()?,
        };
        Ok((token, self.span(start)))
    }

    fn digits(&mut self) {
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Token<'a>, SyntaxError> {
        let start = self.at;
        self.digits();
        if self.peek(0) == b'.' {
            self.at += 1;
            if !self.peek(0).is_ascii_digit() {
                return Err(self.error(start, "a digit must follow the decimal point"));
            }
            self.digits();
        }
        if matches!(self.peek(0), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'.') {
            return Err(self.error(start, "a number runs into a name"));
        }
        Ok(Token::Number(&self.source[start..self.at]))
    }

    fn name(&mut self) -> Token<'a> {
        let start = self.at;
        while matches!(self.peek(0), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'.' | b':' | b'#')
        {
            self.at += 1;
        }
        Token::Name(&self.source[start..self.at])
    }

    fn wrapped(&mut self) -> Result<Token<'a>, SyntaxError> {
        let start = self.at;
        self.at += 2;
        self.skip_blank()?;
        if !matches!(self.peek(0), b'$' | b'a'..=b'z' | b'A'..=b'Z') {
            return Err(self.error(start, "a name must follow {!"));
        }
        let name = self.name();
        self.skip_blank()?;
        if self.peek(0) != b'}' {
            return Err(self.error(start, "the wrapper {! is not closed"));
        }
        self.at += 1;
        Ok(name)
    }

    fn text(&mut self) -> Result<Token<'a>, SyntaxError> {
        let start = self.at;
        let quote = self.peek(0);
        self.at += 1;
        let mut value = Cow::Borrowed("");
        let mut run = self.at;
        loop {
            if self.at >= self.bytes.len() {
                return Err(self.error(start, "unterminated text"));
            }
            match self.peek(0) {
                b'\r' | b'\n' => return Err(self.error(start, "a line break inside a text")),
                b'\\' => {
                    match self.peek(1) {
                        // Only these two are unescaped in the value; the others stay as written.
                        b'"' | b'\\' => {
                            value.to_mut().push_str(&self.source[run..self.at]);
                            run = self.at + 1;
                        }
                        b'\'' | b'n' | b'r' | b't' => {}
                        _ => return Err(self.error(self.at, "unknown escape in a text")),
                    }
                    self.at += 2;
                }
                byte if byte == quote => break,
                _ => self.at += 1,
            }
        }
        let tail = &self.source[run..self.at];
        self.at += 1;
        if value.is_empty() {
            value = Cow::Borrowed(tail);
        } else {
            value.to_mut().push_str(tail);
        }
        Ok(Token::Text(value))
    }

    fn mark(&mut self) -> Result<Token<'a>, SyntaxError> {
        let (mark, length) = match (self.peek(0), self.peek(1)) {
            (b'(', _) => (Mark::Open, 1),
            (b')', _) => (Mark::Close, 1),
            (b',', _) => (Mark::Comma, 1),
            (b'+', _) => (Mark::Plus, 1),
            (b'-', _) => (Mark::Minus, 1),
            (b'*', _) => (Mark::Star, 1),
            (b'/', _) => (Mark::Slash, 1),
            (b'^', _) => (Mark::Caret, 1),
            (b'&', b'&') => (Mark::AndAnd, 2),
            (b'&', _) => (Mark::Ampersand, 1),
            (b'|', b'|') => (Mark::OrOr, 2),
            (b'=', b'=') => (Mark::Equal, 2),
            (b'=', _) => (Mark::Equal, 1),
            (b'!', b'=') | (b'<', b'>') => (Mark::NotEqual, 2),
            (b'!', _) => (Mark::Bang, 1),
            (b'<', b'=') => (Mark::LessEqual, 2),
            (b'<', _) => (Mark::Less, 1),
            (b'>', b'=') => (Mark::GreaterEqual, 2),
            (b'>', _) => (Mark::Greater, 1),
            _ => {
                let odd = self.source[self.at..].chars().next().unwrap_or_default();
                let message = format!("unexpected character U+{:04X}", u32::from(odd));
                return Err(self.error(self.at, message));
            }
        };
        self.at += length;
        Ok(Token::Mark(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(source: &str) -> Vec<Token<'_>> {
        tokens(source)
            .expect("tokens")
            .into_iter()
            .map(|(token, _)| token)
            .collect()
    }

    #[test]
    fn escapes_keep_what_the_platform_keeps() {
        assert_eq!(
            values(r#""a\"b" 'it\'s' "\\d" "\n""#),
            vec![
                Token::Text("a\"b".into()),
                Token::Text(r"it\'s".into()),
                Token::Text(r"\d".into()),
                Token::Text(r"\n".into()),
                Token::End
            ]
        );
    }

    #[test]
    fn one_name_covers_a_path_a_global_and_a_merge_wrapper() {
        assert_eq!(
            values("Owner:User.Email $CustomMetadata.T__mdt.R.F__c {! Name }"),
            vec![
                Token::Name("Owner:User.Email"),
                Token::Name("$CustomMetadata.T__mdt.R.F__c"),
                Token::Name("Name"),
                Token::End
            ]
        );
    }

    #[test]
    fn these_are_not_tokens() {
        for source in [
            ".5", "5.", "1e3", "\"a", "'a\nb'", "\"\\x\"", "/* x", "\u{a0}1", "“a”", "a | b",
            "{!x", "@",
        ] {
            assert!(tokens(source).is_err(), "{source}");
        }
    }
}
