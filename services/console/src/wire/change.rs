//! Changes: what is to be written where, what was, and everything that stood in the way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::rpc::RpcError;
use events::writeback::v1 as proto;
use events::writeback::v1::{Action, ChangeSetState, ChangeState, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::word::{self, Word, as_word, parse};

/// Most decisions in one request, as writeback takes them.
pub(crate) const DECISIONS_MAX: usize = 500;

/// One change with everything known about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) change_set_id: String,
    pub(crate) meeting_id: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Action>)]
    pub(crate) action: Action,
    pub(crate) object: String,
    /// Empty until a creation was applied.
    pub(crate) record_id: String,
    /// Empty for creations.
    pub(crate) field: String,
    pub(crate) mapping_entry_id: String,
    pub(crate) mapping_version: u64,
    /// What was in the field when it was gated.
    #[schema(value_type = serde_json::Value)]
    pub(crate) baseline: Option<Box<RawValue>>,
    #[schema(value_type = serde_json::Value)]
    pub(crate) proposed: Option<Box<RawValue>>,
    /// What was read back after the write.
    #[schema(value_type = serde_json::Value)]
    pub(crate) observed: Option<Box<RawValue>>,
    pub(crate) confidence: f64,
    pub(crate) evidence: Vec<Quote>,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ChangeState>)]
    pub(crate) state: ChangeState,
    /// The strictest thing said.
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Verdict>)]
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) proposed_at: Option<DateTime<Utc>>,
    pub(crate) changed_at: Option<DateTime<Utc>>,
    pub(crate) decided_by: String,
    pub(crate) trace_id: String,
    /// Named when deciding, so that nobody decides on what they did not see.
    pub(crate) version: u64,
    /// The change it takes back; empty otherwise.
    pub(crate) undoes: String,
    /// What Salesforce said when it was rehearsed as it stands.
    pub(crate) rehearsal: Option<Rehearsal>,
    /// What makes it risky, the gravest first.
    pub(crate) risks: Vec<String>,
    /// The order of the review queue: the highest first.
    pub(crate) risk: u32,
    /// Owner of the record when it was judged.
    pub(crate) owner_id: String,
    /// The backfill it belongs to; empty otherwise.
    pub(crate) backfill_id: String,
}

/// What was said in the meeting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quote {
    pub(crate) quote: String,
    pub(crate) speaker: String,
    pub(crate) offset_ms: u64,
}

/// What one gate, or Salesforce, says of a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reason {
    pub(crate) gate: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Verdict>)]
    pub(crate) verdict: Verdict,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) fields: Vec<String>,
    /// Of a validation rule predicted to refuse: why.
    pub(crate) rule: Option<RuleFinding>,
}

/// Why a validation rule would refuse.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleFinding {
    pub(crate) rule: String,
    /// The rule's own message.
    pub(crate) message: String,
    /// One sentence.
    pub(crate) explanation: String,
    pub(crate) because: Vec<RuleCondition>,
    /// Putting back any one of these fields would lift it.
    pub(crate) would_lift: Vec<String>,
}

/// One condition of a rule, in its author's words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleCondition {
    pub(crate) text: String,
    pub(crate) holds: bool,
    pub(crate) values: Vec<RuleValue>,
}

/// A value a rule reads; empty when blank, null when not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleValue {
    pub(crate) path: String,
    pub(crate) value: Option<String>,
    pub(crate) before: Option<String>,
}

impl RuleFinding {
    fn new(rule: proto::RuleFinding) -> Self {
        let value = |seen: proto::RuleValue| RuleValue {
            path: seen.path,
            value: seen.value,
            before: seen.before,
        };
        let condition = |condition: proto::RuleCondition| RuleCondition {
            text: condition.text,
            holds: condition.holds,
            values: condition.values.into_iter().map(value).collect(),
        };
        Self {
            rule: rule.rule,
            message: rule.message,
            explanation: rule.explanation,
            because: rule.because.into_iter().map(condition).collect(),
            would_lift: rule.would_lift,
        }
    }
}

/// What Salesforce said when changes were saved together and rolled back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rehearsal {
    pub(crate) accepted: bool,
    pub(crate) said: Vec<Reason>,
    /// Fields of the same record rehearsed with it.
    pub(crate) together: Vec<String>,
    pub(crate) by: String,
    pub(crate) at: Option<DateTime<Utc>>,
}

impl Rehearsal {
    fn new(rehearsal: proto::Rehearsal) -> Self {
        Self {
            accepted: rehearsal.accepted,
            said: rehearsal.said.into_iter().map(Reason::new).collect(),
            together: rehearsal.together,
            by: rehearsal.by,
            at: super::time(rehearsal.at),
        }
    }
}

impl Change {
    pub(crate) fn new(change: proto::Change) -> Self {
        let (action, state) = (change.action(), change.state());
        let risks = change.risks().map(Word::word).collect();
        let record = change.record.unwrap_or_default();
        let mut reasons: Vec<Reason> = change.reasons.into_iter().map(Reason::new).collect();
        // Stable: what each verdict's gates say stays in the gates' own order.
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.verdict as i32));
        let quote = |evidence: events::meeting::v1::Evidence| Quote {
            quote: evidence.quote,
            speaker: evidence.speaker,
            offset_ms: evidence.offset_ms,
        };
        Self {
            id: change.id,
            change_set_id: change.change_set_id,
            meeting_id: change.meeting_id,
            action,
            object: record.object,
            record_id: record.id,
            field: change.field,
            mapping_entry_id: change.mapping_entry_id,
            mapping_version: change.mapping_version,
            baseline: super::json(change.baseline_json),
            proposed: super::json(change.proposed_json),
            observed: super::json(change.observed_json),
            confidence: change.confidence,
            evidence: change.evidence.into_iter().map(quote).collect(),
            state,
            verdict: reasons
                .first()
                .map_or(Verdict::Pass, |reason| reason.verdict),
            reasons,
            proposed_at: super::time(change.proposed_at),
            changed_at: super::time(change.changed_at),
            decided_by: change.decided_by,
            trace_id: change.trace_id,
            version: change.version,
            undoes: change.undoes,
            rehearsal: change.rehearsal.map(Rehearsal::new),
            risks,
            risk: change.risk,
            owner_id: change.owner_id,
            backfill_id: change.backfill_id,
        }
    }
}

impl Reason {
    fn new(reason: proto::Reason) -> Self {
        Self {
            verdict: reason.verdict(),
            gate: reason.gate,
            code: reason.code,
            message: reason.message,
            fields: reason.fields,
            rule: reason.rule.map(RuleFinding::new),
        }
    }
}

/// One meeting revision's changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) meeting_revision: u64,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ChangeSetState>)]
    pub(crate) state: ChangeSetState,
    pub(crate) empty_reason: String,
    pub(crate) decision_id: String,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) trace_id: String,
    pub(crate) changes: Vec<Change>,
}

impl ChangeSet {
    pub(crate) fn new(set: proto::ChangeSet) -> Self {
        Self {
            state: set.state(),
            id: set.id,
            meeting_revision: set.meeting_revision,
            empty_reason: set.empty_reason,
            decision_id: set.decision_id,
            created_at: super::time(set.created_at),
            trace_id: set.trace_id,
            changes: set.changes.into_iter().map(Change::new).collect(),
        }
    }
}

/// A change set in one line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Writeback {
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ChangeSetState>)]
    pub(crate) state: ChangeSetState,
    pub(crate) empty_reason: String,
    pub(crate) counts: Vec<Count>,
}

/// How many changes are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Count {
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ChangeState>)]
    pub(crate) state: ChangeState,
    pub(crate) count: u64,
}

impl Writeback {
    pub(crate) fn new(set: proto::ChangeSet) -> Self {
        let mut counts: BTreeMap<i32, Count> = BTreeMap::new();
        for change in &set.changes {
            let state = change.state();
            let count = counts
                .entry(state.into())
                .or_insert(Count { state, count: 0 });
            count.count += 1;
        }
        Self {
            state: set.state(),
            empty_reason: set.empty_reason,
            counts: counts.into_values().collect(),
        }
    }
}

/// What a person decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    pub(crate) decisions: Vec<DecideOne>,
}

/// About one change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideOne {
    pub(crate) change_id: String,
    pub(crate) version: u64,
    /// `approve` or `dismiss`.
    pub(crate) decision: String,
    /// Another value instead of the proposed one.
    #[serde(default)]
    #[schema(value_type = serde_json::Value)]
    pub(crate) edited: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) reason: String,
}

impl Decide {
    pub(crate) fn into_proto(self) -> Result<Vec<proto::ChangeDecision>, RpcError> {
        if self.decisions.is_empty() || self.decisions.len() > DECISIONS_MAX {
            return Err(RpcError::invalid(
                "decisions",
                format!("has not 1 to {DECISIONS_MAX} items; send them in several requests"),
            ));
        }
        let decision = |(index, one): (usize, DecideOne)| {
            let decision: proto::Decision =
                parse(&format!("decisions[{index}].decision"), &one.decision)?;
            Ok(proto::ChangeDecision {
                change_id: one.change_id,
                version: one.version,
                decision: decision.into(),
                edited_json: one
                    .edited
                    .map(|json| json.get().to_owned())
                    .unwrap_or_default(),
                reason: one.reason,
            })
        };
        self.decisions
            .into_iter()
            .enumerate()
            .map(decision)
            .collect()
    }
}

/// What became of decisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    pub(crate) changes: Vec<Change>,
    pub(crate) refusals: Vec<Refusal>,
}

/// A decision not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusal {
    pub(crate) change_id: String,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(refusal: proto::Refusal) -> Self {
        Self {
            change_id: refusal.change_id,
            message: refusal.message,
        }
    }
}

impl From<proto::DecideChangesResponse> for Decided {
    fn from(answer: proto::DecideChangesResponse) -> Self {
        Self {
            changes: answer.changes.into_iter().map(Change::new).collect(),
            refusals: answer.refusals.into_iter().map(Refusal::new).collect(),
        }
    }
}

/// Changes to take back: those named, or everything applied of one change set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Undo {
    #[serde(default)]
    pub(crate) change_ids: Vec<String>,
    #[serde(default)]
    pub(crate) change_set_id: String,
    pub(crate) reason: String,
}

impl From<proto::UndoChangesResponse> for Decided {
    fn from(answer: proto::UndoChangesResponse) -> Self {
        Self {
            changes: answer.changes.into_iter().map(Change::new).collect(),
            refusals: answer.refusals.into_iter().map(Refusal::new).collect(),
        }
    }
}

/// Changes to ask Salesforce about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rehearse {
    pub(crate) change_ids: Vec<String>,
}

/// What Salesforce said; it is kept with the changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rehearsed {
    pub(crate) changes: Vec<Change>,
    pub(crate) refusals: Vec<Refusal>,
    /// What a rehearsal cannot show.
    pub(crate) limits: String,
    pub(crate) api_calls: u32,
}

impl From<proto::RehearseChangesResponse> for Rehearsed {
    fn from(answer: proto::RehearseChangesResponse) -> Self {
        Self {
            changes: answer.changes.into_iter().map(Change::new).collect(),
            refusals: answer.refusals.into_iter().map(Refusal::new).collect(),
            limits: answer.limits,
            api_calls: answer.api_calls,
        }
    }
}

/// The states asked for, as `held,blocked`.
pub(crate) fn states(text: &str) -> Result<Vec<i32>, RpcError> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| parse::<ChangeState>("state", word).map(i32::from))
        .collect()
}
