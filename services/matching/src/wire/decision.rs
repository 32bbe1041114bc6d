//! A decision to protobuf.

use super::timestamp;
use crate::domain::account::{Candidate, Object};
use crate::domain::conclude::{Never, Standing, Verdict, conclude};
use crate::domain::decide::{Decision, Outcome};
use crate::domain::explain::explain;
use crate::domain::facts::{Calibration, Settings};
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

/// Draws the conclusion again from what was frozen with a decision: outcome, account or lead, and what the posterior was
/// computed from. `None` where it was not weighed (an id from upstream, a person's choice, nobody from outside).
#[must_use]
pub fn replayed(decision: &proto::Decision) -> Option<(Verdict, String)> {
    let settings = decision.settings.as_ref()?;
    let weighed: Vec<&proto::Candidate> = decision
        .candidates
        .iter()
        .filter(|candidate| candidate.object != Object::Opportunity.api_name())
        .collect();
    let certain = weighed.iter().any(|one| {
        one.evidence
            .iter()
            .any(|evidence| evidence.group == "identity")
    });
    if certain
        || matches!(
            decision.outcome(),
            proto::Outcome::Internal | proto::Outcome::PartnerOnly
        )
    {
        return None;
    }
    let standing: Vec<Standing> = weighed
        .iter()
        .map(|candidate| Standing {
            total: weight::ACCOUNT_PRIOR
                + candidate
                    .evidence
                    .iter()
                    .map(|evidence| evidence.millibits)
                    .sum::<i64>(),
            never_automatic: match candidate.never_automatic.as_str() {
                "partner" => Some(Never::Partner),
                "hearsay" => Some(Never::Hearsay),
                _ => None,
            },
        })
        .collect();
    let settings = Settings {
        account_matched: settings.account_matched_millibits,
        opportunity_matched: settings.opportunity_matched_millibits,
        calibration: Calibration {
            slope: settings.calibration_slope,
            offset: settings.calibration_offset_millibits,
        },
        ..Settings::default()
    };
    let verdict = conclude(&standing, &settings);
    let matched = verdict.outcome == Outcome::Matched;
    let record = weighed
        .first()
        .filter(|_| matched)
        .map(|best| best.record_id.clone());
    Some((verdict, record.unwrap_or_default()))
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
