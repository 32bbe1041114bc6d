//! Decides whether a row matches, with SOQL's rules for empty values: `!=` and `NOT IN` match them,
//! ordering comparisons and LIKE do not.

use std::cmp::Ordering;
use std::collections::HashSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::ast::Comparison;
use super::plan::{FieldRef, Leaf};
use crate::id::Id;
use crate::org::Org;
use crate::store::{Key, Row};
use crate::value::Value;

/// A resolved filter.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// Not it.
    Not(Box<Condition>),
    /// Comparison with one value.
    Compare(FieldRef, Comparison, Right),
    /// Membership.
    In(FieldRef, bool, Set),
    /// Multi-select membership: any of the sets contained whole.
    Includes(FieldRef, bool, Vec<Vec<String>>),
}

/// Right side of a comparison.
#[derive(Debug, Clone)]
pub enum Right {
    /// Empty.
    Null,
    /// Checkbox.
    Bool(bool),
    /// Number.
    Number(Decimal),
    /// Lower-cased text.
    Text(String),
    /// Pattern.
    Like(Like),
    /// Record id.
    Id(Id),
    /// Day.
    Date(NaiveDate),
    /// Moment in ms.
    DateTime(i64),
    /// Days `[from, to)`.
    Days(NaiveDate, NaiveDate),
    /// Moments `[from, to)` in ms.
    Span(i64, i64),
}

/// Values of an IN list.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// Hashable ones.
    pub keys: HashSet<Key>,
    /// The list contains null.
    pub null: bool,
    /// Booleans, dates and moments.
    pub others: Vec<Right>,
}

impl Set {
    /// Adds one literal.
    pub fn add(&mut self, right: Right) {
        match right {
            Right::Null => self.null = true,
            Right::Text(text) => drop(self.keys.insert(Key::Text(text.into()))),
            Right::Id(id) => drop(self.keys.insert(Key::Id(id))),
            Right::Number(number) => drop(self.keys.insert(Key::Number(number.normalize()))),
            other => self.others.push(other),
        }
    }

    fn contains(&self, value: &Value) -> bool {
        if value.is_null() {
            return self.null;
        }
        Key::of(value).is_some_and(|key| self.keys.contains(&key))
            || self
                .others
                .iter()
                .any(|right| compare(value, Comparison::Equal, right))
    }
}

/// A LIKE pattern: `%` any run, `_` any one character, without regard to case.
#[derive(Debug, Clone)]
pub struct Like(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Any,
    One,
    Char(char),
}

impl Like {
    /// Reads a pattern in which `\%` and `\_` are plain characters.
    pub fn new(pattern: &str) -> Like {
        let mut pieces = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => pieces.push(Piece::Any),
                '_' => pieces.push(Piece::One),
                '\\' => pieces.extend(
                    characters
                        .next()
                        .into_iter()
                        .flat_map(char::to_lowercase)
                        .map(Piece::Char),
                ),
                other => pieces.extend(other.to_lowercase().map(Piece::Char)),
            }
        }
        Like(pieces)
    }

    /// Whether the text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let (mut t, mut p) = (0, 0);
        // Position to return to when the run after the last `%` fails.
        let mut retry: Option<(usize, usize)> = None;
        while t < text.len() {
            match self.0.get(p) {
                Some(Piece::Any) => {
                    retry = Some((p, t));
                    p += 1;
                }
                Some(Piece::One) => {
                    p += 1;
                    t += 1;
                }
                Some(Piece::Char(wanted)) if *wanted == text[t] => {
                    p += 1;
                    t += 1;
                }
                _ => match retry {
                    Some((any, from)) => {
                        p = any + 1;
                        t = from + 1;
                        retry = Some((any, from + 1));
                    }
                    None => return false,
                },
            }
        }
        self.0[p..].iter().all(|piece| *piece == Piece::Any)
    }
}

/// Reads a field of a row, following parents.
pub fn read(org: &Org, object: u16, row: &Row, field: &FieldRef) -> Value {
    let (mut object, mut row) = (object, row);
    for hop in &field.hops {
        let Some((parent_object, parent)) = hop.follow(org, object, row) else {
            return Value::Null;
        };
        (object, row) = (parent_object, parent);
    }
    match &field.leaf {
        Leaf::Slot(_, slot) => org.value(object, row, *slot),
        Leaf::Dynamic(name) => dynamic(org, object, row, name),
    }
}

/// A field of a polymorphic parent.
pub fn dynamic(org: &Org, object: u16, row: &Row, name: &str) -> Value {
    let described = org.schema.object(object);
    match name {
        "Type" => Value::text(&described.name),
        "Name" => described
            .name_slot()
            .map_or(Value::Null, |slot| org.value(object, row, slot)),
        _ => org.value_of(object, row, name),
    }
}

impl Condition {
    /// Whether a row matches.
    pub fn matches(&self, org: &Org, object: u16, row: &Row) -> bool {
        match self {
            Condition::And(terms) => terms.iter().all(|term| term.matches(org, object, row)),
            Condition::Or(terms) => terms.iter().any(|term| term.matches(org, object, row)),
            Condition::Not(inner) => !inner.matches(org, object, row),
            Condition::Compare(field, comparison, right) => {
                compare(&read(org, object, row, field), *comparison, right)
            }
            Condition::In(field, positive, set) => {
                set.contains(&read(org, object, row, field)) == *positive
            }
            Condition::Includes(field, positive, sets) => {
                let value = read(org, object, row, field);
                let chosen: Vec<String> = value
                    .as_text()
                    .map(|text| text.split(';').map(str::to_lowercase).collect())
                    .unwrap_or_default();
                sets.iter()
                    .any(|set| set.iter().all(|wanted| chosen.contains(wanted)))
                    == *positive
            }
        }
    }
}

/// Compares a stored value with a literal.
pub fn compare(value: &Value, comparison: Comparison, right: &Right) -> bool {
    match right {
        Right::Null => return value.is_null() == (comparison == Comparison::Equal),
        Right::Like(like) => return value.as_text().is_some_and(|text| like.matches(text)),
        Right::Days(from, to) => {
            let Value::Date(day) = value else {
                return value.is_null() && comparison == Comparison::NotEqual;
            };
            return in_range(day, from, to, comparison);
        }
        Right::Span(from, to) => {
            let Value::DateTime(at) = value else {
                return value.is_null() && comparison == Comparison::NotEqual;
            };
            return in_range(at, from, to, comparison);
        }
        _ => {}
    }
    if value.is_null() {
        return comparison == Comparison::NotEqual;
    }
    let ordering = match right {
        Right::Bool(flag) => Some(value.as_bool().cmp(flag)),
        Right::Number(number) => value.as_number().map(|found| found.cmp(number)),
        Right::Text(text) => value.as_text().map(|found| found.to_lowercase().cmp(text)),
        Right::Id(id) => value.as_id().map(|found| found.cmp(id)),
        Right::Date(day) => {
            if let Value::Date(found) = value {
                Some(found.cmp(day))
            } else {
                None
            }
        }
        Right::DateTime(at) => {
            if let Value::DateTime(found) = value {
                Some(found.cmp(at))
            } else {
                None
            }
        }
        Right::Null | Right::Like(_) | Right::Days(..) | Right::Span(..) => None,
    };
    let Some(ordering) = ordering else {
        return comparison == Comparison::NotEqual;
    };
    match comparison {
        Comparison::Equal => ordering == Ordering::Equal,
        Comparison::NotEqual => ordering != Ordering::Equal,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterEqual => ordering != Ordering::Less,
        Comparison::Like => false,
    }
}

fn in_range<T: Ord>(value: &T, from: &T, to: &T, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Equal => value >= from && value < to,
        Comparison::NotEqual => value < from || value >= to,
        Comparison::Less => value < from,
        Comparison::LessEqual => value < to,
        Comparison::Greater => value >= to,
        Comparison::GreaterEqual => value >= from,
        Comparison::Like => false,
    }
}

/// Orders values of one type; text without regard to case.
pub fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Id(left), Value::Id(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        _ => left.as_number().cmp(&right.as_number()),
    }
}

#[cfg(test)]
mod tests {
    use super::Like;

    #[test]
    fn patterns_match_as_like_does() {
        for (pattern, text, expected) in [
            ("acme%", "Acme Corp", true),
            ("%corp", "Acme Corp", true),
            ("%me_c%", "Acme Corp", true),
            ("acme", "Acme Corp", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("%", "", true),
            ("_", "", false),
            ("%a%b%c", "xxaxxbxxbxc", true),
        ] {
            assert_eq!(
                Like::new(pattern).matches(text),
                expected,
                "{pattern} on {text}"
            );
        }
    }
}
