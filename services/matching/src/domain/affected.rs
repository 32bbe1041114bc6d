//! The keys under which a decided meeting is kept, so that a change finds the meetings it concerns.

use super::decide::{Decision, Outcome};
use super::keys::Keys;
use super::meeting::Meeting;
use super::name::company::{core_words, words};
use std::collections::BTreeSet;

/// Keys of one meeting kept; a meeting of a thousand people is found by its first.
const KEYS_MAX: usize = 200;
/// Bytes of one key: a longer one is nobody's address, name or word, and an index could not hold it.
pub const KEY_BYTES_MAX: usize = 512;
/// Words of a title it is found by.
const TITLE_WORDS_MAX: usize = 32;

/// Of an address.
#[must_use]
pub fn address_key(address: &str) -> String {
    format!("address:{address}")
}

/// Of a domain.
#[must_use]
pub fn domain_key(domain: &str) -> String {
    format!("domain:{domain}")
}

/// Of what a domain looks like.
#[must_use]
pub fn skeleton_key(skeleton: &str) -> String {
    format!("skeleton:{skeleton}")
}

/// Of a telephone number.
#[must_use]
pub fn phone_key(key: &str) -> String {
    format!("phone:{key}")
}

/// Of a whole name.
#[must_use]
pub fn full_name_key(key: &str) -> String {
    format!("name:{key}")
}

/// Of an account weighed.
#[must_use]
pub fn account_key(id: &str) -> String {
    format!("account:{id}")
}

/// Of an account whose opportunities were weighed.
#[must_use]
pub fn opportunity_key(account_id: &str) -> String {
    format!("opportunity:{account_id}")
}

/// Of a word in a title or the beginning of a mention.
#[must_use]
pub fn word_key(word: &str) -> String {
    format!("text:{word}")
}

/// Of a series.
#[must_use]
pub fn series_key(key: &str) -> String {
    format!("series:{key}")
}

/// Of an account's name, as texts may name it.
#[must_use]
pub fn text_keys_of_name(name: &str) -> BTreeSet<String> {
    let core = core_words(name);
    let mut keys = BTreeSet::from([format!("text:{}", core.concat())]);
    keys.extend(core.first().map(|word| format!("text:{word}")));
    keys
}

/// The keys to keep for a meeting: an undecided one with everything it was looked up with, a matched one with what could
/// show that it belongs elsewhere.
#[must_use]
pub fn keys_kept(meeting: &Meeting, keys: &Keys, decision: &Decision) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    let open = decision.outcome != Outcome::Matched;
    let organizer = meeting
        .organizer
        .as_ref()
        .and_then(|organizer| organizer.domain_key());
    let ours = |host: &str| {
        organizer
            .as_deref()
            .is_some_and(|own| host == own || host.ends_with(&format!("@{own}")))
    };
    kept.extend(
        keys.addresses
            .iter()
            .filter(|address| !ours(address))
            .map(|address| address_key(address)),
    );
    kept.extend(
        keys.domains
            .iter()
            .filter(|domain| !ours(domain))
            .map(|domain| domain_key(domain)),
    );
    kept.extend(decision.account_id.iter().map(|id| opportunity_key(id)));
    if open || decision.opportunity_outcome != Outcome::Matched {
        kept.extend(keys.series.iter().map(|key| series_key(key)));
    }
    if open || decision.opportunity_outcome == Outcome::Ambiguous {
        let title = words(&meeting.title);
        kept.extend(
            title
                .iter()
                .take(TITLE_WORDS_MAX)
                .map(|word| word_key(word)),
        );
    }
    if open {
        kept.extend(keys.skeletons.iter().map(|key| skeleton_key(key)));
        kept.extend(keys.phones.iter().map(|key| phone_key(key)));
        kept.extend(keys.full_names.iter().map(|key| full_name_key(key)));
        kept.extend(
            decision
                .candidates
                .iter()
                .map(|candidate| account_key(&candidate.id)),
        );
        for mention in &meeting.mentions {
            kept.extend(text_keys_of_name(mention));
        }
    }
    kept.into_iter()
        .filter(|key| key.len() <= KEY_BYTES_MAX)
        .take(KEYS_MAX)
        .collect()
}
