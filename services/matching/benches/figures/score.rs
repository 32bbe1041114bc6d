//! Decisions against the truth: how many clear cases are decided, how many wrongly, and how many that nobody could decide
//! are reported as such. By noise class.

use crate::report::{Report, wilson};
use matching::domain::account::Candidate;
use matching::domain::decide::{Decision, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// Commonest ways of telling what cannot be told, shown.
const TOLD_BY_MAX: usize = 4;

/// Commonest clear cases left open, shown.
const LEFT_MAX: usize = 8;

/// What is right for one meeting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Truth {
    pub(crate) outcome: String,
    pub(crate) account: Option<String>,
    pub(crate) lead: Option<String>,
    pub(crate) deal: Option<String>,
    pub(crate) contacts: BTreeSet<String>,
    pub(crate) also_ok: BTreeSet<String>,
    pub(crate) account_unclear: bool,
    pub(crate) deal_unclear: bool,
    pub(crate) tags: Vec<String>,
}

/// Counts of one class.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    meetings: usize,
    clear: usize,
    decided: usize,
    wrong: usize,
    unclear: usize,
    reported: usize,
    deals_clear: usize,
    deals_decided: usize,
    deals_wrong: usize,
    deals_unclear: usize,
    deals_reported: usize,
    contacts: usize,
    contacts_found: usize,
    contacts_wrong: usize,
    other: usize,
    other_right: usize,
}

/// All classes of one set of meetings.
#[derive(Default)]
pub(crate) struct Score {
    all: Counts,
    classes: BTreeMap<String, Counts>,
    /// Of what nobody could tell and was decided all the same: by what the first stood before the second.
    accounts_told_by: BTreeMap<String, usize>,
    deals_told_by: BTreeMap<String, usize>,
    /// Clear ones left to a person: by what speaks for the right one and for the one beside it.
    deals_left: BTreeMap<String, usize>,
    shown: usize,
}

impl Score {
    pub(crate) fn add(&mut self, id: &str, truth: &Truth, decision: &Decision) {
        let counts = judged(truth, decision);
        self.all.add(counts);
        let tags: BTreeSet<&String> = truth.tags.iter().collect();
        for tag in tags {
            self.classes.entry(tag.clone()).or_default().add(counts);
        }
        if counts.unclear > counts.reported {
            *self
                .accounts_told_by
                .entry(told_by(&decision.candidates))
                .or_default() += 1;
        }
        if counts.deals_unclear > counts.deals_reported {
            *self
                .deals_told_by
                .entry(told_by(&decision.opportunities))
                .or_default() += 1;
        }
        if counts.deals_clear == 1 && counts.deals_decided == 0 {
            *self.deals_left.entry(left(truth, decision)).or_default() += 1;
        }
        let bad = counts.wrong
            + counts.deals_wrong
            + (counts.unclear - counts.reported)
            + (counts.deals_unclear - counts.deals_reported)
            + (counts.clear - counts.decided)
            + (counts.other - counts.other_right)
            + usize::from(counts.deals_clear > counts.deals_decided)
            > 0;
        if bad
            && self.shown < 400
            && !id.is_empty()
            && std::env::args().any(|arg| arg == "--errors")
        {
            self.shown += 1;
            eprintln!(
                "{id} {counts:?} truth {truth:?}\n    {}",
                matching::domain::explain::explain(decision)
            );
        }
    }

    /// Only the deals, in one line.
    pub(crate) fn deals(&self, report: &mut Report, what: &str) {
        let c = self.all;
        let share = |n: usize, of: usize| n as f64 / of.max(1) as f64;
        report.says(
            what,
            format!(
                "decided {:.4}, wrong {:.2} %, ambiguity reported {:.4}",
                share(c.deals_decided, c.deals_clear),
                100.0 * share(c.deals_wrong, c.deals_decided),
                share(c.deals_reported, c.deals_unclear)
            ),
        );
    }

    pub(crate) fn report(&self, report: &mut Report, what: &str, bars: bool) {
        let c = self.all;
        let share = |n: usize, of: usize| if of == 0 { 1.0 } else { n as f64 / of as f64 };
        let percent = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
        report.says(what, format!("{} meetings", c.meetings));
        report.at_least(
            "  clear accounts decided",
            share(c.decided, c.clear),
            0.98,
            "",
        );
        report.at_most("  of them wrong", percent(c.wrong, c.decided), 0.2, "%");
        report.at_least(
            "  account ambiguity reported",
            share(c.reported, c.unclear),
            0.95,
            "",
        );
        report.at_least(
            "  clear deals decided",
            share(c.deals_decided, c.deals_clear),
            0.80,
            "",
        );
        report.at_most(
            "  of them wrong",
            percent(c.deals_wrong, c.deals_decided),
            0.5,
            "%",
        );
        report.at_least(
            "  deal ambiguity reported",
            share(c.deals_reported, c.deals_unclear),
            0.95,
            "",
        );
        report.says(
            "  contacts found, wrong",
            format!(
                "{:.4}, {}",
                share(c.contacts_found, c.contacts),
                c.contacts_wrong
            ),
        );
        report.says(
            "  unmatched, internal, partner only as such",
            format!("{:.4} of {}", share(c.other_right, c.other), c.other),
        );
        for (what, told_by) in [
            ("accounts", &self.accounts_told_by),
            ("deals", &self.deals_told_by),
        ] {
            let mut commonest: Vec<(&String, &usize)> = told_by.iter().collect();
            commonest.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
            for (by, count) in commonest.into_iter().take(TOLD_BY_MAX) {
                report.says(
                    &format!("  {what} decided that cannot be told: {count}"),
                    format!("by {by}"),
                );
            }
        }
        let mut commonest: Vec<(&String, &usize)> = self.deals_left.iter().collect();
        commonest.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        for (what, count) in commonest.into_iter().take(LEFT_MAX) {
            report.says(&format!("  clear deals left open: {count}"), what.as_str());
        }
        if bars {
            report.says("  by noise class", "accounts decided, wrong (95 % interval), ambiguity | deals decided, wrong, ambiguity");
            for (class, c) in &self.classes {
                let (low, high) = wilson(c.wrong, c.decided);
                let part = |n: usize, of: usize| {
                    if of == 0 {
                        "-".to_owned()
                    } else {
                        format!("{:.3}", n as f64 / of as f64)
                    }
                };
                report.says(
                    &format!("    {class} ({})", c.meetings),
                    format!(
                        "{}, {:.2} % ({:.2} to {:.2}), {} | {}, {:.2} %, {}",
                        part(c.decided, c.clear),
                        percent(c.wrong, c.decided),
                        100.0 * low,
                        100.0 * high,
                        part(c.reported, c.unclear),
                        part(c.deals_decided, c.deals_clear),
                        percent(c.deals_wrong, c.deals_decided),
                        part(c.deals_reported, c.deals_unclear),
                    ),
                );
            }
        }
    }
}

/// What speaks for the first and not as much for the second, and how far apart they are.
fn told_by(candidates: &[Candidate]) -> String {
    let weights = |candidate: Option<&Candidate>| -> BTreeMap<&'static str, i64> {
        let mut weights = BTreeMap::new();
        for evidence in candidate
            .into_iter()
            .flat_map(|candidate| &candidate.evidence)
        {
            *weights.entry(evidence.signal).or_default() += evidence.weight;
        }
        weights
    };
    let (first, second) = (weights(candidates.first()), weights(candidates.get(1)));
    let mut apart: Vec<String> = first
        .iter()
        .filter(|(signal, weight)| **weight > second.get(*signal).copied().unwrap_or_default())
        .map(|(signal, _)| signal.replace('_', " "))
        .collect();
    let against = second.iter().filter(|(signal, weight)| {
        **weight < 0 && first.get(*signal).copied().unwrap_or_default() > **weight
    });
    apart.extend(against.map(|(signal, _)| format!("the other's {}", signal.replace('_', " "))));
    if candidates.len() < 2 {
        apart.push("being alone".to_owned());
    }
    apart.join(", ")
}

/// What a clear deal had, and the best one beside it; why there was no choice where the account was not decided.
fn left(truth: &Truth, decision: &Decision) -> String {
    if decision.outcome != Outcome::Matched {
        return "the account is not decided".to_owned();
    }
    let is_right = |candidate: &&Candidate| Some(&candidate.id) == truth.deal.as_ref();
    let shown = |candidate: Option<&Candidate>| {
        candidate.map_or("none".to_owned(), |candidate| {
            let signals: Vec<String> = candidate
                .evidence
                .iter()
                .map(|evidence| evidence.signal.replace('_', " "))
                .collect();
            format!("{} ({})", candidate.total, signals.join(", "))
        })
    };
    let right = decision.opportunities.iter().find(is_right);
    let other = decision.opportunities.iter().find(|one| !is_right(one));
    format!("{} before {}", shown(right), shown(other))
}

impl Counts {
    fn add(&mut self, o: Self) {
        self.meetings += o.meetings;
        self.clear += o.clear;
        self.decided += o.decided;
        self.wrong += o.wrong;
        self.unclear += o.unclear;
        self.reported += o.reported;
        self.deals_clear += o.deals_clear;
        self.deals_decided += o.deals_decided;
        self.deals_wrong += o.deals_wrong;
        self.deals_unclear += o.deals_unclear;
        self.deals_reported += o.deals_reported;
        self.contacts += o.contacts;
        self.contacts_found += o.contacts_found;
        self.contacts_wrong += o.contacts_wrong;
        self.other += o.other;
        self.other_right += o.other_right;
    }
}

fn judged(truth: &Truth, decision: &Decision) -> Counts {
    let mut counts = Counts {
        meetings: 1,
        ..Counts::default()
    };
    let decided = decision.outcome == Outcome::Matched;
    if truth.account_unclear {
        counts.unclear = 1;
        counts.reported = usize::from(!decided);
    } else if truth.outcome == "matched" {
        let right = match (&truth.account, &truth.lead) {
            (Some(account), _) => decision.account_id.as_ref() == Some(account),
            (None, lead) => decision.lead_id == *lead,
        };
        counts.clear = 1;
        counts.decided = usize::from(decided);
        counts.wrong = usize::from(decided && !right);
        if right && decided {
            counts.contacts = truth.contacts.len();
            counts.contacts_found = truth
                .contacts
                .iter()
                .filter(|id| decision.contact_ids.contains(id))
                .count();
            let extra = decision
                .contact_ids
                .iter()
                .filter(|id| !truth.contacts.contains(*id) && !truth.also_ok.contains(*id));
            counts.contacts_wrong = extra.count();
        }
    } else {
        counts.other = 1;
        let outcome = match decision.outcome {
            Outcome::Matched => "matched",
            Outcome::Ambiguous => "ambiguous",
            Outcome::Unmatched => "unmatched",
            Outcome::Internal => "internal",
            Outcome::PartnerOnly => "partner_only",
        };
        counts.other_right = usize::from(
            outcome == truth.outcome || (truth.outcome == "unmatched" && outcome == "ambiguous"),
        );
        // Deciding for an account where none is right is as wrong as deciding for another.
        counts.wrong = usize::from(decided);
        counts.decided = usize::from(decided);
    }
    let deal = decision.opportunity_id.is_some();
    if truth.deal_unclear {
        counts.deals_unclear = 1;
        counts.deals_reported = usize::from(!deal);
    } else if truth.deal.is_some() && !truth.account_unclear {
        counts.deals_clear = 1;
        counts.deals_decided = usize::from(deal);
        counts.deals_wrong = usize::from(deal && decision.opportunity_id != truth.deal);
    } else if deal {
        counts.deals_decided = 1;
        counts.deals_wrong = 1;
    }
    counts
}
