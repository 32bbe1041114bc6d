//! What to ask the projection for: the keys of one meeting (matching guide, section 4).

use super::meeting::{HintObject, Meeting};
use std::collections::BTreeSet;

/// The keys of one meeting, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Canonical addresses.
    pub addresses: BTreeSet<String>,
    /// Registrable domains, free mail included: an admin's rule may say otherwise.
    pub domains: BTreeSet<String>,
    /// Record ids upstream named, with their object.
    pub records: BTreeSet<(HintObject, String)>,
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
        keys.domains.extend(address.domain_key());
        keys.addresses.insert(address.as_str().to_owned());
    }
    keys.records = meeting
        .hints
        .iter()
        .map(|hint| (hint.object, hint.record_id.clone()))
        .collect();
    keys
}
