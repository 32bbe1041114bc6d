//! Contacts in the room at the account.

use crate::domain::address;
use crate::domain::facts::Facts;
use crate::domain::name::person::{self as person_name, Agreement, PersonName};
use crate::domain::person::{Ignored, Person, Side};
use std::collections::BTreeSet;

/// Contacts in the room at the account, one per person: by address the latest touched, then the oldest id (guide, section
/// 5.2); by name only where exactly one fits. Names that fit several are said, and none is taken.
#[must_use]
pub fn contacts_present(
    people: &[Person<'_>],
    account_id: &str,
    facts: &Facts,
) -> (Vec<String>, Vec<Ignored>) {
    let mut ids = BTreeSet::new();
    let mut unsure = Vec::new();
    for person in people.iter().filter(|person| person.side != Side::Internal) {
        let by_address = person
            .participant
            .address
            .as_ref()
            .filter(|address| !address::is_role(address.local()))
            .and_then(|address| contact_of(address.as_str(), account_id, facts));
        if let Some(id) = by_address {
            ids.insert(id);
            continue;
        }
        let fitting = by_name(person, account_id, facts);
        match fitting.as_slice() {
            [] => {}
            [one] => {
                ids.insert(one.clone());
            }
            several => unsure.push(Ignored {
                what: person.participant.name.clone(),
                why: format!(
                    "the name fits {} contacts of the account, none is taken",
                    several.len()
                ),
            }),
        }
    }
    ids.retain(|id| !id.is_empty());
    (ids.into_iter().collect(), unsure)
}

fn contact_of(address: &str, account_id: &str, facts: &Facts) -> Option<String> {
    let here = facts.contacts_by_address.get(address).into_iter().flatten();
    let here = here.filter(|contact| contact.account_id == account_id && !contact.id.is_empty());
    let best = here.max_by(|a, b| {
        a.touched_at
            .cmp(&b.touched_at)
            .then_with(|| b.id.cmp(&a.id))
    });
    if let Some(best) = best {
        return Some(best.id.clone());
    }
    let leads = facts.leads_by_address.get(address).into_iter().flatten();
    let converted = leads.filter_map(|lead| lead.converted.as_ref());
    converted
        .filter(|converted| converted.account_id == account_id)
        .map(|converted| converted.contact_id.clone())
        .min()
}

/// Contacts of the account whose name agrees, the closest agreement only.
fn by_name(person: &Person<'_>, account_id: &str, facts: &Facts) -> Vec<String> {
    let Some(here) = facts.namesakes_by_account.get(account_id) else {
        return Vec::new();
    };
    let name = PersonName::parse(&person.participant.name);
    let mut fitting: Vec<(Agreement, String)> = here
        .iter()
        .filter(|contact| !contact.id.is_empty())
        .map(|contact| {
            (
                PersonName::of_fields(&contact.first, &contact.last),
                contact,
            )
        })
        // Not what another meeting of the batch asked for.
        .filter(|(of_contact, _)| name.asks_for(of_contact))
        .map(|(of_contact, contact)| (person_name::whole(&name, &of_contact), contact.id.clone()))
        .filter(|(agreement, _)| *agreement != Agreement::Different)
        .collect();
    fitting.sort();
    fitting.dedup();
    let closest = fitting.first().map(|(agreement, _)| *agreement);
    fitting
        .into_iter()
        .filter(|(agreement, _)| Some(*agreement) == closest)
        .map(|(_, id)| id)
        .collect()
}
