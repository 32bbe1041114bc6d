//! A decision to protobuf.

use super::timestamp;
use crate::domain::account::Candidate;
use crate::domain::conclude::Never;
use crate::domain::decide::{Decision, Outcome};
use crate::domain::explain::explain;
use crate::domain::meeting::Meeting;
use crate::domain::reconsider::Settled;
use crate::domain::weight;
use chrono::{DateTime, Utc};
use events::matching::v1 as proto;
use uuid::Uuid;

/// The decision as it is stored and published.
#[must_use]
pub fn decided(
    meeting: &Meeting,
    decision: &Decision,
    id: Uuid,
    sequence: i64,
    decided_at: DateTime<Utc>,
) -> proto::Decision {
    let matched = decision.opportunity_outcome == Outcome::Matched;
    proto::Decision {
        id: id.to_string(),
        workspace: meeting.workspace.as_str().to_owned(),
        meeting_id: meeting.id.clone(),
        meeting_revision: meeting.revision,
        sequence: u64::try_from(sequence).unwrap_or_default(),
        outcome: outcome(decision.outcome).into(),
        account_id: decision.account_id.clone().unwrap_or_default(),
        contact_ids: decision.contact_ids.clone(),
        lead_id: decision.lead_id.clone().unwrap_or_default(),
        opportunity_outcome: outcome(decision.opportunity_outcome).into(),
        opportunity_id: decision.opportunity_id.clone().unwrap_or_default(),
        probability: weight::probability(decision.total),
        opportunity_probability: if decision.opportunities.is_empty() && !matched {
            0.0
        } else {
            weight::probability(decision.opportunity_total)
        },
        candidates: decision
            .candidates
            .iter()
            .enumerate()
            .map(|(index, one)| {
                let never = decision
                    .standing
                    .get(index)
                    .and_then(|standing| standing.never_automatic);
                candidate(one, never.map_or("", Never::word))
            })
            .chain(decision.opportunities.iter().map(|one| candidate(one, "")))
            .collect(),
        ignored: decision
            .ignored
            .iter()
            .map(|ignored| proto::Ignored {
                what: ignored.what.clone(),
                why: ignored.why.clone(),
            })
            .collect(),
        explanation: explain(decision),
        would_settle: decision.would_settle.clone().unwrap_or_default(),
        weights_version: weight::VERSION.to_owned(),
        decided_at: Some(timestamp(decided_at)),
        decided_by: match decision.chosen_by {
            Some(_) => proto::DecidedBy::Person,
            None => proto::DecidedBy::Rules,
        }
        .into(),
        event_id: decision.event_id.clone().unwrap_or_default(),
        opportunity_record_type_id: decision.opportunity_record_type_id.clone(),
        further_account_ids: decision.further_account_ids.clone(),
        further_opportunity_ids: decision.further_opportunity_ids.clone(),
        runner_up: runner_up(&decision.candidates),
        opportunity_runner_up: runner_up(&decision.opportunities),
        settings: Some(proto::DecisionSettings {
            account_matched_millibits: decision.settings.account_matched,
            opportunity_matched_millibits: decision.settings.opportunity_matched,
            calibration_slope: decision.settings.calibration.slope,
            calibration_offset_millibits: decision.settings.calibration.offset,
        }),
    }
}

/// What a stored decision settled.
#[must_use]
pub fn settled(decision: &proto::Decision) -> Settled {
    let record = if decision.account_id.is_empty() {
        &decision.lead_id
    } else {
        &decision.account_id
    };
    Settled {
        outcome: of_outcome(decision.outcome()),
        record_id: record.clone(),
        opportunity_outcome: of_outcome(decision.opportunity_outcome()),
        opportunity_id: decision.opportunity_id.clone(),
        by_person: decision.decided_by() == proto::DecidedBy::Person,
        contenders: decision
            .candidates
            .iter()
            .map(|candidate| format!("{} {}", candidate.record_id, candidate.millibits))
            .collect(),
    }
}

fn of_outcome(outcome: proto::Outcome) -> Outcome {
    match outcome {
        proto::Outcome::Matched => Outcome::Matched,
        proto::Outcome::Ambiguous => Outcome::Ambiguous,
        proto::Outcome::Internal => Outcome::Internal,
        proto::Outcome::PartnerOnly => Outcome::PartnerOnly,
        proto::Outcome::Unmatched | proto::Outcome::Unspecified => Outcome::Unmatched,
    }
}

/// What came second, and how far behind.
fn runner_up(candidates: &[Candidate]) -> Option<proto::RunnerUp> {
    let (first, second) = (candidates.first()?, candidates.get(1)?);
    Some(proto::RunnerUp {
        object: second.object.api_name().to_owned(),
        record_id: second.id.clone(),
        name: second.name.clone(),
        margin_millibits: first.total - second.total,
        probability: weight::probability(second.total),
    })
}

fn candidate(candidate: &Candidate, never_automatic: &str) -> proto::Candidate {
    proto::Candidate {
        object: candidate.object.api_name().to_owned(),
        record_id: candidate.id.clone(),
        name: candidate.name.clone(),
        millibits: candidate.total,
        probability: weight::probability(candidate.total),
        evidence: candidate
            .evidence
            .iter()
            .map(|evidence| proto::Evidence {
                signal: evidence.signal.to_owned(),
                group: evidence.group.to_owned(),
                value: evidence.value.clone(),
                record_id: evidence.record_id.clone(),
                participant: evidence
                    .participant
                    .and_then(|index| i32::try_from(index).ok())
                    .unwrap_or(-1),
                millibits: evidence.weight,
            })
            .collect(),
        never_automatic: never_automatic.to_owned(),
    }
}

fn outcome(outcome: Outcome) -> proto::Outcome {
    match outcome {
        Outcome::Matched => proto::Outcome::Matched,
        Outcome::Ambiguous => proto::Outcome::Ambiguous,
        Outcome::Unmatched => proto::Outcome::Unmatched,
        Outcome::Internal => proto::Outcome::Internal,
        Outcome::PartnerOnly => proto::Outcome::PartnerOnly,
    }
}

/// The word an outcome is stored and filtered by.
#[must_use]
pub fn outcome_word(outcome: proto::Outcome) -> &'static str {
    match outcome {
        proto::Outcome::Unspecified => "",
        proto::Outcome::Matched => "matched",
        proto::Outcome::Ambiguous => "ambiguous",
        proto::Outcome::Unmatched => "unmatched",
        proto::Outcome::Internal => "internal",
        proto::Outcome::PartnerOnly => "partner_only",
    }
}
