//! Salesforce's errors as the domain sees them.

use salesforce::{ApiError, Duplicates, Error, RowOutcome, TransportError};

use crate::domain::outcome::{CallFailure, Problem, Row};

/// One error element.
#[must_use]
pub fn problem(error: &ApiError) -> Problem {
    Problem {
        code: error.code.as_str().to_owned(),
        message: error.message.clone(),
        fields: error.fields.clone(),
        class: error.class(),
        retry: error.retry_advice().map(|advice| {
            (
                advice.attempts_max,
                advice.delay_min_ms,
                advice.delay_max_ms,
            )
        }),
        matches: error.duplicates.iter().flat_map(matches).collect(),
    }
}

/// The rule and each record it matched.
fn matches(found: &Duplicates) -> Vec<String> {
    let weight = if found.allow_save {
        "which only warns"
    } else {
        "which blocks"
    };
    let rule = format!("by rule {}, {weight}", found.rule);
    found
        .records
        .iter()
        .map(|record| format!("{} {}", record.object, record.id.as_str()))
        .chain(std::iter::once(rule))
        .collect()
}

/// One row's outcome.
#[must_use]
pub fn row(outcome: &RowOutcome) -> Row {
    match outcome {
        RowOutcome::Saved { id, .. } => Row::Saved {
            id: id.map_or_else(String::new, |id| id.as_str().to_owned()),
        },
        RowOutcome::Refused(errors) => Row::Refused(errors.iter().map(problem).collect()),
    }
}

/// A failed call.
#[must_use]
pub fn failure(error: &Error) -> CallFailure {
    let timed_out = match error {
        Error::Transport { source, .. } => matches!(source, TransportError::TimedOut),
        _ => false,
    };
    let http_status = match error {
        Error::Refused { http_status, .. } => *http_status,
        Error::SessionRejected(_) => 401,
        _ => 0,
    };
    CallFailure {
        outcome: error.outcome(),
        timed_out,
        http_status,
        problems: error.api_errors().map(problem).collect(),
        class: error.class(),
    }
}

/// An error and its causes in one line, for a log line or a pause's reason; never a record's values.
#[must_use]
pub fn chain(error: &Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
