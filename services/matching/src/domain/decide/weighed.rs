//! The account or lead by weight of evidence.

use super::attach::attach;
use super::{CANDIDATES_MAX, Decision, Outcome};
use crate::domain::account::{self, Candidate, Object};
use crate::domain::conclude::{Never, conclude, hearsay, standing};
use crate::domain::facts::{Facts, Settings};
use crate::domain::meeting::Meeting;
use crate::domain::person::{Ignored, Person, Side};
use crate::domain::weight::{self, Millibits};
use std::collections::BTreeSet;

/// Weighs everything the evidence proposes.
pub(super) fn weighed(
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
) -> Decision {
    let (mut accounts, common) = account::accounts(meeting, people, facts);
    ignored.extend(common);
    let leads = account::leads(people, facts);
    let best_account = accounts
        .first()
        .map_or(Millibits::MIN, |candidate| candidate.total);
    // A lead stands for a company that is no account yet: only where no account is worth a question.
    let mut candidates = if best_account >= weight::FLOOR {
        std::mem::take(&mut accounts)
    } else {
        leads
    };
    candidates.truncate(CANDIDATES_MAX);
    let mut decision = Decision::new(Outcome::Unmatched);
    let standing = standing(&candidates, facts);
    let verdict = conclude(&standing, &facts.settings);
    decision.total = verdict.total;
    decision.outcome = verdict.outcome;
    match verdict.outcome {
        Outcome::Matched => {
            let best = &candidates[0];
            match best.object {
                Object::Lead => decision.lead_id = Some(best.id.clone()),
                Object::Account | Object::Opportunity => {
                    decision.account_id = Some(best.id.clone())
                }
            }
            decision.further_account_ids = further(&candidates, &facts.settings);
            decision.candidates = candidates;
            attach(&mut decision, meeting, people, facts);
        }
        Outcome::Ambiguous => {
            let never = standing.first().and_then(|first| first.never_automatic);
            decision.would_settle = Some(settles_account(never, verdict.margin));
            decision.candidates = candidates;
        }
        Outcome::Unmatched | Outcome::Internal | Outcome::PartnerOnly => {
            decision.would_settle = Some(looked_for(people));
            decision.candidates = candidates;
        }
    }
    decision.standing = standing;
    decision
}

/// Accounts beside the winner that would have won alone.
fn further(candidates: &[Candidate], settings: &Settings) -> Vec<String> {
    candidates
        .iter()
        .skip(1)
        .filter(|candidate| candidate.object == Object::Account && !hearsay(candidate))
        .filter(|candidate| settings.calibration.apply(candidate.total) >= settings.account_matched)
        .map(|candidate| candidate.id.clone())
        .collect()
}

fn settles_account(never: Option<Never>, margin: bool) -> String {
    let text = match (never, margin) {
        (Some(Never::Partner), _) => {
            "the best candidate is a partner: a contact of the customer among the participants"
        }
        (Some(Never::EnteredTwice), _) => {
            "the company is entered twice: merge the records, or a participant who is a contact of one"
        }
        (Some(Never::Hearsay) | None, false) => {
            "several accounts fit: a participant who is a contact of one of them"
        }
        (Some(Never::Hearsay) | None, true) => {
            "a participant who is a known contact, or a second one from the account's domain"
        }
    };
    text.to_owned()
}

fn looked_for(people: &[Person<'_>]) -> String {
    let outsiders = people.iter().filter(|person| person.side != Side::Internal);
    let (mut addresses, mut domains) = (BTreeSet::new(), BTreeSet::new());
    for person in outsiders {
        addresses.extend(
            person
                .participant
                .address
                .as_ref()
                .map(crate::domain::address::Address::as_str),
        );
        domains.extend(
            person
                .domain
                .as_deref()
                .filter(|_| person.side == Side::Customer),
        );
    }
    let listed = |set: &BTreeSet<&str>| match set.len() {
        0 => "none".to_owned(),
        1..=5 => set.iter().copied().collect::<Vec<_>>().join(", "),
        n => format!("{n}"),
    };
    format!(
        "a contact, lead or account for the addresses ({}) or domains ({}) of the people from outside",
        listed(&addresses),
        listed(&domains)
    )
}
