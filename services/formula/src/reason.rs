//! Why a formula has no definite answer: precise enough to fetch what is missing and ask again, or to
//! show an administrator.

use std::fmt::{self, Display, Formatter};

use crate::token::Span;
use crate::trouble::{ErrorKind, Question};

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A value that matters was not loaded.
    NotLoaded {
        /// The field, path or global.
        path: String,
        /// Whether its value before the change is meant.
        prior: bool,
    },
    /// The value loaded is not of the declared type.
    WrongType {
        /// The field, path or global.
        path: String,
    },
    /// The current time was not given.
    Clock,
    /// The running user's time zone was not given.
    Zone,
    /// Whether the record is new was not given.
    NewOrUpdate,
    /// A part of the formula we do not evaluate.
    Unsupported {
        /// Which.
        what: &'static str,
        /// Where.
        span: Span,
    },
    /// The answer hangs on a point sources disagree about.
    Disputed {
        /// Which.
        question: Question,
        /// Where.
        span: Span,
    },
    /// The formula fails on these values.
    Failed {
        /// How.
        kind: ErrorKind,
        /// Where.
        span: Span,
    },
    /// More work or larger values than one evaluation may use.
    Limit {
        /// Which bound.
        what: &'static str,
        /// Where.
        span: Span,
    },
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotLoaded { path, prior: false } => write!(f, "{path} is not loaded"),
            Reason::NotLoaded { path, prior: true } => {
                write!(f, "the value of {path} before the change is not loaded")
            }
            Reason::WrongType { path } => {
                write!(f, "the value of {path} is not of its declared type")
            }
            Reason::Clock => f.write_str("the current time is not given"),
            Reason::Zone => f.write_str("the running user's time zone is not given"),
            Reason::NewOrUpdate => f.write_str("it is not given whether the record is new"),
            Reason::Unsupported { what, .. } => write!(f, "{what} is not evaluated"),
            Reason::Disputed { question, .. } => write!(f, "sources disagree about {question}"),
            Reason::Failed { kind, .. } => write!(f, "the formula fails: {kind}"),
            Reason::Limit { what, .. } => write!(f, "the evaluation exceeds a bound: {what}"),
        }
    }
}
