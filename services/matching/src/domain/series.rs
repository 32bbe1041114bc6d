//! Which meetings belong together: those upstream says are one series, and those of one title with the same people.

use super::meeting::Meeting;
use super::name::company::words;
use std::collections::BTreeSet;

/// Keys of the series a meeting is of. What people typed is kept as a digest: the rows outlive the meeting's content.
#[must_use]
pub fn series_keys(meeting: &Meeting) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    if !meeting.series_id.is_empty() {
        keys.insert(digest(&format!("id\n{}", meeting.series_id)));
    }
    let people: BTreeSet<&str> = meeting
        .participants
        .iter()
        .filter_map(|participant| participant.address.as_ref())
        .map(|address| address.as_str())
        .collect();
    let title = words(&meeting.title).join(" ");
    // One address is the organiser's own: a title alone is no series.
    if !title.is_empty() && people.len() > 1 {
        let people: Vec<&str> = people.into_iter().collect();
        keys.insert(digest(&format!("alike\n{title}\n{}", people.join("\n"))));
    }
    keys
}

/// FNV-1a of 128 bits: one value on every machine and in every version, which a standard hasher does not promise.
fn digest(text: &str) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    });
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::Address;
    use crate::domain::meeting::{Kind, Participant};

    fn meeting(title: &str, series_id: &str, addresses: &[&str]) -> Meeting {
        let participant = |address: &&str| Participant {
            name: String::new(),
            address: Address::parse(address).ok(),
            address_problem: String::new(),
            phones: Vec::new(),
            kind: Kind::Unknown,
            declined: false,
        };
        Meeting {
            workspace: "acme".parse().expect("a workspace"),
            id: "m".into(),
            revision: 1,
            title: title.into(),
            started_at: chrono::DateTime::UNIX_EPOCH,
            organizer: None,
            participants: addresses.iter().map(participant).collect(),
            participants_dropped: 0,
            mentions: Vec::new(),
            hints: Vec::new(),
            series_id: series_id.into(),
        }
    }

    #[test]
    fn one_series_is_one_by_its_id_or_by_title_and_people() {
        let both = ["a@x.com", "b@y.com"];
        let weekly = series_keys(&meeting("Weekly Sync", "", &both));
        assert_eq!(
            weekly,
            series_keys(&meeting("weekly  sync!", "", &["b@y.com", "a@x.com"]))
        );
        assert!(weekly.is_disjoint(&series_keys(&meeting("Weekly sync", "", &both[..1]))));
        assert!(weekly.is_disjoint(&series_keys(&meeting("Monthly sync", "", &both))));
        let by_id = series_keys(&meeting("Renamed", "s-1", &["c@z.com"]));
        assert_eq!(by_id.len(), 1);
        assert!(!by_id.is_disjoint(&series_keys(&meeting("Weekly sync", "s-1", &both))));
        assert!(series_keys(&meeting("", "", &both)).is_empty());
        // One value for ever: rows written by an older version are found by a newer one.
        assert_eq!(
            by_id.first().map(String::as_str),
            Some("8d03f25f403c64bf6ef59b44aa39e2b5")
        );
    }
}
