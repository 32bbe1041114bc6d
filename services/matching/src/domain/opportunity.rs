//! Weighs the opportunities of the chosen account (matching guide, section 5.4), as they were at the meeting.

use super::account::{Candidate, Evidence, Object, Presence, owner_presence, sort};
use super::facts::{Facts, Opportunity};
use super::meeting::Meeting;
use super::person::{Person, Side};
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
    let mut candidates: Vec<Candidate> = all
        .filter_map(|opportunity| {
            let window = eligible(meeting, opportunity)?;
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
            evidence.extend(type_word(&meeting.title, opportunity));
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
fn eligible(meeting: &Meeting, opportunity: &Opportunity) -> Option<Millibits> {
    let window = TimeDelta::days(weight::WINDOW_DAYS);
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

/// Contacts in the room at the account, one per person: the latest touched, then the oldest id (guide, section 5.2).
#[must_use]
pub fn contacts_present(people: &[Person<'_>], account_id: &str, facts: &Facts) -> Vec<String> {
    let mut ids = BTreeSet::new();
    for person in people.iter().filter(|person| person.side != Side::Internal) {
        let Some(address) = &person.participant.address else {
            continue;
        };
        let here = facts
            .contacts_by_address
            .get(address.as_str())
            .into_iter()
            .flatten();
        let here =
            here.filter(|contact| contact.account_id == account_id && !contact.id.is_empty());
        if let Some(best) = here.max_by(|a, b| {
            a.touched_at
                .cmp(&b.touched_at)
                .then_with(|| b.id.cmp(&a.id))
        }) {
            ids.insert(best.id.clone());
            continue;
        }
        for lead in facts
            .leads_by_address
            .get(address.as_str())
            .into_iter()
            .flatten()
        {
            ids.extend(
                lead.converted
                    .iter()
                    .filter(|c| c.account_id == account_id)
                    .map(|c| c.contact_id.clone()),
            );
        }
    }
    ids.retain(|id| !id.is_empty());
    ids.into_iter().collect()
}
