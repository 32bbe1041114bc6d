//! Chooses the weights of a deal's evidence together with the threshold: on some seeds, the cheapest by the guide's cost that
//! hold its bars there, from what the table has now, one weight at a time until none gets cheaper. Asked for by name: `... --bench figures -- fit`.

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

/// Clear deals decided, and what cannot be told reported (matching guide, section 12).
const BARS: [f64; 2] = [0.80, 0.95];
/// What a hundredth below a bar weighs beside the cost.
const HUNDREDTH_SHORT: f64 = 100.0;

/// A meeting as evidence.
struct Held {
    deals: Vec<Seen>,
    unclear: bool,
    clear: bool,
}

/// What weights lead to.
#[derive(Default)]
struct Reached {
    cost: f64,
    decided: f64,
    reported: f64,
}

impl Reached {
    /// The cost, and what is missing to the bars.
    fn judged(&self) -> f64 {
        let short = (BARS[0] - self.decided).max(0.0) + (BARS[1] - self.reported).max(0.0);
        self.cost + 100.0 * HUNDREDTH_SHORT * short
    }

    fn shown(&self) -> String {
        format!(
            "cost {:.0}, decided {:.4}, ambiguity reported {:.4}",
            self.cost, self.decided, self.reported
        )
    }
}

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

fn seen(cases: &Cases) -> Vec<Held> {
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
            Held {
                deals: weighed.collect(),
                unclear: truth.deal_unclear,
                clear: truth.deal.is_some() && !truth.deal_unclear,
            }
        })
        .collect()
}

/// What a thousand meetings cost with these weights, and how many of the clear and of the unclear are treated as such.
fn reached(cases: &[Held], weights: &Weights) -> Reached {
    let (mut cost, mut decided_clear, mut reported) = (0.0, 0, 0);
    for held in cases {
        let mut totals: Vec<(i64, bool)> = held
            .deals
            .iter()
            .map(|deal| {
                let signals = deal.signals.iter().zip(weights);
                let sum: i64 = signals.map(|(share, weight)| share * weight / 1_000).sum();
                (deal.rest + sum, deal.right)
            })
            .collect();
        totals.sort_unstable_by_key(|(total, _)| std::cmp::Reverse(*total));
        let second = totals.get(1).map_or(i64::MIN, |(total, _)| *total);
        let best = totals.first();
        let decided =
            best.is_some_and(|(best, _)| best - second.max(weights[NONE]) >= weights[THRESHOLD]);
        decided_clear += usize::from(decided && held.clear);
        reported += usize::from(!decided && held.unclear);
        cost += match (decided, best) {
            (true, Some((_, true))) | (_, None) => 0.0,
            (true, Some((_, false))) => WRONG_COSTS,
            (false, Some(_)) => 1.0,
        };
    }
    let share = |n: usize, of: usize| n as f64 / of.max(1) as f64;
    let count = |of: fn(&Held) -> bool| cases.iter().filter(|held| of(held)).count();
    Reached {
        cost: 1_000.0 * cost / cases.len().max(1) as f64,
        decided: share(decided_clear, count(|held| held.clear)),
        reported: share(reported, count(|held| held.unclear)),
    }
}

/// The mean over the sets.
fn mean(sets: &[Vec<Held>; 3], weights: &Weights) -> Reached {
    let mut mean = Reached::default();
    for set in sets {
        let reached = reached(set, weights);
        mean.cost += reached.cost / 3.0;
        mean.decided += reached.decided / 3.0;
        mean.reported += reached.reported / 3.0;
    }
    mean
}

pub(crate) fn run(report: &mut Report) {
    // However often a meeting is about no deal: nobody knows, so the weights must serve all of these.
    let shares = [0.5, 1.0, 2.0].map(|times| pursuit::NO_DEAL * times);
    let of = |seeds: &[u64]| shares.map(|share| seen(&cases(seeds, share)));
    let (chosen_on, held_out) = (of(&CHOSEN_ON), of(&REPORTED_ON));
    let mut best = table();
    let mut least = mean(&chosen_on, &best).judged();
    report.says(
        &format!("weights of deals as they are, seeds {CHOSEN_ON:?}"),
        mean(&chosen_on, &best).shown(),
    );
    report.says("  held out", mean(&held_out, &best).shown());
    for _ in 0..ROUNDS_MAX {
        let before = least;
        for at in 0..best.len() {
            for step in STEPS {
                let mut tried = best;
                tried[at] += step;
                let judged = mean(&chosen_on, &tried).judged();
                let allowed = at != THRESHOLD || tried[at] >= weight::total(0.80);
                if allowed && judged < least {
                    (best, least) = (tried, judged);
                }
            }
        }
        if least >= before {
            break;
        }
    }
    report.says(
        "weights the rule would choose",
        mean(&chosen_on, &best).shown(),
    );
    report.says("  held out", mean(&held_out, &best).shown());
    for (at, name) in NAMES.iter().enumerate() {
        let mut alone = table();
        alone[at] = best[at];
        report.says(
            &format!(
                "  {name}: {} instead of {}; it alone, held out",
                best[at],
                table()[at]
            ),
            mean(&held_out, &alone).shown(),
        );
    }
}
