//! What Salesforce refused, by cause.

use chrono::{DateTime, Utc};
use events::writeback::v1 as proto;
use events::writeback::v1::RefusalScope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word::{self, as_word};

/// Refusals grouped by cause, the most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusals {
    pub(crate) items: Vec<RefusalGroup>,
    /// Refused changes in all.
    pub(crate) changes: u64,
}

/// Changes refused for one cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusalGroup {
    /// Names the group.
    pub(crate) cause: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<RefusalScope>)]
    pub(crate) scope: RefusalScope,
    pub(crate) object: String,
    /// Salesforce's code.
    pub(crate) code: String,
    /// The validation rule, where it is known.
    pub(crate) rule: String,
    pub(crate) fields: Vec<String>,
    /// Salesforce's own words.
    pub(crate) message: String,
    pub(crate) advice: String,
    pub(crate) changes: u64,
    pub(crate) meetings: u64,
    pub(crate) first_at: Option<DateTime<Utc>>,
    pub(crate) newest_at: Option<DateTime<Utc>>,
    /// They go on by themselves when the org's schema shows that the cause changed.
    pub(crate) watched: bool,
}

impl From<proto::ListRefusalGroupsResponse> for Refusals {
    fn from(answer: proto::ListRefusalGroupsResponse) -> Self {
        let group = |group: proto::RefusalGroup| RefusalGroup {
            scope: group.scope(),
            cause: group.cause,
            object: group.object,
            code: group.code,
            rule: group.rule,
            fields: group.fields,
            message: group.message,
            advice: group.advice,
            changes: group.changes,
            meetings: group.meetings,
            first_at: super::time(group.first_at),
            newest_at: super::time(group.newest_at),
            watched: group.watched,
        };
        Self {
            items: answer.groups.into_iter().map(group).collect(),
            changes: answer.changes,
        }
    }
}

/// A group to be tried again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) cause: String,
    /// What was mended.
    #[serde(default)]
    pub(crate) reason: String,
    /// Most changes released by this request, at most 1,000; 0 for 1,000.
    #[serde(default)]
    pub(crate) changes_max: u32,
}

/// What went on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Released {
    pub(crate) released: u64,
    /// A newer revision of their meeting took their place.
    pub(crate) superseded: u64,
    /// Those left: ask again.
    pub(crate) remaining: u64,
}

impl From<proto::ReleaseRefusalsResponse> for Released {
    fn from(answer: proto::ReleaseRefusalsResponse) -> Self {
        Self {
            released: answer.released,
            superseded: answer.superseded,
            remaining: answer.remaining,
        }
    }
}
