//! Weighs the opportunities of the chosen account (matching guide, section 5.4), as they were at the meeting.

mod kind;
mod present;
mod team;
mod told;
mod window;
mod words;

pub use present::contacts_present;

use super::account::{Candidate, Evidence, Object, organizer, sort};
use super::facts::{Facts, Opportunity, Settings};
use super::meeting::Meeting;
use super::person::Person;
use super::weight::{self, Millibits};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The eligible opportunities of an account, best first; of its parent and subsidiaries too, where the workspace says so.
#[must_use]
pub fn opportunities(
    meeting: &Meeting,
    people: &[Person<'_>],
    account_id: &str,
    contact_ids: &[String],
    facts: &Facts,
) -> Vec<Candidate> {
    let accounts = group(account_id, facts);
    let mut present: BTreeSet<Cow<'_, str>> = contact_ids
        .iter()
        .map(|id| Cow::Borrowed(id.as_str()))
        .collect();
    for other in accounts.iter().filter(|id| **id != account_id) {
        let (there, _) = contacts_present(people, other, facts);
        present.extend(there.into_iter().map(Cow::Owned));
    }
    let organizer = organizer(meeting, facts);
    let said = format!("{} {}", meeting.title, meeting.mentions.join(" "));
    let eligible: Vec<(Cow<'_, Opportunity>, Millibits)> = accounts
        .iter()
        .filter_map(|id| facts.opportunities_by_account.get(*id))
        .flatten()
        .map(|opportunity| opportunity.at(meeting.started_at))
        .filter_map(|opportunity| {
            let window = window::eligible(meeting, &opportunity, &facts.settings)?;
            Some((opportunity, window))
        })
        .collect();
    let telling: Vec<(&str, BTreeSet<String>)> = eligible
        .iter()
        .map(|(opportunity, _)| {
            let account = facts.accounts.get(&opportunity.account_id);
            let name = account.map_or("", |account| account.name.as_str());
            (
                opportunity.id.as_str(),
                words::telling_words(opportunity, name),
            )
        })
        .collect();
    let mut candidates: Vec<Candidate> = eligible
        .iter()
        .map(|(opportunity, window)| {
            let mut evidence = Vec::new();
            evidence.extend(observed(
                "window",
                "against",
                opportunity.close_date.to_string(),
                opportunity,
                *window,
            ));
            evidence.extend(team::roles(opportunity, &present));
            evidence.extend(team::owner(organizer, people, opportunity));
            evidence.extend(kind::type_word(&said, opportunity));
            evidence.extend(words::deal_named(&said, opportunity, &telling));
            evidence.extend(told::phrase(meeting, opportunity, facts));
            evidence.extend(told::series(meeting, opportunity, facts));
            Candidate {
                object: Object::Opportunity,
                id: opportunity.id.clone(),
                name: opportunity.name.clone(),
                total: total(evidence.iter().map(|e| e.weight)),
                evidence,
            }
        })
        .collect();
    sort(&mut candidates);
    candidates
}

/// What an opportunity adds up to.
#[must_use]
pub fn total(weights: impl Iterator<Item = Millibits>) -> Millibits {
    weight::OPPORTUNITY_BASE + weights.sum::<Millibits>()
}

/// How far the best stands above the runner-up or above "none of them": a function of totals, best first, drawn again bit
/// for bit from what is frozen with a decision.
#[must_use]
pub fn lead_of_best(totals: &[Millibits]) -> Option<Millibits> {
    let best = totals.first()?;
    let second = totals.get(1).map_or(weight::OPPORTUNITY_NONE, |second| {
        (*second).max(weight::OPPORTUNITY_NONE)
    });
    Some(best - second)
}

/// Whether the lead is enough.
#[must_use]
pub fn decides(lead: Millibits, settings: &Settings) -> bool {
    settings.calibration.apply(lead) >= settings.opportunity_matched
}

/// Opportunities beside the primary one that the meeting is about too: each would be taken if it were alone, and more than
/// its owner speaks for it. Associated, never written to.
#[must_use]
pub fn further(
    candidates: &[Candidate],
    primary: Option<&str>,
    settings: &Settings,
) -> Vec<String> {
    let speaks = |evidence: &Evidence| {
        evidence.weight > 0
            && matches!(
                evidence.signal,
                "contact_role"
                    | "deal_named"
                    | "product_named"
                    | "title_phrase"
                    | "earlier_in_series"
            )
    };
    candidates
        .iter()
        .filter(|candidate| Some(candidate.id.as_str()) != primary)
        .filter(|candidate| decides(candidate.total - weight::OPPORTUNITY_NONE, settings))
        .filter(|candidate| candidate.evidence.iter().any(speaks))
        .map(|candidate| candidate.id.clone())
        .collect()
}

/// The account, and with group deals its parent and its subsidiaries.
fn group<'a>(account_id: &'a str, facts: &'a Facts) -> Vec<&'a str> {
    let mut accounts = vec![account_id];
    if facts.settings.group_deals {
        let parent = facts
            .accounts
            .get(account_id)
            .map(|account| account.parent_id.as_str());
        accounts.extend(parent.filter(|parent| facts.accounts.contains_key(*parent)));
        let children = facts
            .accounts
            .values()
            .filter(|account| account.parent_id == account_id);
        accounts.extend(children.map(|account| account.id.as_str()));
        accounts.sort_unstable();
        accounts.dedup();
    }
    accounts
}

fn observed(
    signal: &'static str,
    group: &'static str,
    value: String,
    opportunity: &Opportunity,
    weight: Millibits,
) -> Option<Evidence> {
    let record_id = opportunity.id.clone();
    (weight != 0).then_some(Evidence {
        signal,
        group,
        value,
        record_id,
        participant: None,
        weight,
    })
}
