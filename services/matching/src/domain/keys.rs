//! What to ask the projection for: the keys of one meeting (matching guide, section 4).

use super::address::{is_free_mail, skeleton};
use super::meeting::{HintObject, Meeting};
use super::name::nickname;
use super::name::person::{PersonName, VARIANTS_MAX};
use super::series::series_keys;
use std::collections::BTreeSet;

/// The keys of one meeting, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Canonical addresses.
    pub addresses: BTreeSet<String>,
    /// Registrable domains, free mail included: an admin's rule may say otherwise.
    pub domains: BTreeSet<String>,
    /// Domains as they look.
    pub skeletons: BTreeSet<String>,
    /// Telephone keys.
    pub phones: BTreeSet<String>,
    /// Family name and an initial, of people whose address is not known: asked within proposed accounts.
    pub last_keys: BTreeSet<String>,
    /// Given name and an initial, likewise.
    pub first_keys: BTreeSet<String>,
    /// Whole names of people without a company's mail: asked of everybody.
    pub full_names: BTreeSet<String>,
    /// Record ids upstream named, with their object.
    pub records: BTreeSet<(HintObject, String)>,
    /// Accounts the texts name.
    pub named_accounts: BTreeSet<String>,
    /// Deals the texts name.
    pub named_opportunities: BTreeSet<String>,
    /// The series it is of.
    pub series: BTreeSet<String>,
}

/// The keys of a meeting.
#[must_use]
pub fn keys(meeting: &Meeting) -> Keys {
    let mut keys = Keys::default();
    let addresses = meeting
        .participants
        .iter()
        .filter_map(|participant| participant.address.as_ref());
    for address in addresses.chain(meeting.organizer.as_ref()) {
        keys.addresses.insert(address.as_str().to_owned());
        if let Some(domain) = address.domain_key() {
            if !is_free_mail(&domain) {
                keys.skeletons.insert(skeleton(&domain));
            }
            keys.domains.insert(domain);
        }
    }
    for participant in &meeting.participants {
        keys.phones.extend(participant.phones.iter().cloned());
        let ours = |address: &super::address::Address| {
            meeting
                .organizer
                .as_ref()
                .is_some_and(|organizer| organizer.host() == address.host())
        };
        if participant.address.as_ref().is_some_and(ours) {
            continue;
        }
        let name = PersonName::parse(&participant.name);
        let free = participant
            .address
            .as_ref()
            .and_then(|address| address.domain_key())
            .is_none_or(|domain| is_free_mail(&domain));
        for order in [name.clone(), name.swapped()]
            .iter()
            .filter(|name| name.is_full())
        {
            keys.first_keys.extend(order.first_key());
            keys.last_keys.extend(order.last_key());
            for first in nickname::variants(&order.first, VARIANTS_MAX) {
                let variant = PersonName {
                    first,
                    ..order.clone()
                };
                keys.last_keys.extend(variant.last_key());
                keys.first_keys.extend(variant.first_key());
                if free {
                    keys.full_names.extend(variant.full_key());
                }
            }
        }
    }
    keys.series = series_keys(meeting);
    keys.records = meeting
        .hints
        .iter()
        .map(|hint| (hint.object, hint.record_id.clone()))
        .collect();
    keys
}
