//! Chooses the deal threshold on some seeds and reports it on others.
//!
//! The rule is the guide's (section 6): a wrong decision costs twenty times what a question costs. Of the thresholds a
//! workspace may set, the one at which a thousand meetings cost least is chosen.

use super::maker::Maker;
use super::{CHOSEN_ON, PURSUITS, REPORTED_ON, pursuit};
use crate::report::Report;
use crate::score::{Score, Truth};
use matching::domain::decide::{Outcome, decide};
use matching::domain::facts::Facts;
use matching::domain::meeting::Meeting;
use matching::domain::weight;

/// Thresholds looked at.
const THRESHOLDS: [f64; 12] = [
    0.80, 0.82, 0.84, 0.85, 0.86, 0.87, 0.88, 0.89, 0.90, 0.92, 0.95, 0.97,
];
/// What a wrong decision costs; a question costs 1.
pub(super) const WRONG_COSTS: f64 = 20.0;

pub(super) type Cases = Vec<(Meeting, Facts, Truth)>;

pub(super) fn cases(seeds: &[u64], no_deal: f64) -> Cases {
    let mut cases = Vec::new();
    for seed in seeds {
        let mut m = Maker::new(*seed);
        pursuit::pursuits(&mut m, PURSUITS, no_deal);
        m.org.ready();
        for (meeting, truth) in std::mem::take(&mut m.meetings) {
            let facts = m.org.facts(&meeting);
            cases.push((meeting, facts, truth));
        }
    }
    cases
}

/// Counts, and what a thousand meetings cost.
fn scored(cases: &mut Cases, threshold: f64) -> (Score, f64) {
    let mut score = Score::default();
    let mut cost = 0.0;
    for (meeting, facts, truth) in cases.iter_mut() {
        facts.settings.opportunity_matched = weight::total(threshold);
        let decision = decide(meeting, facts);
        cost += match &decision.opportunity_id {
            Some(_) if decision.opportunity_id == truth.deal => 0.0,
            Some(_) => WRONG_COSTS,
            None if decision.opportunity_outcome == Outcome::Ambiguous => 1.0,
            None => 0.0,
        };
        score.add("", truth, &decision);
    }
    (score, 1_000.0 * cost / cases.len().max(1) as f64)
}

pub(super) fn run(report: &mut Report) {
    report.says(
        "deal threshold, chosen on seeds",
        format!(
            "{CHOSEN_ON:?}, reported on {REPORTED_ON:?}; a wrong one costs {WRONG_COSTS} questions"
        ),
    );
    let ours = weight::probability(weight::OPPORTUNITY_MATCHED);
    // How the choice depends on the share of meetings about no deal, which nobody knows.
    for no_deal in [
        pursuit::NO_DEAL / 2.0,
        pursuit::NO_DEAL,
        pursuit::NO_DEAL * 2.0,
    ] {
        let mut chosen_on = cases(&CHOSEN_ON, no_deal);
        let mut chosen: Option<(f64, f64)> = None;
        for threshold in THRESHOLDS {
            let (score, cost) = scored(&mut chosen_on, threshold);
            if no_deal == pursuit::NO_DEAL {
                score.deals(
                    report,
                    &format!("  at {threshold:.2}, chosen on, cost {cost:.0}"),
                );
            }
            if chosen.is_none_or(|(_, least)| cost < least) {
                chosen = Some((threshold, cost));
            }
        }
        let Some((threshold, _)) = chosen else {
            continue;
        };
        let what = format!("  {:.0} % of meetings about no deal", no_deal * 100.0);
        report.says(&what, format!("the rule chooses {threshold:.2}"));
        let mut held_out = cases(&REPORTED_ON, no_deal);
        for (name, threshold) in [("chosen", threshold), ("ours", ours)] {
            let (score, cost) = scored(&mut held_out, threshold);
            score.deals(
                report,
                &format!("  {name} ({threshold:.2}), held out, cost {cost:.0}"),
            );
        }
    }
}
