//! What surrounds the evidence: the owner, sleeping siblings, duplicate records.

use super::{Evidence, Witnesses};
use crate::domain::facts::{Account, Facts};
use crate::domain::meeting::Meeting;
use crate::domain::name::company;
use crate::domain::person::{Ignored, Person};
use crate::domain::weight;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// The account's owner in the meeting.
pub(super) fn owner(
    organizer: Option<&str>,
    people: &[Person<'_>],
    owner_id: &str,
) -> Option<Evidence> {
    let (signal, participant, weight) = match owner_presence(organizer, people, owner_id) {
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

/// The user of the org who organised the meeting.
pub(crate) fn organizer<'f>(meeting: &Meeting, facts: &'f Facts) -> Option<&'f str> {
    let address = meeting.organizer.as_ref()?;
    let user = facts.users_by_address.get(address.as_str())?;
    Some(&user.id)
}

/// Where the owner was; somebody who declined was not there.
pub(crate) fn owner_presence(
    organizer: Option<&str>,
    people: &[Person<'_>],
    owner_id: &str,
) -> Presence {
    if organizer == Some(owner_id) {
        return Presence::Organizer;
    }
    let mut present = people.iter().filter(|person| !person.participant.declined);
    let owner = present.find(|person| person.user_id.as_deref() == Some(owner_id));
    owner.map_or(Presence::Absent, |person| Presence::OnCall(person.index))
}

/// Accounts with one core and one domain are one company entered twice: the survivor (latest activity, then most evidence by
/// id) keeps the evidence, the others none (matching guide, section 5.1).
pub(super) fn survivors(witnesses: &mut Witnesses, facts: &Facts, ignored: &mut Vec<Ignored>) {
    let is_specific = |evidence: &Evidence| matches!(evidence.group, "mail" | "phone");
    if !witnesses.values().flatten().any(is_specific) {
        return;
    }
    let mut by_domain: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for (id, found) in witnesses.iter() {
        for evidence in found.iter().filter(|evidence| evidence.group == "domain") {
            by_domain.entry(&evidence.value).or_default().insert(id);
        }
    }
    // A mailbox or a number at one of them shows that they are used as one. The domain alone fits both: a person says which.
    let specific = |id: &String| {
        let mut found = witnesses.get(id).into_iter().flatten();
        found.any(is_specific)
    };
    let mut groups: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for ids in by_domain.values() {
        if ids.len() < 2 || !ids.iter().any(|id| specific(id)) {
            continue;
        }
        let mut by_core: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for id in ids {
            if let Some(account) = facts.accounts.get(*id) {
                by_core
                    .entry(company::core(&account.name))
                    .or_default()
                    .insert((*id).clone());
            }
        }
        groups.extend(
            by_core
                .into_values()
                .filter(|ids| ids.len() > 1 && ids.iter().any(specific)),
        );
    }
    for ids in groups {
        let members: Vec<&Account> = ids.iter().filter_map(|id| facts.accounts.get(id)).collect();
        if members
            .iter()
            .any(|account| ids.contains(&account.parent_id))
        {
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
pub(super) fn dormant(meeting: &Meeting, weighed: &mut [(&Account, Vec<Evidence>)]) {
    let limit = (meeting.started_at - TimeDelta::days(weight::DORMANT_DAYS)).date_naive();
    let mut awake: BTreeMap<String, String> = BTreeMap::new();
    for (account, evidence) in weighed
        .iter()
        .filter(|(account, _)| account.last_activity.is_some_and(|day| day >= limit))
    {
        for evidence in evidence.iter().filter(|one| one.group == "domain") {
            let first = awake
                .entry(evidence.value.clone())
                .or_insert_with(|| account.id.clone());
            if account.id < *first {
                first.clone_from(&account.id);
            }
        }
    }
    if awake.is_empty() {
        return;
    }
    for (account, evidence) in weighed.iter_mut() {
        let Some(day) = account.last_activity.filter(|day| *day < limit) else {
            continue;
        };
        let mut own = evidence.iter().filter(|one| one.group == "domain");
        let Some(sibling) = own.find_map(|one| awake.get(&one.value)).cloned() else {
            continue;
        };
        evidence.push(Evidence {
            signal: "dormant_sibling",
            group: "against",
            value: day.to_string(),
            record_id: sibling,
            participant: None,
            weight: weight::DORMANT_SIBLING,
        });
    }
}
