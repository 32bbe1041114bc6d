//! Protobuf to domain and back. Nothing else in this service touches generated messages' fields, and a bad field is
//! refused here by its name, with the fix.

mod decision;
mod meeting;
mod records;
mod replay;

pub use decision::{decided, outcome_word, settled};
pub use meeting::meeting;
pub use records::records;
pub use replay::{OpportunityVerdict, replayed, replayed_opportunity};

use chrono::{DateTime, Utc};
use events::Timestamp;

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The field, as in the proto.
    pub field: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl FieldError {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

fn moment(field: &str, value: Option<&Timestamp>) -> Result<DateTime<Utc>, FieldError> {
    let value = value.ok_or_else(|| FieldError::new(field, "is missing; set it"))?;
    let nanos = u32::try_from(value.nanos).ok();
    nanos
        .and_then(|nanos| DateTime::from_timestamp(value.seconds, nanos))
        .ok_or_else(|| {
            FieldError::new(
                field,
                "is no moment; seconds since 1970 and 0 to 999,999,999 nanoseconds",
            )
        })
}

/// A moment as it travels.
#[must_use]
pub fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp {
        seconds: moment.timestamp(),
        nanos,
    }
}
