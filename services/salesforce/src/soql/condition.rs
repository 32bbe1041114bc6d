//! WHERE clauses as data.

use std::fmt;

use super::literal::{LikePattern, Literal};
use super::query::Query;
use crate::name::FieldPath;

/// How a field compares to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A condition, always rendered with its own parentheses so that nesting needs no precedence rules.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Field against value.
    Compare(FieldPath, Comparison, Literal),
    /// Field is one of the values.
    In(FieldPath, Vec<Literal>),
    /// Field is none of the values.
    NotIn(FieldPath, Vec<Literal>),
    /// Field is among the rows of another query with a single column.
    InQuery(FieldPath, Box<Query>),
    /// Text matches a pattern, case-insensitively.
    Like(FieldPath, LikePattern),
    /// Multi-select contains one of the values.
    Includes(FieldPath, Vec<Literal>),
    /// All hold.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// `field = value`
    pub fn eq(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::Equal, value.into())
    }

    /// `field != value`
    pub fn ne(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::NotEqual, value.into())
    }

    /// `field >= value`
    pub fn at_least(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::AtLeast, value.into())
    }

    /// `field > value`
    pub fn greater(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::Greater, value.into())
    }

    /// `field <= value`
    pub fn at_most(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::AtMost, value.into())
    }

    /// `field < value`
    pub fn less(field: impl Into<FieldPath>, value: impl Into<Literal>) -> Self {
        Self::Compare(field.into(), Comparison::Less, value.into())
    }

    /// `field IN (values)`. No value at all matches no row.
    pub fn is_in<L: Into<Literal>>(
        field: impl Into<FieldPath>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        Self::In(field.into(), values.into_iter().map(Into::into).collect())
    }

    /// `field LIKE pattern`
    pub fn like(field: impl Into<FieldPath>, pattern: LikePattern) -> Self {
        Self::Like(field.into(), pattern)
    }

    /// `field = null`
    pub fn is_null(field: impl Into<FieldPath>) -> Self {
        Self::Compare(field.into(), Comparison::Equal, Literal::Null)
    }

    /// `field != null`
    pub fn is_not_null(field: impl Into<FieldPath>) -> Self {
        Self::Compare(field.into(), Comparison::NotEqual, Literal::Null)
    }

    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut conditions) => {
                conditions.push(other);
                Self::All(conditions)
            }
            first => Self::All(vec![first, other]),
        }
    }

    /// Either condition.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut conditions) => {
                conditions.push(other);
                Self::Any(conditions)
            }
            first => Self::Any(vec![first, other]),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }
}

fn list(f: &mut fmt::Formatter<'_>, values: &[Literal]) -> fmt::Result {
    f.write_str("(")?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        write!(f, "{value}")?;
    }
    f.write_str(")")
}

fn joined(f: &mut fmt::Formatter<'_>, conditions: &[Condition], word: &str) -> fmt::Result {
    for (at, condition) in conditions.iter().enumerate() {
        if at > 0 {
            write!(f, " {word} ")?;
        }
        match condition {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
                write!(f, "({condition})")?;
            }
            Condition::Compare(..)
            | Condition::In(..)
            | Condition::NotIn(..)
            | Condition::InQuery(..)
            | Condition::Like(..)
            | Condition::Includes(..) => write!(f, "{condition}")?,
        }
    }
    Ok(())
}

/// SOQL has no `false`: a record without an id does not exist.
const NOTHING: &str = "Id = null";
/// And no `true`.
const EVERYTHING: &str = "Id != null";

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(field, comparison, value) => {
                write!(f, "{field} {} {value}", comparison.as_str())
            }
            Self::In(_, values) if values.is_empty() => f.write_str(NOTHING),
            Self::NotIn(_, values) if values.is_empty() => f.write_str(EVERYTHING),
            Self::Includes(_, values) if values.is_empty() => f.write_str(NOTHING),
            Self::In(field, values) => {
                write!(f, "{field} IN ")?;
                list(f, values)
            }
            Self::NotIn(field, values) => {
                write!(f, "{field} NOT IN ")?;
                list(f, values)
            }
            Self::InQuery(field, query) => write!(f, "{field} IN ({query})"),
            Self::Like(field, pattern) => write!(f, "{field} LIKE {pattern}"),
            Self::Includes(field, values) => {
                write!(f, "{field} INCLUDES ")?;
                list(f, values)
            }
            Self::All(conditions) if conditions.is_empty() => f.write_str(EVERYTHING),
            Self::Any(conditions) if conditions.is_empty() => f.write_str(NOTHING),
            Self::All(conditions) => joined(f, conditions, "AND"),
            Self::Any(conditions) => joined(f, conditions, "OR"),
            Self::Not(condition) => write!(f, "NOT ({condition})"),
        }
    }
}
