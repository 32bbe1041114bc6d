//! Weighs the opportunities of the chosen account (matching guide, section 5.4), as they were at the meeting.

use super::account::{Candidate, Evidence, Object, Presence, owner_presence, sort};
use super::facts::{Facts, Opportunity, Settings};
use super::meeting::Meeting;
use super::name::company;
use super::name::person::{self as person_name, Agreement, PersonName};
use super::person::{Ignored, Person, Side};
use super::weight::{self, Millibits};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// The eligible opportunities of an account, best first.
#[must_use]
pub fn opportunities(
    meeting: &Meeting,
    people: &[Person<'_>],
    account_id: &str,
    contact_ids: &[String],
    facts: &Facts,
) -> Vec<Candidate> {
    let present: BTreeSet<&str> = contact_ids.iter().map(String::as_str).collect();
    let all = facts
        .opportunities_by_account
        .get(account_id)
        .into_iter()
        .flatten();
    let said = format!("{} {}", meeting.title, meeting.mentions.join(" "));
    let account = facts
        .accounts
        .get(account_id)
        .map_or("", |account| account.name.as_str());
    let others: Vec<(&str, BTreeSet<String>)> = all
        .clone()
        .filter(|opportunity| eligible(meeting, opportunity, &facts.settings).is_some())
        .map(|opportunity| {
            (
                opportunity.id.as_str(),
                telling_words(&opportunity.name, account),
            )
        })
        .collect();
    let mut candidates: Vec<Candidate> = all
        .filter_map(|opportunity| {
            let window = eligible(meeting, opportunity, &facts.settings)?;
            let mut evidence = Vec::new();
            let base = weight::OPPORTUNITY_BASE;
            evidence.extend(observed(
                "window",
                "against",
                opportunity.close_date.to_string(),
                opportunity,
                window,
            ));
            evidence.extend(roles(opportunity, &present));
            evidence.extend(owner(meeting, people, opportunity, facts));
            evidence.extend(type_word(&said, opportunity));
            evidence.extend(deal_named(&said, opportunity, &others));
            let total = base + evidence.iter().map(|e| e.weight).sum::<Millibits>();
            let (id, name) = (opportunity.id.clone(), opportunity.name.clone());
            Some(Candidate {
                object: Object::Opportunity,
                id,
                name,
                total,
                evidence,
            })
        })
        .collect();
    sort(&mut candidates);
    candidates
}

/// How far the best stands above the runner-up or above "none of them".
#[must_use]
pub fn lead_of_best(candidates: &[Candidate]) -> Option<Millibits> {
    let best = candidates.first()?;
    let second = candidates.get(1).map_or(weight::OPPORTUNITY_NONE, |c| {
        c.total.max(weight::OPPORTUNITY_NONE)
    });
    Some(best.total - second)
}

/// What eligibility costs: nothing when open on the day, a little inside the windows around it; `None` outside.
fn eligible(
    meeting: &Meeting,
    opportunity: &Opportunity,
    settings: &Settings,
) -> Option<Millibits> {
    if !settings.pipelines.is_empty() && !settings.pipelines.contains(&opportunity.record_type_id) {
        return None;
    }
    let window = TimeDelta::days(settings.window_days);
    let day = meeting.started_at.date_naive();
    if opportunity.created_at > meeting.started_at + window {
        return None;
    }
    if opportunity.is_closed && opportunity.close_date < day - window {
        return None;
    }
    // By days: a deal entered after the first meeting, on the same day, was meant in it.
    let was_open = opportunity.created_at.date_naive() <= day
        && (!opportunity.is_closed || opportunity.close_date >= day);
    Some(if was_open {
        0
    } else {
        weight::OPPORTUNITY_WINDOW
    })
}

fn roles(opportunity: &Opportunity, present: &BTreeSet<&str>) -> Option<Evidence> {
    let holders: Vec<&String> = opportunity
        .role_contact_ids
        .iter()
        .filter(|id| present.contains(id.as_str()))
        .collect();
    if opportunity.role_contact_ids.is_empty() {
        return None;
    }
    if holders.is_empty() {
        let value = format!(
            "{} contact roles, none present",
            opportunity.role_contact_ids.len()
        );
        return observed(
            "contact_roles_absent",
            "against",
            value,
            opportunity,
            weight::ROLE_ABSENT,
        );
    }
    let weight = weight::ROLE_PRESENT * weight::role_factor(holders.len()) / 1_000;
    let value = format!(
        "{} of {} contact roles present",
        holders.len(),
        opportunity.role_contact_ids.len()
    );
    observed("contact_role", "context", value, opportunity, weight)
}

fn owner(
    meeting: &Meeting,
    people: &[Person<'_>],
    opportunity: &Opportunity,
    facts: &Facts,
) -> Option<Evidence> {
    let (signal, group, weight) =
        match owner_presence(meeting, people, &opportunity.owner_id, facts) {
            Presence::Organizer => (
                "organizer_owns_opportunity",
                "context",
                weight::ORGANIZER_OWNS_OPPORTUNITY,
            ),
            Presence::OnCall(_) => (
                "opportunity_owner_on_call",
                "context",
                weight::OPPORTUNITY_OWNER_ON_CALL,
            ),
            Presence::Absent if opportunity.owner_active => (
                "opportunity_owner_absent",
                "against",
                weight::OPPORTUNITY_OWNER_ABSENT,
            ),
            Presence::Absent => return None,
        };
    observed(
        signal,
        group,
        opportunity.owner_id.clone(),
        opportunity,
        weight,
    )
}

/// Words that name a type of deal, as titles use them.
const RENEWAL: [&str; 3] = ["renewal", "renew", "extension"];
const EXPANSION: [&str; 5] = ["expansion", "upsell", "cross-sell", "add-on", "upgrade"];
const NEW_BUSINESS: [&str; 4] = ["new business", "new project", "discovery", "intro"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum DealType {
    Renewal,
    Expansion,
    NewBusiness,
}

fn deal_type(text: &str) -> Option<DealType> {
    let text = text.to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match (named(&RENEWAL), named(&EXPANSION), named(&NEW_BUSINESS)) {
        (true, false, false) => Some(DealType::Renewal),
        (false, true, false) => Some(DealType::Expansion),
        (false, false, true) => Some(DealType::NewBusiness),
        _ => None,
    }
}

fn type_word(title: &str, opportunity: &Opportunity) -> Option<Evidence> {
    let said = deal_type(title)?;
    let text = format!("{} {}", opportunity.deal_type, opportunity.name);
    let is = match deal_type(&text) {
        Some(is) => is,
        None if opportunity.deal_type.to_lowercase().contains("new") => DealType::NewBusiness,
        None => return None,
    };
    let weight = match (said, said == is) {
        (DealType::NewBusiness, true) => weight::NEW_BUSINESS_AGREES,
        (DealType::NewBusiness, false) => weight::NEW_BUSINESS_CONTRADICTS,
        (DealType::Renewal | DealType::Expansion, true) => weight::TYPE_AGREES,
        (DealType::Renewal | DealType::Expansion, false) => weight::TYPE_CONTRADICTS,
    };
    observed(
        "deal_type_in_title",
        if weight > 0 { "text" } else { "against" },
        text,
        opportunity,
        weight,
    )
}

/// Words of a deal's name that are neither the account's nor every deal's.
fn telling_words(name: &str, account: &str) -> BTreeSet<String> {
    const COMMON: [&str; 22] = [
        "new",
        "business",
        "renewal",
        "renew",
        "expansion",
        "upsell",
        "deal",
        "opportunity",
        "project",
        "annual",
        "licence",
        "license",
        "contract",
        "phase",
        "extension",
        "upgrade",
        "and",
        "the",
        "for",
        "add",
        "on",
        "cross",
    ];
    let of_account: BTreeSet<String> = company::words(account).into_iter().collect();
    company::words(name)
        .into_iter()
        .filter(|word| word.len() >= 3 && !word.chars().all(|c| c.is_ascii_digit()))
        .filter(|word| !COMMON.contains(&word.as_str()) && !of_account.contains(word))
        .collect()
}

/// A product or a name only this deal has, in title or mentions.
fn deal_named(
    said: &str,
    opportunity: &Opportunity,
    others: &[(&str, BTreeSet<String>)],
) -> Option<Evidence> {
    let words: BTreeSet<String> = company::words(said).into_iter().collect();
    let (_, own) = others.iter().find(|(id, _)| *id == opportunity.id)?;
    let word = own
        .iter()
        .filter(|word| words.contains(*word))
        .find(|word| {
            !others
                .iter()
                .any(|(id, theirs)| *id != opportunity.id && theirs.contains(*word))
        })?;
    observed(
        "deal_named",
        "text",
        word.clone(),
        opportunity,
        weight::DEAL_NAMED,
    )
}

fn observed(
    signal: &'static str,
    group: &'static str,
    value: String,
    opportunity: &Opportunity,
    weight: Millibits,
) -> Option<Evidence> {
    let record_id = opportunity.id.clone();
    (weight != 0).then_some(Evidence {
        signal,
        group,
        value,
        record_id,
        participant: None,
        weight,
    })
}

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
            .filter(|address| !super::address::is_role(address.local()))
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
