//! A difference that hit the mapping, and what was decided about it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::drift::Change;

/// One drift item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// UUIDv7.
    pub id: Uuid,
    /// What changed.
    pub change: Change,
    /// Entries it broke.
    pub entry_ids: Vec<String>,
    /// What would mend it.
    pub proposed_repair: String,
    /// When it was found.
    pub detected_at: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// Who decided; empty while open.
    pub resolved_by: String,
    /// Why; may be empty.
    pub reason: String,
}

/// Where a drift item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody decided.
    Open,
    /// Taken as it is.
    Accepted,
    /// The mapping or the org was mended.
    Repaired,
    /// Of no interest, for a reason.
    Ignored,
}

impl Status {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Repaired => "repaired",
            Self::Ignored => "ignored",
        }
    }

    /// The status of a stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Accepted, Self::Repaired, Self::Ignored]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}
