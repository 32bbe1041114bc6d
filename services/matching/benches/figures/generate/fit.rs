//! Chooses the weights of a deal's evidence together with the threshold: on some seeds, by the guide's cost, from what the
//! table has now, one weight at a time until none gets cheaper. Asked for by name: `... --bench figures -- fit`.

use super::calibrate::{Cases, WRONG_COSTS, cases};
use super::{CHOSEN_ON, REPORTED_ON, pursuit};
use crate::report::Report;
use matching::domain::decide::decide;
use matching::domain::weight;

/// Thousandths of a bit one step changes a weight by.
const STEPS: [i64; 4] = [-400, -100, 100, 400];
/// Rounds through all weights at most.
const ROUNDS_MAX: usize = 40;

const SIGNALS: [&str; 7] = [
    "contact_role",
    "contact_roles_absent",
    "organizer_owns_opportunity",
    "opportunity_owner_on_call",
    "opportunity_owner_absent",
    "window",
    "deal_type_in_title",
];
const NAMES: [&str; 9] = [
    "role present",
    "roles absent",
    "organizer owns",
    "owner on call",
    "owner absent",
    "window",
    "type",
    "none of them",
    "threshold",
];
const NONE: usize = 7;
const THRESHOLD: usize = 8;

type Weights = [i64; 9];

/// A deal as evidence: how much of each signal, in thousandths, and what is not looked at here.
struct Seen {
    right: bool,
    signals: [i64; 7],
    rest: i64,
}

fn table() -> Weights {
    [
        weight::ROLE_PRESENT,
        weight::ROLE_ABSENT,
        weight::ORGANIZER_OWNS_OPPORTUNITY,
        weight::OPPORTUNITY_OWNER_ON_CALL,
        weight::OPPORTUNITY_OWNER_ABSENT,
        weight::OPPORTUNITY_WINDOW,
        weight::TYPE_AGREES,
        weight::OPPORTUNITY_NONE,
        weight::OPPORTUNITY_MATCHED,
    ]
}

fn seen(cases: &Cases) -> Vec<Vec<Seen>> {
    let table = table();
    cases
        .iter()
        .map(|(meeting, facts, truth)| {
            let decision = decide(meeting, facts);
            let weighed = decision.opportunities.iter().map(|candidate| {
                let mut deal = Seen {
                    right: Some(&candidate.id) == truth.deal.as_ref(),
                    signals: [0; 7],
                    rest: weight::OPPORTUNITY_BASE,
                };
                for evidence in &candidate.evidence {
                    match SIGNALS.iter().position(|signal| *signal == evidence.signal) {
                        Some(at) => deal.signals[at] += evidence.weight * 1_000 / table[at],
                        None => deal.rest += evidence.weight,
                    }
                }
                deal
            });
            weighed.collect()
        })
        .collect()
}

/// What a thousand meetings cost with these weights.
fn cost(cases: &[Vec<Seen>], weights: &Weights) -> f64 {
    let mut cost = 0.0;
    for deals in cases {
        let mut totals: Vec<(i64, bool)> = deals
            .iter()
            .map(|deal| {
                let signals = deal.signals.iter().zip(weights);
                let sum: i64 = signals.map(|(share, weight)| share * weight / 1_000).sum();
                (deal.rest + sum, deal.right)
            })
            .collect();
        totals.sort_unstable_by_key(|(total, _)| std::cmp::Reverse(*total));
        let Some((best, right)) = totals.first() else {
            continue;
        };
        let second = totals.get(1).map_or(i64::MIN, |(total, _)| *total);
        let decided = best - second.max(weights[NONE]) >= weights[THRESHOLD];
        cost += match (decided, right) {
            (true, true) => 0.0,
            (true, false) => WRONG_COSTS,
            (false, _) => 1.0,
        };
    }
    1_000.0 * cost / cases.len().max(1) as f64
}

pub(crate) fn run(report: &mut Report) {
    // However often a meeting is about no deal: nobody knows, so the weights must serve all of these.
    let shares = [0.5, 1.0, 2.0].map(|times| pursuit::NO_DEAL * times);
    let of = |seeds: &[u64]| shares.map(|share| seen(&cases(seeds, share)));
    let (chosen_on, held_out) = (of(&CHOSEN_ON), of(&REPORTED_ON));
    let mean = |sets: &[Vec<Vec<Seen>>; 3], weights: &Weights| {
        sets.iter().map(|set| cost(set, weights)).sum::<f64>() / 3.0
    };
    let mut best = table();
    let mut least = mean(&chosen_on, &best);
    report.says(
        "weights of deals as they are",
        format!(
            "cost {least:.0} on seeds {CHOSEN_ON:?}, {:.0} on {REPORTED_ON:?}",
            mean(&held_out, &best)
        ),
    );
    for _ in 0..ROUNDS_MAX {
        let before = least;
        for at in 0..best.len() {
            for step in STEPS {
                let mut tried = best;
                tried[at] += step;
                let cost = mean(&chosen_on, &tried);
                let allowed = at != THRESHOLD || tried[at] >= weight::total(0.80);
                if allowed && cost < least {
                    (best, least) = (tried, cost);
                }
            }
        }
        if least >= before {
            break;
        }
    }
    report.says(
        "weights the rule would choose",
        format!(
            "cost {least:.0}, held out {:.0}; with the table's weights and each of these alone:",
            mean(&held_out, &best)
        ),
    );
    for (at, name) in NAMES.iter().enumerate() {
        let mut alone = table();
        alone[at] = best[at];
        report.says(
            &format!("  {name}: {} instead of {}", best[at], table()[at]),
            format!(
                "cost {:.0}, held out {:.0}",
                mean(&chosen_on, &alone),
                mean(&held_out, &alone)
            ),
        );
    }
}
