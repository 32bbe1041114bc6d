//! What surrounds the evidence: the owner, sleeping siblings, duplicate records.

use super::{Candidate, Evidence, Witnesses};
use crate::domain::facts::{Account, Facts};
use crate::domain::meeting::Meeting;
use crate::domain::name::company;
use crate::domain::person::{Ignored, Person};
use crate::domain::weight;
use chrono::{NaiveDate, TimeDelta};
use std::collections::{BTreeMap, BTreeSet};

/// The account's owner in the meeting.
pub(super) fn owner(
    meeting: &Meeting,
    people: &[Person<'_>],
    owner_id: &str,
    facts: &Facts,
) -> Option<Evidence> {
    let (signal, participant, weight) = match owner_presence(meeting, people, owner_id, facts) {
        Presence::Organizer => (
            "organizer_owns_account",
            None,
            weight::ORGANIZER_OWNS_ACCOUNT,
        ),
        Presence::OnCall(index) => ("owner_on_call", Some(index), weight::OWNER_ON_CALL),
        Presence::Absent => return None,
    };
    let value = owner_id.to_owned();
    Some(Evidence {
        signal,
        group: "context",
        value,
        record_id: owner_id.to_owned(),
        participant,
        weight,
    })
}

/// Where a record's owner was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Organised the meeting.
    Organizer,
    /// Took part, as this participant.
    OnCall(usize),
    /// Neither.
    Absent,
}

/// Where the owner was; somebody who declined was not there.
pub(crate) fn owner_presence(
    meeting: &Meeting,
    people: &[Person<'_>],
    owner_id: &str,
    facts: &Facts,
) -> Presence {
    let is_owner = |address: &crate::domain::address::Address| {
        facts
            .users_by_address
            .get(address.as_str())
            .is_some_and(|user| user.id == owner_id)
    };
    if meeting.organizer.as_ref().is_some_and(is_owner) {
        return Presence::Organizer;
    }
    let present = people.iter().filter(|person| !person.participant.declined);
    let mut owners =
        present.filter(|person| person.participant.address.as_ref().is_some_and(is_owner));
    owners
        .next()
        .map_or(Presence::Absent, |person| Presence::OnCall(person.index))
}

/// Accounts with one core and one domain are one company entered twice: the survivor (latest activity, then most evidence by
/// id) keeps the evidence, the others none (matching guide, section 5.1).
pub(super) fn survivors(witnesses: &mut Witnesses, facts: &Facts, ignored: &mut Vec<Ignored>) {
    let mut groups: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (id, found) in witnesses.iter() {
        let Some(account) = facts.accounts.get(id) else {
            continue;
        };
        let core = company::core(&account.name);
        for evidence in found.iter().filter(|evidence| evidence.group == "domain") {
            groups
                .entry((core.clone(), evidence.value.clone()))
                .or_default()
                .insert(id.clone());
        }
    }
    for ids in groups.into_values().filter(|ids| ids.len() > 1) {
        let members: Vec<&Account> = ids.iter().filter_map(|id| facts.accounts.get(id)).collect();
        if members
            .iter()
            .any(|account| ids.contains(&account.parent_id))
        {
            continue;
        }
        // A mailbox or a number at one of them shows that they are used as one. The domain alone fits both: a person says which.
        let specific = |id: &String| {
            let found = witnesses.get(id).into_iter().flatten();
            found
                .into_iter()
                .any(|evidence| matches!(evidence.group, "mail" | "phone"))
        };
        if !ids.iter().any(specific) {
            continue;
        }
        let survivor = members.iter().max_by(|a, b| {
            a.last_activity
                .cmp(&b.last_activity)
                .then_with(|| b.id.cmp(&a.id))
        });
        let Some(survivor) = survivor.map(|account| account.id.clone()) else {
            continue;
        };
        for id in ids.iter().filter(|id| **id != survivor) {
            let Some(gone) = witnesses.remove(id) else {
                continue;
            };
            let entry = witnesses.entry(survivor.clone()).or_default();
            for evidence in gone {
                // What both were given for sharing is the survivor's alone; what only the duplicate had moves over.
                match entry.iter_mut().find(|own| {
                    own.signal == evidence.signal
                        && own.participant == evidence.participant
                        && own.value == evidence.value
                }) {
                    Some(own) => own.weight += weight::shared_by(2),
                    None => entry.push(evidence),
                }
            }
            let name = facts
                .accounts
                .get(id)
                .map_or(id.as_str(), |account| account.name.as_str());
            ignored.push(Ignored {
                what: format!("account {name} ({id})"),
                why: "entered twice: the record with the latest activity stands for both"
                    .to_owned(),
            });
        }
    }
}

/// Of accounts that share a domain, one that sleeps while another is active is the less likely.
pub(super) fn dormant(meeting: &Meeting, candidates: &mut [Candidate], facts: &Facts) {
    let limit = (meeting.started_at - TimeDelta::days(weight::DORMANT_DAYS)).date_naive();
    let last = |id: &str| -> Option<NaiveDate> { facts.accounts.get(id)?.last_activity };
    let domains = |candidate: &Candidate| -> BTreeSet<String> {
        let of = candidate
            .evidence
            .iter()
            .filter(|evidence| evidence.group == "domain");
        of.map(|evidence| evidence.value.clone()).collect()
    };
    let awake: Vec<(String, BTreeSet<String>)> = candidates
        .iter()
        .filter(|candidate| last(&candidate.id).is_some_and(|day| day >= limit))
        .map(|candidate| (candidate.id.clone(), domains(candidate)))
        .collect();
    for candidate in candidates.iter_mut() {
        if last(&candidate.id).is_none_or(|day| day >= limit) {
            continue;
        }
        let own = domains(candidate);
        if let Some((sibling, _)) = awake
            .iter()
            .find(|(id, theirs)| *id != candidate.id && !own.is_disjoint(theirs))
        {
            candidate.evidence.push(Evidence {
                signal: "dormant_sibling",
                group: "against",
                value: last(&candidate.id)
                    .map(|day| day.to_string())
                    .unwrap_or_default(),
                record_id: sibling.clone(),
                participant: None,
                weight: weight::DORMANT_SIBLING,
            });
        }
    }
}
