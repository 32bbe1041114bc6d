//! Values in SOQL, each quoted after its own rules.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::STRING_CHARS_MAX;
use crate::id::Id;
use crate::time;

/// Why text cannot be a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// NUL has no escape Salesforce accepts.
    #[error("text contains a NUL character")]
    Nul,
    /// Longer than a WHERE clause takes.
    #[error("text is longer than {STRING_CHARS_MAX} characters")]
    Length,
}

/// A value in a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, unquoted.
    Number(Decimal),
    /// A date, unquoted.
    Date(NaiveDate),
    /// A moment, unquoted, in UTC.
    DateTime(DateTime<Utc>),
    /// A record id, quoted.
    Id(Id),
    /// Text, already checked; made by [`Literal::text`].
    Text(Text),
    /// `TODAY`
    Today,
    /// `LAST_N_DAYS:n`
    LastNDays(u32),
    /// `NEXT_N_DAYS:n`
    NextNDays(u32),
}

/// Text that can be quoted.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

impl Literal {
    /// A text value.
    ///
    /// # Errors
    /// When the text has a NUL or is too long.
    pub fn text(text: impl Into<String>) -> Result<Self, LiteralError> {
        Ok(Self::Text(Text(checked(text.into())?)))
    }
}

fn checked(text: String) -> Result<String, LiteralError> {
    if text.contains('\0') {
        return Err(LiteralError::Nul);
    }
    if text.chars().count() > STRING_CHARS_MAX {
        return Err(LiteralError::Length);
    }
    Ok(text)
}

/// Appends the escape of one character inside quotes.
fn push_escaped(out: &mut String, character: char) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\'' => out.push_str("\\'"),
        '"' => out.push_str("\\\""),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        // Other controls and the two separators some parsers take for line ends.
        other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}') => {
            out.push_str(&format!("\\u{:04x}", u32::from(other)));
        }
        other => out.push(other),
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Date(date) => f.write_str(&time::format_date(*date)),
            Self::DateTime(moment) => f.write_str(&time::format_datetime(*moment)),
            Self::Id(id) => write!(f, "'{id}'"),
            Self::Text(Text(text)) => {
                let mut out = String::with_capacity(text.len() + 2);
                out.push('\'');
                for character in text.chars() {
                    push_escaped(&mut out, character);
                }
                out.push('\'');
                f.write_str(&out)
            }
            Self::Today => f.write_str("TODAY"),
            Self::LastNDays(days) => write!(f, "LAST_N_DAYS:{days}"),
            Self::NextNDays(days) => write!(f, "NEXT_N_DAYS:{days}"),
        }
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Decimal> for Literal {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Id> for Literal {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

impl From<NaiveDate> for Literal {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl From<DateTime<Utc>> for Literal {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::DateTime(moment)
    }
}

/// A pattern for LIKE, built from exact text and wildcards so that neither is taken for the other.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct LikePattern {
    /// Already escaped, without the surrounding quotes.
    escaped: String,
}

impl LikePattern {
    /// Matches text beginning with `prefix`.
    ///
    /// # Errors
    /// When the text has a NUL or is too long.
    pub fn starts_with(prefix: &str) -> Result<Self, LiteralError> {
        Ok(Self::default().exactly(prefix)?.anything())
    }

    /// Matches text ending with `suffix`.
    ///
    /// # Errors
    /// When the text has a NUL or is too long.
    pub fn ends_with(suffix: &str) -> Result<Self, LiteralError> {
        Self::default().anything().exactly(suffix)
    }

    /// Matches text containing `part`.
    ///
    /// # Errors
    /// When the text has a NUL or is too long.
    pub fn contains(part: &str) -> Result<Self, LiteralError> {
        Ok(Self::default().anything().exactly(part)?.anything())
    }

    /// This pattern followed by exactly `text`; `%` and `_` in it stand for themselves.
    ///
    /// # Errors
    /// When the text has a NUL or is too long.
    pub fn exactly(mut self, text: &str) -> Result<Self, LiteralError> {
        for character in checked(text.to_owned())?.chars() {
            match character {
                '%' => self.escaped.push_str("\\%"),
                '_' => self.escaped.push_str("\\_"),
                other => push_escaped(&mut self.escaped, other),
            }
        }
        Ok(self)
    }

    /// This pattern followed by any text, also none.
    #[must_use]
    pub fn anything(mut self) -> Self {
        self.escaped.push('%');
        self
    }

    /// This pattern followed by any one character.
    #[must_use]
    pub fn any_character(mut self) -> Self {
        self.escaped.push('_');
        self
    }
}

impl fmt::Display for LikePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.escaped)
    }
}

impl fmt::Debug for LikePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LikePattern({} bytes)", self.escaped.len())
    }
}

/// Splits values for IN lists: at most `values_max` and about `bytes_max` of SOQL per list, order kept.
///
/// # Panics
/// Never: limits of zero count as one value per list.
pub fn chunks(
    values: impl IntoIterator<Item = Literal>,
    values_max: usize,
    bytes_max: usize,
) -> Vec<Vec<Literal>> {
    let mut lists = Vec::new();
    let mut list: Vec<Literal> = Vec::new();
    let mut bytes = 0;
    for value in values {
        // Percent-encoding at worst triples a byte; the limit is on the statement before it.
        let size = value.to_string().len() + 1;
        if !list.is_empty() && (list.len() >= values_max || bytes + size > bytes_max) {
            lists.push(std::mem::take(&mut list));
            bytes = 0;
        }
        bytes += size;
        list.push(value);
    }
    if !list.is_empty() {
        lists.push(list);
    }
    lists
}
