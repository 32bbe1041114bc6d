//! Java's escapes and character classes.

use super::rewrite::{Flags, Rewriter};
use super::{BAD, NESTING_MAX, unsupported};
use crate::trouble::Trouble;

impl Rewriter<'_> {
    /// After a backslash, what means the same inside and outside a class.
    pub(super) fn class_escape(&mut self) -> Result<Escape, Trouble> {
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
    pub(super) fn class(&mut self, flags: Flags, depth: u32) -> Result<(), Trouble> {
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

/// What an escape stands for.
pub(super) enum Escape {
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

/// Writes a character that stands for itself.
pub(super) fn push_literal(out: &mut String, literal: char) {
    if literal.is_alphanumeric() {
        out.push(literal);
    } else {
        // Every form of punctuation, also the crate's own class operators, becomes its code.
        out.push_str(&format!("\\u{{{:X}}}", u32::from(literal)));
    }
}
