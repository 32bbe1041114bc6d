//! Addresses and numbers of contacts and of leads that became contacts.

use super::site::strong_owners;
use super::{Evidence, too_common};
use crate::domain::facts::Facts;
use crate::domain::person::{Ignored, Person, Side};
use crate::domain::phone::{self, Fit};
use crate::domain::weight;
use std::collections::BTreeMap;

/// A contact's address, also of the contact a lead was converted to.
pub(super) fn weigh(
    person: &Person<'_>,
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
    add: &mut impl FnMut(&str, Evidence),
) {
    let Some(address) = &person.participant.address else {
        return;
    };
    let contacts = facts
        .contacts_by_address
        .get(address.as_str())
        .into_iter()
        .flatten();
    let mut holders: BTreeMap<&str, (&str, &'static str)> = BTreeMap::new();
    for contact in contacts.filter(|contact| !contact.account_id.is_empty()) {
        let holder = holders
            .entry(&contact.account_id)
            .or_insert((&contact.id, "contact_mail"));
        holder.0 = holder.0.min(&contact.id);
    }
    for lead in facts
        .leads_by_address
        .get(address.as_str())
        .into_iter()
        .flatten()
    {
        if let Some(converted) = &lead.converted {
            holders
                .entry(&converted.account_id)
                .or_insert((&lead.id, "converted_lead_mail"));
        }
    }
    if holders.len() > weight::ACCOUNTS_PER_KEY_MAX {
        ignored.push(too_common(address.as_str(), "contacts"));
        return;
    }
    if holders.is_empty() {
        return;
    }
    let owners = person
        .domain
        .as_deref()
        .map(|domain| strong_owners(domain, facts))
        .unwrap_or_default();
    for (account, (record, signal)) in &holders {
        let elsewhere =
            person.side == Side::Customer && !owners.is_empty() && !owners.contains(account);
        let base = match person.side {
            Side::Partner => weight::PARTNER_CONTACT_MAIL,
            Side::Customer | Side::Free | Side::Internal if elsewhere => {
                weight::CONTACT_MAIL_ELSEWHERE
            }
            Side::Customer | Side::Free | Side::Internal => weight::CONTACT_MAIL,
        };
        let evidence = Evidence {
            signal: if elsewhere {
                "contact_mail_other_employer"
            } else {
                signal
            },
            group: "mail",
            value: address.as_str().to_owned(),
            record_id: (*record).to_owned(),
            participant: Some(person.index),
            weight: (base - weight::shared_by(holders.len())).max(0),
        };
        add(account, evidence);
    }
}

/// A contact's telephone number.
pub(super) fn phones(
    person: &Person<'_>,
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
    add: &mut impl FnMut(&str, Evidence),
) {
    let dialled = &person.participant.phones;
    let code = facts.settings.phone_code;
    for key in dialled {
        let mut holders: BTreeMap<&str, (&str, Fit)> = BTreeMap::new();
        for holder in facts.contacts_by_phone.get(key).into_iter().flatten() {
            let (contact, international) = (&holder.contact, holder.international.as_deref());
            let Some(fit) = phone::fit(key, dialled, international, code) else {
                continue;
            };
            if contact.account_id.is_empty() {
                continue;
            }
            let known = holders
                .entry(&contact.account_id)
                .or_insert((&contact.id, fit));
            *known = (known.0.min(&contact.id), known.1.max(fit));
        }
        for converted in facts
            .leads_by_phone
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|lead| lead.converted.as_ref())
        {
            let fit = if phone::is_international(key) {
                Fit::Whole
            } else {
                Fit::National
            };
            holders
                .entry(&converted.account_id)
                .or_insert((&converted.contact_id, fit));
        }
        if holders.len() > weight::ACCOUNTS_PER_KEY_MAX {
            ignored.push(too_common(key, "numbers"));
            continue;
        }
        for (account, (record, fit)) in &holders {
            let base = match fit {
                Fit::Whole => weight::PHONE,
                Fit::National => weight::PHONE_NATIONAL,
            };
            add(
                account,
                Evidence {
                    signal: "contact_phone",
                    group: "phone",
                    value: key.trim_start_matches('~').to_owned(),
                    record_id: (*record).to_owned(),
                    participant: Some(person.index),
                    weight: base - weight::shared_by(holders.len()),
                },
            );
        }
    }
}
