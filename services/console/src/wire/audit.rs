//! Who or what changed which setting or decision.

use chrono::{DateTime, Utc};
use events::metadata::v1 as metadata;
use events::writeback::v1 as writeback;
use serde::Serialize;
use utoipa::ToSchema;

/// The owners that note what was done, in the order in which what they noted of one moment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// Versions of the mapping.
    MetadataSync,
    /// Settings and decisions about writing.
    Writeback,
}

impl Owner {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MetadataSync => "metadata-sync",
            Self::Writeback => "writeback",
        }
    }
}

/// One thing that was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    pub(crate) at: DateTime<Utc>,
    /// Who or what, as `user:ann@acme.com`.
    pub(crate) actor: String,
    /// The role it was done with; empty where the owner does not note it.
    pub(crate) role: String,
    /// As `permission.set`.
    pub(crate) action: String,
    pub(crate) subject: String,
    /// JSON as text, cut where it is long; empty when there was nothing.
    pub(crate) before: String,
    /// The same, as it is.
    pub(crate) after: String,
    /// The service that noted it.
    pub(crate) owner: &'static str,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    #[serde(skip)]
    pub(crate) place: Place,
}

/// A place in the merged trail: what is noted of one moment is ordered by owner and number. Greater is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Since 1970.
    pub(crate) micros: i64,
    pub(crate) owner: Owner,
    pub(crate) id: u64,
}

impl Place {
    /// As a page's token.
    pub(crate) fn token(self) -> String {
        format!("{}.{}.{}", self.micros, self.owner.name(), self.id)
    }

    /// `None` when the token is not one of ours.
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let mut parts = token.splitn(3, '.');
        let micros: i64 = parts.next()?.parse().ok()?;
        DateTime::from_timestamp_micros(micros)?;
        let named = parts.next()?;
        let owner = [Owner::MetadataSync, Owner::Writeback]
            .into_iter()
            .find(|owner| owner.name() == named)?;
        Some(Self {
            micros,
            owner,
            id: parts.next()?.parse().ok()?,
        })
    }
}

impl AuditEntry {
    /// `None` for an entry without a moment, which no owner makes.
    pub(crate) fn of_writeback(entry: writeback::AuditEntry) -> Option<Self> {
        let at = super::time(entry.at)?;
        Some(Self {
            place: Place {
                micros: at.timestamp_micros(),
                owner: Owner::Writeback,
                id: entry.id,
            },
            at,
            actor: entry.actor,
            role: entry.role,
            action: entry.action,
            subject: entry.subject,
            before: entry.before,
            after: entry.after,
            owner: Owner::Writeback.name(),
            request_id: entry.request_id,
            trace_id: entry.trace_id,
        })
    }

    /// The publication of a version of the mapping.
    pub(crate) fn of_version(version: metadata::MappingVersion) -> Option<Self> {
        let at = super::time(version.published_at)?;
        Some(Self {
            place: Place {
                micros: at.timestamp_micros(),
                owner: Owner::MetadataSync,
                id: version.version,
            },
            at,
            actor: version.published_by,
            role: String::new(),
            action: "mapping.published".to_owned(),
            subject: format!("version {}", version.version),
            before: String::new(),
            after: format!("{{\"entries\": {}}}", version.entries),
            owner: Owner::MetadataSync.name(),
            request_id: String::new(),
            trace_id: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_any_other_is_refused() {
        let place = Place {
            micros: 1_772_445_600_123_456,
            owner: Owner::MetadataSync,
            id: 3,
        };
        assert_eq!(place.token(), "1772445600123456.metadata-sync.3");
        assert_eq!(Place::parse(&place.token()), Some(place));
        for wrong in [
            "",
            "1.2.3",
            "1.auth.3",
            "x.writeback.1",
            "1.writeback.",
            "99999999999999999999.writeback.1",
        ] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
