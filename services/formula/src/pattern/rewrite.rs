//! Java's syntax outside character classes.

use std::iter::Peekable;
use std::str::Chars;

use super::class::{Escape, push_literal};
use super::{BAD, NESTING_MAX, unsupported};
use crate::trouble::Trouble;

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    /// `(?i)`: ASCII letters match either case.
    pub(super) fold: bool,
    /// `(?s)`: the dot matches line breaks.
    pub(super) all: bool,
}

/// A pattern on its way from Java's syntax to the crate's.
pub(super) struct Rewriter<'a> {
    pub(super) rest: Peekable<Chars<'a>>,
    pub(super) out: String,
    dollar: bool,
}

impl<'a> Rewriter<'a> {
    /// The pattern in the crate's syntax, and whether it uses `$`.
    pub(super) fn rewrite(java: &'a str) -> Result<(String, bool), Trouble> {
        let mut rewriter = Self {
            rest: java.chars().peekable(),
            out: String::with_capacity(java.len() * 2),
            dollar: false,
        };
        rewriter.alternation(Flags::default(), 0)?;
        if rewriter.rest.next().is_some() {
            return Err(BAD);
        }
        Ok((rewriter.out, rewriter.dollar))
    }

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

    pub(super) fn literal(&mut self, literal: char, flags: Flags) {
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
}
