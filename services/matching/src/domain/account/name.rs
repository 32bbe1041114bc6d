//! People known by name: at an account that has other evidence, or alone where one contact has that name.

use super::{Evidence, Witnesses};
use crate::domain::facts::{Contact, Facts};
use crate::domain::name::person::{Agreement, PersonName, whole};
use crate::domain::person::{Person, Side};
use crate::domain::weight::{self, Millibits};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a contact has that name. What was loaded for another meeting of the batch is left out: a decision must not depend
/// on its neighbours.
fn agrees(name: &PersonName, contact: &Contact) -> bool {
    let of_contact = PersonName::of_fields(&contact.first, &contact.last);
    whole(name, &of_contact) != Agreement::Different && name.asks_for(&of_contact)
}

fn is_known(person: &Person<'_>, facts: &Facts) -> bool {
    let address = person.participant.address.as_ref();
    address.is_some_and(|address| facts.contacts_by_address.contains_key(address.as_str()))
}

/// Somebody without a company's mail whose whole name few contacts have.
pub(super) fn unique(person: &Person<'_>, facts: &Facts, add: &mut impl FnMut(&str, Evidence)) {
    if facts.contacts_by_full_name.is_empty()
        || person.side != Side::Free
        || is_known(person, facts)
    {
        return;
    }
    let name = PersonName::parse(&person.participant.name);
    if !name.is_full() {
        return;
    }
    let mut accounts: BTreeMap<&str, &str> = BTreeMap::new();
    let mut contacts: BTreeSet<&str> = BTreeSet::new();
    let asked = name.full_keys();
    for contact in asked
        .iter()
        .filter_map(|key| facts.contacts_by_full_name.get(key))
        .flatten()
        .filter(|contact| agrees(&name, contact))
    {
        contacts.insert(&contact.id);
        if !contact.account_id.is_empty() {
            let first = accounts.entry(&contact.account_id).or_insert(&contact.id);
            *first = (*first).min(&contact.id);
        }
    }
    let (signal, base) = match contacts.len() {
        0 => return,
        1 => ("unique_name", weight::NAME_UNIQUE),
        n if n <= weight::ACCOUNTS_PER_KEY_MAX => {
            ("shared_name", weight::NAME_SHARED - weight::shared_by(n))
        }
        _ => return,
    };
    for (account, contact) in accounts {
        add(account, evidence(signal, person, contact, base));
    }
}

fn evidence(
    signal: &'static str,
    person: &Person<'_>,
    contact: &str,
    weight: Millibits,
) -> Evidence {
    Evidence {
        signal,
        group: "name",
        value: person.participant.name.clone(),
        record_id: contact.to_owned(),
        participant: Some(person.index),
        weight,
    }
}

/// Names of people nobody knows by address, at accounts that stand well without them.
pub(super) fn known(people: &[Person<'_>], facts: &Facts, witnesses: &mut Witnesses) {
    if facts.namesakes_by_account.is_empty() {
        return;
    }
    let unknown: Vec<(&Person<'_>, PersonName)> = people
        .iter()
        .filter(|person| person.side != Side::Internal && !is_known(person, facts))
        .map(|person| (person, PersonName::parse(&person.participant.name)))
        .filter(|(_, name)| name.is_full())
        .collect();
    for (account, found) in witnesses.iter_mut() {
        let Some(here) = facts.namesakes_by_account.get(account) else {
            continue;
        };
        let mut best: BTreeMap<&str, Millibits> = BTreeMap::new();
        for evidence in found.iter().filter(|evidence| evidence.group != "name") {
            let group = best.entry(evidence.group).or_default();
            *group = (*group).max(evidence.weight);
        }
        if best.values().sum::<Millibits>() < weight::NAME_KNOWN_FROM {
            continue;
        }
        for (person, name) in &unknown {
            let fitting = here.iter().filter(|contact| agrees(name, contact));
            let Some(contact) = fitting.map(|contact| contact.id.as_str()).min() else {
                continue;
            };
            let weight = if person.participant.declined {
                weight::NAME_KNOWN / 2
            } else {
                weight::NAME_KNOWN
            };
            found.push(evidence("known_name", person, contact, weight));
        }
    }
}
