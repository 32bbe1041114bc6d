//! Which records a meeting belongs to, and why.

use chrono::{DateTime, Utc};
use events::matching::v1 as proto;
use events::matching::v1::{DecidedBy, DomainClass, Outcome};
use events::rpc::RpcError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{ChangeSet, Writeback};
use super::word::{self, Word as _, as_word, parse};

/// A meeting in a list: what was decided and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedMeeting {
    pub(crate) meeting_id: String,
    pub(crate) meeting_revision: u64,
    pub(crate) title: String,
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Outcome>)]
    pub(crate) outcome: Outcome,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Outcome>)]
    pub(crate) opportunity_outcome: Outcome,
    pub(crate) account_id: String,
    pub(crate) lead_id: String,
    pub(crate) opportunity_id: String,
    pub(crate) explanation: String,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    pub(crate) trace_id: String,
    /// `None` while writeback has nothing of it.
    pub(crate) writeback: Option<Writeback>,
}

impl ListedMeeting {
    pub(crate) fn new(summary: proto::DecisionSummary, writeback: Option<Writeback>) -> Self {
        let decision = summary.decision.unwrap_or_default();
        Self {
            outcome: decision.outcome(),
            opportunity_outcome: decision.opportunity_outcome(),
            meeting_id: decision.meeting_id,
            meeting_revision: decision.meeting_revision,
            title: summary.title,
            started_at: super::time(summary.started_at),
            account_id: decision.account_id,
            lead_id: decision.lead_id,
            opportunity_id: decision.opportunity_id,
            explanation: decision.explanation,
            decided_at: super::time(decision.decided_at),
            trace_id: summary.trace_id,
            writeback,
        }
    }
}

/// One meeting from event to records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Story {
    pub(crate) meeting_id: String,
    /// `None` when purged.
    pub(crate) meeting: Option<Meeting>,
    pub(crate) decision: Decision,
    /// `None` while writeback has nothing of it.
    pub(crate) change_set: Option<ChangeSet>,
    pub(crate) trace_id: String,
}

/// The meeting itself: never its notes or summary, which leave this system only where an admin mapped them to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Meeting {
    pub(crate) title: String,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) recording_url: String,
    pub(crate) extracted_values: usize,
}

/// Who was there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Participant {
    pub(crate) name: String,
    pub(crate) email: String,
}

impl Meeting {
    pub(crate) fn new(meeting: events::meeting::v1::MeetingProcessed) -> Self {
        let participant = |participant: events::meeting::v1::Participant| Participant {
            name: participant.name,
            email: participant.email,
        };
        Self {
            title: meeting.title,
            started_at: super::time(meeting.started_at),
            ended_at: super::time(meeting.ended_at),
            participants: meeting.participants.into_iter().map(participant).collect(),
            recording_url: meeting.recording_url,
            extracted_values: meeting.extracted_values.len(),
        }
    }
}

/// A decision with everything that was weighed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decision {
    pub(crate) id: String,
    pub(crate) meeting_revision: u64,
    pub(crate) sequence: u64,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Outcome>)]
    pub(crate) outcome: Outcome,
    pub(crate) account_id: String,
    pub(crate) contact_ids: Vec<String>,
    pub(crate) lead_id: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<Outcome>)]
    pub(crate) opportunity_outcome: Outcome,
    pub(crate) opportunity_id: String,
    pub(crate) event_id: String,
    pub(crate) probability: f64,
    pub(crate) opportunity_probability: f64,
    pub(crate) explanation: String,
    pub(crate) would_settle: String,
    /// Other opportunities the meeting is about beyond doubt: associated, never written to.
    pub(crate) further_opportunity_ids: Vec<String>,
    /// `None` where nothing else was weighed.
    pub(crate) runner_up: Option<RunnerUp>,
    /// `None` where nothing else was weighed.
    pub(crate) opportunity_runner_up: Option<RunnerUp>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) weights_version: String,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<DecidedBy>)]
    pub(crate) decided_by: DecidedBy,
}

/// What came second, and how far behind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunnerUp {
    pub(crate) object: String,
    pub(crate) record_id: String,
    pub(crate) name: String,
    /// How far the first is before it, in thousandths of a bit.
    pub(crate) margin_millibits: i64,
    pub(crate) probability: f64,
}

impl From<proto::RunnerUp> for RunnerUp {
    fn from(second: proto::RunnerUp) -> Self {
        Self {
            object: second.object,
            record_id: second.record_id,
            name: second.name,
            margin_millibits: second.margin_millibits,
            probability: second.probability,
        }
    }
}

/// A record weighed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Candidate {
    pub(crate) object: String,
    pub(crate) record_id: String,
    pub(crate) name: String,
    /// Total weight in thousandths of a bit.
    pub(crate) millibits: i64,
    pub(crate) probability: f64,
    /// Why it may not be taken without a person; empty otherwise.
    pub(crate) never_automatic: String,
    /// Whether the decision names it.
    pub(crate) chosen: bool,
    pub(crate) evidence: Vec<Evidence>,
}

/// One observation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evidence {
    pub(crate) signal: String,
    pub(crate) group: String,
    pub(crate) value: String,
    pub(crate) record_id: String,
    /// Index of the participant; -1 when it is not about one.
    pub(crate) participant: i32,
    pub(crate) millibits: i64,
}

/// Something left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ignored {
    pub(crate) what: String,
    pub(crate) why: String,
}

impl Decision {
    pub(crate) fn new(decision: proto::Decision) -> Self {
        let evidence = |evidence: proto::Evidence| Evidence {
            signal: evidence.signal,
            group: evidence.group,
            value: evidence.value,
            record_id: evidence.record_id,
            participant: evidence.participant,
            millibits: evidence.millibits,
        };
        let named = [
            &decision.account_id,
            &decision.lead_id,
            &decision.opportunity_id,
        ];
        let named: Vec<String> = named
            .into_iter()
            .chain(&decision.contact_ids)
            .cloned()
            .collect();
        let candidate = |candidate: proto::Candidate| Candidate {
            chosen: named.contains(&candidate.record_id),
            object: candidate.object,
            record_id: candidate.record_id,
            name: candidate.name,
            millibits: candidate.millibits,
            probability: candidate.probability,
            never_automatic: candidate.never_automatic,
            evidence: candidate.evidence.into_iter().map(evidence).collect(),
        };
        let ignored = |ignored: proto::Ignored| Ignored {
            what: ignored.what,
            why: ignored.why,
        };
        Self {
            outcome: decision.outcome(),
            opportunity_outcome: decision.opportunity_outcome(),
            decided_by: decision.decided_by(),
            id: decision.id,
            meeting_revision: decision.meeting_revision,
            sequence: decision.sequence,
            account_id: decision.account_id,
            contact_ids: decision.contact_ids,
            lead_id: decision.lead_id,
            opportunity_id: decision.opportunity_id,
            event_id: decision.event_id,
            probability: decision.probability,
            opportunity_probability: decision.opportunity_probability,
            explanation: decision.explanation,
            would_settle: decision.would_settle,
            further_opportunity_ids: decision.further_opportunity_ids,
            runner_up: decision.runner_up.map(Into::into),
            opportunity_runner_up: decision.opportunity_runner_up.map(Into::into),
            candidates: decision.candidates.into_iter().map(candidate).collect(),
            ignored: decision.ignored.into_iter().map(ignored).collect(),
            weights_version: decision.weights_version,
            decided_at: super::time(decision.decided_at),
        }
    }
}

/// How an admin wants a domain to be read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainRule {
    pub(crate) domain: String,
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) account_id: String,
}

impl From<proto::DomainRule> for DomainRule {
    fn from(rule: proto::DomainRule) -> Self {
        Self {
            class: rule.class().word(),
            domain: rule.domain,
            account_id: rule.account_id,
        }
    }
}

impl TryFrom<DomainRule> for proto::DomainRule {
    type Error = RpcError;

    fn try_from(rule: DomainRule) -> Result<Self, RpcError> {
        Ok(Self {
            class: parse::<DomainClass>("class", &rule.class)?.into(),
            domain: rule.domain,
            account_id: rule.account_id,
        })
    }
}

/// How much of the org matching knows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Projection {
    pub(crate) accounts: u64,
    pub(crate) contacts: u64,
    pub(crate) leads: u64,
    pub(crate) opportunities: u64,
    pub(crate) users: u64,
    pub(crate) loaded_at: Option<DateTime<Utc>>,
}

impl From<proto::GetProjectionResponse> for Projection {
    fn from(projection: proto::GetProjectionResponse) -> Self {
        Self {
            accounts: projection.accounts,
            contacts: projection.contacts,
            leads: projection.leads,
            opportunities: projection.opportunities,
            users: projection.users,
            loaded_at: super::time(projection.loaded_at),
        }
    }
}
