//! Weighs accounts and leads (matching guide, section 5.1): one group per kind of witness, groups add up.

use super::facts::{DomainClass, Facts};
use super::meeting::Meeting;
use super::person::{Ignored, Person, Side};
use super::weight::{self, Millibits};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of record a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// An account.
    Account,
    /// A lead.
    Lead,
    /// An opportunity.
    Opportunity,
}

impl Object {
    /// The sObject's API name.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Lead => "Lead",
            Self::Opportunity => "Opportunity",
        }
    }
}

/// A record weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub object: Object,
    /// 18-character id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Prior plus evidence.
    pub total: Millibits,
    /// What spoke for and against it, heaviest first.
    pub evidence: Vec<Evidence>,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Name of the signal.
    pub signal: &'static str,
    /// Witnesses of one group repeat each other.
    pub group: &'static str,
    /// What was observed.
    pub value: String,
    /// The record it was observed on.
    pub record_id: String,
    /// The participant it is about.
    pub participant: Option<usize>,
    /// What it adds.
    pub weight: Millibits,
}

/// Best first; equal totals by id, for display only: a tie is never drawn.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.id.cmp(&b.id)));
}

/// Every account the evidence proposes, and what was too common to be evidence.
#[must_use]
pub fn accounts(
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
) -> (Vec<Candidate>, Vec<Ignored>) {
    let mut witnesses: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    let mut ignored = Vec::new();
    for person in people.iter().filter(|person| person.side != Side::Internal) {
        let declined = person.participant.declined;
        let mut add = |account: &str, mut evidence: Evidence| {
            if declined {
                evidence.weight /= 2;
            }
            witnesses
                .entry(account.to_owned())
                .or_default()
                .push(evidence);
        };
        mail(person, facts, &mut ignored, &mut add);
        domain(person, facts, &mut ignored, &mut add);
    }
    let mut candidates = Vec::new();
    for (id, found) in witnesses {
        let Some(account) = facts.accounts.get(&id) else {
            continue;
        };
        let mut evidence = combined(found);
        evidence.extend(context(meeting, people, &account.owner_id, facts));
        let total = weight::ACCOUNT_PRIOR + evidence.iter().map(|e| e.weight).sum::<Millibits>();
        candidates.push(Candidate {
            object: Object::Account,
            id,
            name: account.name.clone(),
            total,
            evidence,
        });
    }
    sort(&mut candidates);
    ignored.sort_by(|a, b| a.what.cmp(&b.what));
    ignored.dedup();
    (candidates, ignored)
}

/// Every open lead whose address is in the room.
#[must_use]
pub fn leads(people: &[Person<'_>], facts: &Facts) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for person in people
        .iter()
        .filter(|person| matches!(person.side, Side::Customer | Side::Free))
    {
        let Some(address) = &person.participant.address else {
            continue;
        };
        let open: Vec<_> = facts
            .leads_by_address
            .get(address.as_str())
            .into_iter()
            .flatten()
            .filter(|lead| lead.converted.is_none())
            .collect();
        for lead in &open {
            let weight = weight::CONTACT_MAIL - weight::shared_by(open.len());
            let weight = if person.participant.declined {
                weight / 2
            } else {
                weight
            };
            candidates.push(Candidate {
                object: Object::Lead,
                id: lead.id.clone(),
                name: format!("{} ({})", lead.name, lead.company),
                total: weight::ACCOUNT_PRIOR + weight,
                evidence: vec![Evidence {
                    signal: "lead_mail",
                    group: "mail",
                    value: address.as_str().to_owned(),
                    record_id: lead.id.clone(),
                    participant: Some(person.index),
                    weight,
                }],
            });
        }
    }
    candidates.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| b.total.cmp(&a.total)));
    candidates.dedup_by(|later, first| later.id == first.id);
    sort(&mut candidates);
    candidates
}

/// A contact's address, also of the contact a lead was converted to.
fn mail(
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

/// The account's website, its other domains, or colleagues who are contacts there.
fn domain(
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
fn strong_owners<'f>(domain: &str, facts: &'f Facts) -> BTreeSet<&'f str> {
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

/// The best witness of a group counts in full, two further ones a little, the rest not at all.
fn combined(mut found: Vec<Evidence>) -> Vec<Evidence> {
    found.sort_by(|a, b| {
        b.weight
            .cmp(&a.weight)
            .then_with(|| a.group.cmp(b.group))
            .then_with(|| a.participant.cmp(&b.participant))
    });
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for evidence in &mut found {
        let count = seen.entry(evidence.group).or_default();
        let further = match evidence.group {
            "mail" => weight::MAIL_FURTHER,
            _ => weight::DOMAIN_FURTHER,
        };
        evidence.weight = match *count {
            0 => evidence.weight,
            n if n <= weight::FURTHER_MAX => evidence.weight.min(further),
            _ => 0,
        };
        *count += 1;
    }
    found.retain(|evidence| evidence.weight != 0);
    found
}

fn context(
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
    let is_owner = |address: &super::address::Address| {
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

fn too_common(key: &str, what: &str) -> Ignored {
    Ignored {
        what: key.to_owned(),
        why: format!(
            "fits {what} of more than {} accounts, too common to be evidence",
            weight::ACCOUNTS_PER_KEY_MAX
        ),
    }
}
