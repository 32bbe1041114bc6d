//! Domains: whose website, whose colleagues, whose name; and whose they only look like.

use super::{Evidence, too_common};
use crate::domain::address::{is_mixed, skeleton};
use crate::domain::facts::{DomainClass, Facts, Fit, Source};
use crate::domain::meeting::Meeting;
use crate::domain::person::{Ignored, Person, Side};
use crate::domain::weight;
use std::collections::BTreeSet;

/// The account's website, its other domains, or colleagues who are contacts there.
pub(super) fn weigh(
    meeting: &Meeting,
    person: &Person<'_>,
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
    add: &mut impl FnMut(&str, Evidence),
) {
    let Some(domain) = person
        .domain
        .as_deref()
        .filter(|_| person.side == Side::Customer)
    else {
        return;
    };
    let strong = strong_owners(domain, facts);
    let uses = facts.accounts_by_domain.get(domain).into_iter().flatten();
    let weak: BTreeSet<&str> = uses
        .map(|u| u.account_id.as_str())
        .filter(|id| !strong.contains(id))
        .collect();
    look_alike(domain, facts, ignored, add, person.index);
    if strong.is_empty() && weak.is_empty() {
        label(meeting, domain, person, facts, add);
        return;
    }
    if strong.len() > weight::ACCOUNTS_PER_KEY_MAX || weak.len() > weight::ACCOUNTS_PER_KEY_MAX {
        ignored.push(too_common(domain, "accounts"));
        return;
    }
    let evidence = |signal, account: &str, weight| Evidence {
        signal,
        group: "domain",
        value: domain.to_owned(),
        record_id: account.to_owned(),
        participant: Some(person.index),
        weight,
    };
    let alternates = alternates(domain, facts);
    for account in &strong {
        let (signal, base) = if alternates.contains(account) {
            ("alternate_domain", weight::DOMAIN_ALTERNATE)
        } else {
            ("account_domain", weight::DOMAIN_STRONG)
        };
        let base = if is_mixed(domain) { base / 2 } else { base };
        add(
            account,
            evidence(signal, account, base - weight::shared_by(strong.len())),
        );
    }
    for account in &weak {
        let shared = weight::shared_by(strong.len() + weak.len());
        add(
            account,
            evidence("colleague_domain", account, weight::DOMAIN_WEAK - shared),
        );
    }
}

/// Accounts whose website the domain is, that have several contacts there, or that an admin gave it to.
pub(super) fn strong_owners<'f>(domain: &str, facts: &'f Facts) -> BTreeSet<&'f str> {
    let mut owners: BTreeSet<&str> = alternates(domain, facts);
    owners.extend(
        facts
            .accounts_by_website
            .get(domain)
            .into_iter()
            .flatten()
            .map(String::as_str),
    );
    let uses = facts.accounts_by_domain.get(domain).into_iter().flatten();
    owners.extend(
        uses.filter(|u| u.contacts >= weight::DOMAIN_CONTACTS_STRONG)
            .map(|u| u.account_id.as_str()),
    );
    owners
}

fn alternates<'f>(domain: &str, facts: &'f Facts) -> BTreeSet<&'f str> {
    let rules = facts.domain_rules.get(domain).into_iter().flatten();
    rules
        .filter(|rule| rule.class == DomainClass::Alternate)
        .filter_map(|rule| rule.account_id.as_deref())
        .collect()
}

/// Where the domain belongs to nobody known: an account of that name.
fn label(
    meeting: &Meeting,
    domain: &str,
    person: &Person<'_>,
    facts: &Facts,
    add: &mut impl FnMut(&str, Evidence),
) {
    let named = facts.named.get(&meeting.id).into_iter().flatten();
    for hit in named.filter(|hit| hit.source == Source::Domain && hit.value == domain) {
        let base = match hit.fit {
            Fit::Whole => weight::LABEL_WHOLE,
            Fit::Beginning | Fit::Near => weight::LABEL_BEGINNING,
        };
        add(
            &hit.account_id,
            Evidence {
                signal: "domain_label",
                group: "domain",
                value: domain.to_owned(),
                record_id: hit.account_id.clone(),
                participant: Some(person.index),
                weight: base - weight::shared_by(hit.shared_by),
            },
        );
    }
}

/// A domain that reads like an account's and is another: against the account, and said aloud.
fn look_alike(
    domain: &str,
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
    add: &mut impl FnMut(&str, Evidence),
    participant: usize,
) {
    if facts.websites_by_skeleton.is_empty() {
        return;
    }
    let alike = facts
        .websites_by_skeleton
        .get(&skeleton(domain))
        .into_iter()
        .flatten();
    for (account, website) in alike.filter(|(_, website)| website != domain) {
        ignored.push(Ignored {
            what: format!("domain {domain}"),
            why: format!("looks like {website} and is not: check who that is"),
        });
        add(
            account,
            Evidence {
                signal: "look_alike_domain",
                group: "against",
                value: domain.to_owned(),
                record_id: account.clone(),
                participant: Some(participant),
                weight: weight::LOOK_ALIKE,
            },
        );
    }
}
