//! Protobuf <-> what programs and pages see. Field names and words are the contract's own, in lower case.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod catalogue;
pub(crate) mod change;
pub(crate) mod connection;
pub(crate) mod drift;
pub(crate) mod mapping;
pub(crate) mod matching;
pub(crate) mod org;
pub(crate) mod prediction;
pub(crate) mod quarantine;
pub(crate) mod refusals;
pub(crate) mod review;
pub(crate) mod rule;
pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod sync;
pub(crate) mod why;
pub(crate) mod word;

use chrono::{DateTime, Utc};
use events::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Names the next page; `None` on the last.
    pub(crate) next_page_token: Option<String>,
}

impl<T> Page<T> {
    /// The contract's empty token means that there is no next page.
    pub(crate) fn new(items: Vec<T>, next_page_token: String) -> Self {
        Self {
            items,
            next_page_token: Some(next_page_token).filter(|token| !token.is_empty()),
        }
    }
}

/// A moment; `None` when it is absent or beyond what a calendar can show.
pub(crate) fn time(at: Option<Timestamp>) -> Option<DateTime<Utc>> {
    let at = at?;
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

/// JSON kept as it is written, so that money keeps its digits; text that is not JSON becomes a string.
pub(crate) fn json(text: String) -> Option<Box<RawValue>> {
    if text.is_empty() {
        return None;
    }
    let kept = RawValue::from_string(text.clone());
    Some(kept.unwrap_or_else(|_| {
        serde_json::value::to_raw_value(&text).expect("a string is always valid JSON")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let shown = |text: &str| json(text.to_owned()).map(|json| json.get().to_owned());
        assert_eq!(
            shown("12345678901234567.89").as_deref(),
            Some("12345678901234567.89")
        );
        assert_eq!(shown("not json").as_deref(), Some("\"not json\""));
        assert_eq!(shown(""), None);
    }
}
