//! Why a call failed, and what is known about its effect.
//!
//! Two questions matter to a caller. *Did it happen?* [`Error::outcome`]: a request that was not
//! sent may be repeated, an ambiguous one must be looked up first, an answered one is settled.
//! *What now?* [`Error::class`] and, per element, [`ApiError::class`].

mod api;
mod class;
mod code;
mod decode;

pub use api::{ApiError, DuplicateRecord, Duplicates, Quota, RAW_BYTES_MAX, parse_errors};
pub use class::{Class, RetryAdvice};
pub use code::Code;
pub use decode::DecodeError;

use crate::host::HostError;
use crate::token::TokenSourceError;
use crate::wire::TransportError;

/// What is known about the effect of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The request never left, or was refused before execution: repeating it is safe.
    NotSent,
    /// It may or may not have been executed: look before repeating.
    Ambiguous,
    /// Salesforce answered and nothing was changed by the call.
    Answered,
}

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Salesforce answered with errors.
    #[error("salesforce refused {operation}")]
    Refused {
        /// The operation, such as `update`.
        operation: &'static str,
        /// Status of the answer.
        http_status: u16,
        /// The first error; there is always one.
        #[source]
        first: Box<ApiError>,
        /// Further errors of the same answer.
        rest: Vec<ApiError>,
    },
    /// No usable answer arrived.
    #[error("{operation} got no answer")]
    Transport {
        /// The operation.
        operation: &'static str,
        /// What broke, and how far the request got.
        #[source]
        source: TransportError,
    },
    /// The answer arrived with a success status but is not what the API documents.
    #[error("answer to {operation} is not understood")]
    Decode {
        /// The operation.
        operation: &'static str,
        /// Where it stops making sense. Positions only, never content.
        #[source]
        source: DecodeError,
    },
    /// The answer decodes but contradicts the request, such as a different number of rows.
    #[error("answer to {operation} is inconsistent: {reason}")]
    Inconsistent {
        /// The operation.
        operation: &'static str,
        /// How.
        reason: &'static str,
    },
    /// A fresh token was refused as well: not an expiry, so refreshing again would not help. Session
    /// locked to an address, API permission or scope missing, or a wrong instance.
    #[error("salesforce refuses a session that was just refreshed")]
    SessionRejected(#[source] Box<ApiError>),
    /// There is no token to call with.
    #[error("no access token")]
    Token(#[source] TokenSourceError),
    /// A host or link failed the allow-list; nothing was sent to it.
    #[error("refused to call an address outside the allow-list")]
    Host(#[source] HostError),
    /// The request breaks a limit of the API or of ours; nothing was sent.
    #[error("request not sent: {0}")]
    Invalid(String),
    /// All permits of this org stayed taken for the whole request timeout.
    #[error("too many calls in flight to this org")]
    Busy,
    /// The query has more rows or pages than the caller wants.
    #[error("query exceeds the limit of {limit} {unit}")]
    TooMany {
        /// The limit.
        limit: usize,
        /// `rows` or `pages`.
        unit: &'static str,
    },
}

impl Error {
    /// What is known about the call's effect.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused {
                http_status, first, ..
            } => {
                if *http_status >= 500 && !first.not_executed() {
                    Outcome::Ambiguous
                } else {
                    Outcome::Answered
                }
            }
            Self::Transport { source, .. } => source.outcome(),
            // The status said success: a write was executed, we just cannot read what came of it.
            Self::Decode { .. } | Self::Inconsistent { .. } => Outcome::Ambiguous,
            // 401 is answered before execution; the rest never left.
            Self::SessionRejected(_)
            | Self::Token(_)
            | Self::Host(_)
            | Self::Invalid(_)
            | Self::Busy => Outcome::NotSent,
            // Queries only: nothing to repeat or to look for.
            Self::TooMany { .. } => Outcome::Answered,
        }
    }

    /// Who or what resolves it.
    pub fn class(&self) -> Class {
        match self {
            Self::Refused { first, rest, .. } => {
                // The first real culprit: "rolled back because of another" explains nothing.
                std::iter::once(first.as_ref())
                    .chain(rest)
                    .map(ApiError::class)
                    .find(|class| *class != Class::Follow)
                    .unwrap_or(Class::Follow)
            }
            Self::Transport { source, .. } => source.class(),
            Self::Decode { .. } | Self::Inconsistent { .. } | Self::Invalid(_) => Class::Bug,
            Self::SessionRejected(_) | Self::Host(_) => Class::Admin,
            Self::Token(source) => source.class(),
            Self::Busy => Class::Retry,
            Self::TooMany { .. } => Class::RetryNarrower,
        }
    }

    /// Every error element Salesforce sent; empty when it sent none.
    pub fn api_errors(&self) -> impl Iterator<Item = &ApiError> {
        let (first, rest): (Option<&ApiError>, &[ApiError]) = match self {
            Self::Refused { first, rest, .. } => (Some(first), rest),
            Self::SessionRejected(first) => (Some(first), &[]),
            Self::Transport { .. }
            | Self::Decode { .. }
            | Self::Inconsistent { .. }
            | Self::Token(_)
            | Self::Host(_)
            | Self::Invalid(_)
            | Self::Busy
            | Self::TooMany { .. } => (None, &[]),
        };
        first.into_iter().chain(rest)
    }

    /// Whether any element has this code.
    pub fn has_code(&self, code: &Code) -> bool {
        self.api_errors().any(|error| &error.code == code)
    }

    /// What only the connection as a whole can answer for, as auth wants it reported: the API is
    /// off, the app is blocked, or a fresh session is refused.
    pub fn access_problem(&self) -> Option<&str> {
        if matches!(self, Self::SessionRejected(_)) {
            return Some("SESSION_REJECTED");
        }
        let code = self.api_errors().map(|error| &error.code).find(|code| {
            matches!(
                code,
                Code::ApiDisabledForOrg
                    | Code::ClientNotAccessibleForUser
                    | Code::Forbidden
                    | Code::OrgLocked
                    | Code::TrialExpired
            )
        });
        code.map(Code::as_str)
    }

    /// Whether a read may simply be made again after a short pause.
    ///
    /// Quota is left to the caller, who must pause the whole org; slow healing takes a quarter hour.
    pub(crate) fn read_retryable(&self) -> bool {
        match self {
            Self::Refused { .. } => self.class() == Class::Retry,
            Self::Transport { source, .. } => source.class() == Class::Retry,
            Self::Decode { .. }
            | Self::Inconsistent { .. }
            | Self::SessionRejected(_)
            | Self::Token(_)
            | Self::Host(_)
            | Self::Invalid(_)
            | Self::Busy
            | Self::TooMany { .. } => false,
        }
    }

    /// An answer with an error status.
    pub(crate) fn refused(operation: &'static str, http_status: u16, body: &[u8]) -> Self {
        let mut errors = parse_errors(http_status, body).into_iter();
        let first = errors
            .next()
            .unwrap_or_else(|| ApiError::from_status(http_status, ""));
        Self::Refused {
            operation,
            http_status,
            first: Box::new(first),
            rest: errors.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
