//! Draws the conclusions of a stored decision again from what was frozen with it.

use crate::domain::account::Object;
use crate::domain::conclude::{Never, Standing, Verdict, conclude};
use crate::domain::decide::Outcome;
use crate::domain::facts::{Calibration, Settings};
use crate::domain::opportunity::{decides, lead_of_best, total};
use crate::domain::weight::{self, Millibits};
use events::matching::v1 as proto;

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
            never_automatic: Never::of_word(&candidate.never_automatic),
        })
        .collect();
    let verdict = conclude(&standing, &of_settings(settings));
    let matched = verdict.outcome == Outcome::Matched;
    let record = weighed
        .first()
        .filter(|_| matched)
        .map(|best| best.record_id.clone());
    Some((verdict, record.unwrap_or_default()))
}

/// What follows for the opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityVerdict {
    /// Matched or ambiguous.
    pub outcome: Outcome,
    /// What the posterior is computed from.
    pub total: Millibits,
    /// The opportunity; empty when ambiguous.
    pub opportunity_id: String,
}

/// Draws the opportunity's conclusion again. `None` where none was weighed, or an id or a person said which.
#[must_use]
pub fn replayed_opportunity(decision: &proto::Decision) -> Option<OpportunityVerdict> {
    let settings = of_settings(decision.settings.as_ref()?);
    let weighed: Vec<&proto::Candidate> = decision
        .candidates
        .iter()
        .filter(|candidate| candidate.object == Object::Opportunity.api_name())
        .collect();
    let certain = weighed
        .iter()
        .flat_map(|candidate| &candidate.evidence)
        .any(|evidence| evidence.group == "identity");
    if certain || decision.decided_by() == proto::DecidedBy::Person {
        return None;
    }
    let totals: Vec<Millibits> = weighed
        .iter()
        .map(|candidate| total(candidate.evidence.iter().map(|evidence| evidence.millibits)))
        .collect();
    let lead = lead_of_best(&totals)?;
    let matched = decides(lead, &settings);
    Some(OpportunityVerdict {
        outcome: if matched {
            Outcome::Matched
        } else {
            Outcome::Ambiguous
        },
        total: lead,
        opportunity_id: weighed
            .first()
            .filter(|_| matched)
            .map(|best| best.record_id.clone())
            .unwrap_or_default(),
    })
}

fn of_settings(settings: &proto::DecisionSettings) -> Settings {
    Settings {
        account_matched: settings.account_matched_millibits,
        opportunity_matched: settings.opportunity_matched_millibits,
        calibration: Calibration {
            slope: settings.calibration_slope,
            offset: settings.calibration_offset_millibits,
        },
        ..Settings::default()
    }
}
