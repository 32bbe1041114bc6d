//! What a reviewer looks for, and decisions about many changes that are alike.

use chrono::{DateTime, Utc};
use events::Timestamp;
use events::rpc::RpcError;
use events::writeback::v1 as proto;
use events::writeback::v1::{Action, RiskFacet};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::change::Refusal;
use super::word::{self, as_word, parse};

/// Which changes are meant; what is empty does not narrow.
#[derive(Debug, Clone, Default, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Filter {
    pub(crate) object: String,
    pub(crate) field: String,
    /// A gate that objected, as `overwrite_policy`.
    pub(crate) gate: String,
    /// A reason's code, as `human_edit_newer`.
    pub(crate) code: String,
    pub(crate) record_id: String,
    pub(crate) meeting_id: String,
    /// Salesforce user who owned the record when it was judged.
    pub(crate) owner_id: String,
    #[serde(deserialize_with = "moment")]
    pub(crate) proposed_from: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "moment")]
    pub(crate) proposed_until: Option<DateTime<Utc>>,
    /// Facets of risk, as `overwrite,stage`: changes with at least one of them.
    pub(crate) risk: String,
    /// Only what carries little risk.
    pub(crate) low_risk: bool,
    /// Letters of the meeting's title, the quote or a value.
    pub(crate) text: String,
    /// A kind of changes, from a preview of a decision about those alike.
    pub(crate) alike: String,
    pub(crate) backfill_id: String,
    /// A month of the backfill, as `2025-03`.
    pub(crate) slice: String,
}

/// A moment, or nothing for an empty parameter: a browser sends every field of a form.
fn moment<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    DateTime::parse_from_rfc3339(&text)
        .map(|at| Some(at.with_timezone(&Utc)))
        .map_err(|_| serde::de::Error::custom("is not a moment as 2026-03-02T10:00:00Z"))
}

/// A moment as the contract has it.
pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

impl Filter {
    pub(crate) fn into_proto(self) -> Result<proto::ChangeFilter, RpcError> {
        let risks: Result<Vec<i32>, RpcError> = self
            .risk
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(|word| parse::<RiskFacet>("risk", word).map(i32::from))
            .collect();
        Ok(proto::ChangeFilter {
            risks: risks?,
            object: self.object,
            field: self.field,
            gate: self.gate,
            code: self.code,
            record_id: self.record_id,
            meeting_id: self.meeting_id,
            owner_id: self.owner_id,
            proposed_from: self.proposed_from.map(timestamp),
            proposed_until: self.proposed_until.map(timestamp),
            low_risk: self.low_risk,
            text: self.text,
            alike: self.alike,
            backfill_id: self.backfill_id,
            slice: self.slice,
        })
    }
}

/// A decision about all changes alike; without `seen_at` it is a preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideAlike {
    #[serde(default)]
    pub(crate) filter: Filter,
    /// `approve` or `dismiss`.
    pub(crate) decision: String,
    #[serde(default)]
    pub(crate) reason: String,
    /// Most changes decided by this request, at most 500; 0 for 500.
    #[serde(default)]
    pub(crate) changes_max: u32,
    /// As the preview answered it: what changed later is left alone.
    #[serde(default)]
    pub(crate) seen_at: Option<DateTime<Utc>>,
}

/// A preview, or what was decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecidedAlike {
    /// Kinds of changes that are meant, the most frequent first.
    pub(crate) kinds: Vec<AlikeChanges>,
    pub(crate) matching: u64,
    /// Those that may be decided together.
    pub(crate) decidable: u64,
    pub(crate) decided: u64,
    /// Decidable ones that are left: ask again with the same `seen_at`.
    pub(crate) remaining: u64,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) seen_at: Option<DateTime<Utc>>,
}

/// Changes of one kind, held for the same reasons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlikeChanges {
    /// Narrows a filter to them.
    pub(crate) alike: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Action>)]
    pub(crate) action: Action,
    pub(crate) object: String,
    /// Empty for creations.
    pub(crate) field: String,
    /// As `gate.code`.
    pub(crate) reasons: Vec<String>,
    pub(crate) changes: u64,
    pub(crate) low_risk: u64,
}

impl From<proto::DecideAlikeResponse> for DecidedAlike {
    fn from(answer: proto::DecideAlikeResponse) -> Self {
        let kind = |kind: proto::AlikeChanges| AlikeChanges {
            action: kind.action(),
            alike: kind.alike,
            object: kind.object,
            field: kind.field,
            reasons: kind.reasons,
            changes: kind.changes,
            low_risk: kind.low_risk,
        };
        Self {
            kinds: answer.kinds.into_iter().map(kind).collect(),
            matching: answer.matching,
            decidable: answer.decidable,
            decided: answer.decided,
            remaining: answer.remaining,
            refusals: answer.refusals.into_iter().map(Refusal::new).collect(),
            seen_at: super::time(answer.seen_at),
        }
    }
}
