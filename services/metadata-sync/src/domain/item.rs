//! A difference that hit the mapping, and what was decided about it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::drift::{Change, Severity};
use super::impact::Impact;

/// One drift item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// UUIDv7.
    pub id: Uuid,
    /// What changed.
    pub change: Change,
    /// How much it matters.
    pub severity: Severity,
    /// Entries it broke.
    pub entry_ids: Vec<String>,
    /// Entries that use what changed, broken or not.
    pub touched_entry_ids: Vec<String>,
    /// Destinations that use what changed, for a person.
    pub destinations: Vec<String>,
    /// Our users a deactivated Salesforce user stood for, and how, for a person.
    pub people: Vec<String>,
    /// What would mend it.
    pub proposed_repair: String,
    /// When it was found.
    pub detected_at: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// Who decided; empty while open.
    pub resolved_by: String,
    /// When; absent while open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Why; may be empty.
    pub reason: String,
}

impl Item {
    /// A new item. What can only widen what may be written needs nobody and is written down as accepted by `by`.
    #[must_use]
    pub fn found(id: Uuid, change: Change, impact: Impact, at: DateTime<Utc>, by: &str) -> Self {
        let harmless = change.kind.harmless();
        Self {
            id,
            severity: impact.severity,
            entry_ids: impact.entry_ids,
            touched_entry_ids: impact.touched_entry_ids,
            destinations: impact.destinations,
            people: impact.people,
            proposed_repair: impact.proposed_repair,
            detected_at: at,
            status: if harmless {
                Status::Accepted
            } else {
                Status::Open
            },
            resolved_by: if harmless {
                by.to_owned()
            } else {
                String::new()
            },
            resolved_at: harmless.then_some(at),
            reason: if harmless {
                "it only allows more than before".to_owned()
            } else {
                String::new()
            },
            change,
        }
    }

    /// The item as it is once somebody decided.
    #[must_use]
    pub fn resolved(self, status: Status, by: &str, reason: &str, at: DateTime<Utc>) -> Self {
        Self {
            status,
            resolved_by: by.to_owned(),
            resolved_at: Some(at),
            reason: reason.to_owned(),
            ..self
        }
    }
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
