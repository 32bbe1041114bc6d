//! What can go wrong while a formula is evaluated: the vocabulary shared by the pure functions and
//! the machine that runs them.

use std::fmt::{self, Display, Formatter};

/// A run-time error of the language. What a save does on one is documented nowhere, so for a rule it
/// means "cannot tell" (language section 11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `/` or `MOD` by zero.
    DivisionByZero,
    /// `^` with a fraction.
    PowerNotWhole,
    /// `^` whose result is above 1e64.
    PowerTooLarge,
    /// A result that is not a number: `SQRT(-1)`, `LN(0)`.
    NotANumber,
    /// `VALUE` of a text that is no number.
    NotNumeric,
    /// An impossible date or time, or a text that is none.
    NotADate,
    /// A blank where the function demands a value.
    BlankArgument,
    /// A latitude or longitude outside its range.
    NotALocation,
    /// A regular expression that is not valid Java syntax.
    BadPattern,
}

impl Display for ErrorKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::DivisionByZero => "division by zero",
            ErrorKind::PowerNotWhole => "a power that is not a whole number",
            ErrorKind::PowerTooLarge => "a power whose result is too large",
            ErrorKind::NotANumber => "a result that is not a number",
            ErrorKind::NotNumeric => "a text that is not a number",
            ErrorKind::NotADate => "an impossible date or time",
            ErrorKind::BlankArgument => "a blank argument where a value is needed",
            ErrorKind::NotALocation => "a latitude or longitude outside its range",
            ErrorKind::BadPattern => "an invalid regular expression",
        })
    }
}

/// Semantics that published sources disagree about (language section 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Question {
    /// Whether `=` on texts looks at letter case.
    TextCase,
    /// Whether picklist comparison looks at letter case.
    PicklistCase,
    /// What a non-text value against `NULL` is.
    NullComparison,
    /// Whether a change of letter case only counts as changed.
    ChangedCase,
    /// How `<` orders texts.
    TextOrder,
    /// What `TEXT`, `SUBSTITUTE`, `LPAD` and `RPAD` do with a blank.
    BlankText,
}

impl Display for Question {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Question::TextCase => "whether equal texts may differ in letter case",
            Question::PicklistCase => "whether picklist values may differ in letter case",
            Question::NullComparison => "what comparing this kind of value with NULL gives",
            Question::ChangedCase => "whether a change of letter case counts as a change",
            Question::TextOrder => "how these texts are ordered",
            Question::BlankText => "what this function does with a blank",
        })
    }
}

/// Why a function has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The platform's own evaluation fails.
    Error(ErrorKind),
    /// We do not evaluate this.
    Unsupported(&'static str),
    /// More work or a larger value than we allow.
    Limit(&'static str),
}
