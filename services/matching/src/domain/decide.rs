//! The decision (matching guide, section 6): hard results first, then the account, then the opportunity. Refuses rather
//! than guesses: an equal score or a small margin goes to a person. Totals are integers, so a replay is exact.

use super::account::{self, Candidate, Object};
use super::conclude::{Never, Standing, conclude, hearsay, standing};
use super::facts::{Choice, Facts, Settings};
use super::meeting::{Hint, HintObject, Meeting};
use super::opportunity;
use super::person::{self, Ignored, Person, Side};
use super::weight::{self, Millibits};
use std::collections::BTreeSet;

/// Candidates kept with a decision, of each kind.
pub const CANDIDATES_MAX: usize = 20;

/// How a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// One wins.
    Matched,
    /// Candidates, none wins.
    Ambiguous,
    /// Nothing reaches the floor.
    Unmatched,
    /// Nobody from outside.
    Internal,
    /// All outsiders are partners.
    PartnerOnly,
}

/// What was decided, with everything it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Of the account or lead.
    pub outcome: Outcome,
    /// The account.
    pub account_id: Option<String>,
    /// Contacts present, at the account.
    pub contact_ids: Vec<String>,
    /// The lead, when no account was found.
    pub lead_id: Option<String>,
    /// Of the opportunity.
    pub opportunity_outcome: Outcome,
    /// The opportunity.
    pub opportunity_id: Option<String>,
    /// Its record type.
    pub opportunity_record_type_id: String,
    /// The CRM's calendar event of this meeting.
    pub event_id: Option<String>,
    /// What the account's posterior is computed from.
    pub total: Millibits,
    /// What the opportunity's posterior is computed from.
    pub opportunity_total: Millibits,
    /// Accounts or leads weighed, best first.
    pub candidates: Vec<Candidate>,
    /// Where each of them stands; empty where nothing was weighed.
    pub standing: Vec<Standing>,
    /// Opportunities weighed, best first.
    pub opportunities: Vec<Candidate>,
    /// What was left out.
    pub ignored: Vec<Ignored>,
    /// What would settle it.
    pub would_settle: Option<String>,
    /// The person who chose, when one did.
    pub chosen_by: Option<String>,
    /// Other accounts that are in the meeting beyond doubt: associated, never written to.
    pub further_account_ids: Vec<String>,
    /// The thresholds it was decided with.
    pub settings: Settings,
}

impl Decision {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            account_id: None,
            contact_ids: Vec::new(),
            lead_id: None,
            opportunity_outcome: Outcome::Unmatched,
            opportunity_id: None,
            opportunity_record_type_id: String::new(),
            event_id: None,
            total: weight::ACCOUNT_PRIOR,
            opportunity_total: 0,
            candidates: Vec::new(),
            standing: Vec::new(),
            opportunities: Vec::new(),
            ignored: Vec::new(),
            would_settle: None,
            chosen_by: None,
            further_account_ids: Vec::new(),
            settings: Settings::default(),
        }
    }
}

/// Total of what is certain: an id from upstream, a person's choice. Shown as probability 1.
pub const CERTAIN: Millibits = 60_000;

/// Decides one meeting against what is known.
#[must_use]
pub fn decide(meeting: &Meeting, facts: &Facts) -> Decision {
    let (people, mut ignored) = person::people(meeting, facts);
    let (hints, unknown) = known_hints(meeting, facts);
    ignored.extend(unknown);
    let mut decision = if let Some(choice) = facts.choices.get(&meeting.id) {
        chosen(choice, meeting, &people, facts)
    } else if !hints.accounts.is_empty() || !hints.leads.is_empty() {
        hinted(&hints, meeting, &people, facts)
    } else if people.iter().all(|person| person.side == Side::Internal) {
        Decision::new(Outcome::Internal)
    } else if people
        .iter()
        .all(|person| matches!(person.side, Side::Internal | Side::Partner))
    {
        Decision::new(Outcome::PartnerOnly)
    } else {
        weighed(meeting, &people, facts, &mut ignored)
    };
    decision.event_id = hints.event_id;
    decision.settings = facts.settings.clone();
    elsewhere(&decision, &people, facts, &mut ignored);
    ignored.append(&mut decision.ignored);
    decision.ignored = ignored;
    decision
}

/// What upstream's ids lead to.
#[derive(Debug, Default)]
struct Hints {
    accounts: BTreeSet<String>,
    leads: BTreeSet<String>,
    opportunities: BTreeSet<String>,
    event_id: Option<String>,
}

fn known_hints(meeting: &Meeting, facts: &Facts) -> (Hints, Vec<Ignored>) {
    let mut hints = Hints::default();
    let mut ignored = Vec::new();
    for hint in &meeting.hints {
        // Merged since: the survivor stands for it.
        let id = facts.merged.get(&hint.record_id).unwrap_or(&hint.record_id);
        let account = match hint.object {
            HintObject::Account => facts.accounts.get(id).map(|account| account.id.clone()),
            HintObject::Contact => facts
                .contacts_by_id
                .get(id)
                .map(|contact| contact.account_id.clone()),
            HintObject::Opportunity => facts.opportunities_by_id.get(id).map(|opportunity| {
                hints.opportunities.insert(opportunity.id.clone());
                opportunity.account_id.clone()
            }),
            HintObject::Lead => match facts.leads_by_id.get(id) {
                Some(lead) if lead.converted.is_none() => {
                    hints.leads.insert(lead.id.clone());
                    continue;
                }
                Some(lead) => lead
                    .converted
                    .as_ref()
                    .map(|converted| converted.account_id.clone()),
                None => None,
            },
            HintObject::Event => {
                hints.event_id = Some(id.clone());
                continue;
            }
        };
        match account {
            Some(account) if !account.is_empty() => {
                hints.accounts.insert(account);
            }
            Some(_) => {}
            None => ignored.push(unknown_hint(hint)),
        }
    }
    (hints, ignored)
}

fn unknown_hint(hint: &Hint) -> Ignored {
    Ignored {
        what: format!(
            "{} {} named by {}",
            hint.object.api_name(),
            hint.record_id,
            hint.source
        ),
        why: "not known: deleted, merged, or out of the connected user's reach".to_owned(),
    }
}

/// Upstream's ids decide, unless they contradict each other.
fn hinted(hints: &Hints, meeting: &Meeting, people: &[Person<'_>], facts: &Facts) -> Decision {
    let named = |ids: &BTreeSet<String>, object: Object| -> Vec<Candidate> {
        ids.iter()
            .map(|id| certain(object, id, "record_id_from_upstream", facts))
            .collect()
    };
    let mut decision = Decision::new(Outcome::Matched);
    decision.total = CERTAIN;
    decision.candidates = named(&hints.accounts, Object::Account);
    match (hints.accounts.len(), hints.leads.len()) {
        (1, _) => decision.account_id = hints.accounts.first().cloned(),
        (0, 1) => {
            decision.candidates = named(&hints.leads, Object::Lead);
            decision.lead_id = hints.leads.first().cloned();
        }
        _ => {
            decision.outcome = Outcome::Ambiguous;
            decision.total = 0;
            decision
                .candidates
                .extend(named(&hints.leads, Object::Lead));
            decision.would_settle =
                Some("upstream names records of different accounts: one of them".to_owned());
            return decision;
        }
    }
    attach(&mut decision, meeting, people, facts);
    if let (1, Some(id)) = (hints.opportunities.len(), hints.opportunities.first()) {
        choose_opportunity(&mut decision, id, "record_id_from_upstream", facts);
    }
    decision
}

/// A person chose: for ever, until reverted.
fn chosen(choice: &Choice, meeting: &Meeting, people: &[Person<'_>], facts: &Facts) -> Decision {
    let mut decision = Decision::new(Outcome::Unmatched);
    decision.total = CERTAIN;
    decision.chosen_by = Some(choice.chosen_by.clone());
    if let Some(account) = &choice.account_id {
        decision.outcome = Outcome::Matched;
        decision.candidates = vec![certain(Object::Account, account, "chosen_by_person", facts)];
        decision.account_id = Some(account.clone());
        attach(&mut decision, meeting, people, facts);
    }
    decision.opportunity_id = None;
    decision.opportunity_outcome = Outcome::Unmatched;
    decision.would_settle = None;
    if let Some(id) = &choice.opportunity_id {
        choose_opportunity(&mut decision, id, "chosen_by_person", facts);
    }
    decision
}

fn certain(object: Object, id: &str, signal: &'static str, facts: &Facts) -> Candidate {
    let name = match object {
        Object::Account => facts.accounts.get(id).map(|account| account.name.clone()),
        Object::Lead => facts
            .leads_by_id
            .get(id)
            .map(|lead| format!("{} ({})", lead.name, lead.company)),
        Object::Opportunity => facts
            .opportunities_by_id
            .get(id)
            .map(|opportunity| opportunity.name.clone()),
    };
    let evidence = account::Evidence {
        signal,
        group: "identity",
        value: id.to_owned(),
        record_id: id.to_owned(),
        participant: None,
        weight: CERTAIN,
    };
    Candidate {
        object,
        id: id.to_owned(),
        name: name.unwrap_or_default(),
        total: CERTAIN,
        evidence: vec![evidence],
    }
}

fn choose_opportunity(decision: &mut Decision, id: &str, signal: &'static str, facts: &Facts) {
    let known = facts.opportunities_by_id.get(id);
    decision.opportunity_outcome = Outcome::Matched;
    decision.opportunity_total = CERTAIN;
    decision.opportunity_id = Some(id.to_owned());
    decision.opportunity_record_type_id =
        known.map(|o| o.record_type_id.clone()).unwrap_or_default();
    decision
        .opportunities
        .retain(|candidate| candidate.id != id);
    decision
        .opportunities
        .insert(0, certain(Object::Opportunity, id, signal, facts));
    decision.would_settle = None;
}

fn weighed(
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
) -> Decision {
    let (mut accounts, common) = account::accounts(meeting, people, facts);
    ignored.extend(common);
    let leads = account::leads(people, facts);
    let best_account = accounts
        .first()
        .map_or(Millibits::MIN, |candidate| candidate.total);
    // A lead stands for a company that is no account yet: only where no account is worth a question.
    let mut candidates = if best_account >= weight::FLOOR {
        std::mem::take(&mut accounts)
    } else {
        leads
    };
    candidates.truncate(CANDIDATES_MAX);
    let mut decision = Decision::new(Outcome::Unmatched);
    let standing = standing(&candidates, facts);
    let verdict = conclude(&standing, &facts.settings);
    decision.total = verdict.total;
    decision.outcome = verdict.outcome;
    match verdict.outcome {
        Outcome::Matched => {
            let best = &candidates[0];
            match best.object {
                Object::Lead => decision.lead_id = Some(best.id.clone()),
                Object::Account | Object::Opportunity => {
                    decision.account_id = Some(best.id.clone())
                }
            }
            decision.further_account_ids = further(&candidates, &facts.settings);
            decision.candidates = candidates;
            attach(&mut decision, meeting, people, facts);
        }
        Outcome::Ambiguous => {
            let partner = standing
                .first()
                .is_some_and(|first| first.never_automatic == Some(Never::Partner));
            decision.would_settle = Some(settles_account(partner, verdict.margin));
            decision.candidates = candidates;
        }
        Outcome::Unmatched | Outcome::Internal | Outcome::PartnerOnly => {
            decision.would_settle = Some(looked_for(people));
            decision.candidates = candidates;
        }
    }
    decision.standing = standing;
    decision
}

/// Accounts beside the winner that would have won alone.
fn further(candidates: &[Candidate], settings: &Settings) -> Vec<String> {
    candidates
        .iter()
        .skip(1)
        .filter(|candidate| candidate.object == Object::Account && !hearsay(candidate))
        .filter(|candidate| settings.calibration.apply(candidate.total) >= settings.account_matched)
        .map(|candidate| candidate.id.clone())
        .collect()
}

/// Contacts and opportunity of the account decided.
fn attach(decision: &mut Decision, meeting: &Meeting, people: &[Person<'_>], facts: &Facts) {
    let Some(account_id) = decision.account_id.clone() else {
        return;
    };
    let (contact_ids, unsure) = opportunity::contacts_present(people, &account_id, facts);
    decision.contact_ids = contact_ids;
    decision.ignored.extend(unsure);
    let mut found =
        opportunity::opportunities(meeting, people, &account_id, &decision.contact_ids, facts);
    found.truncate(CANDIDATES_MAX);
    if let (Some(lead), Some(best)) = (opportunity::lead_of_best(&found), found.first()) {
        decision.opportunity_total = lead;
        if facts.settings.calibration.apply(lead) >= facts.settings.opportunity_matched {
            decision.opportunity_outcome = Outcome::Matched;
            decision.opportunity_id = Some(best.id.clone());
            let all = facts
                .opportunities_by_account
                .get(&account_id)
                .into_iter()
                .flatten();
            let record_type = all
                .filter(|o| o.id == best.id)
                .map(|o| o.record_type_id.clone())
                .next();
            decision.opportunity_record_type_id = record_type.unwrap_or_default();
        } else {
            decision.opportunity_outcome = Outcome::Ambiguous;
            decision.would_settle = Some(
                "which opportunity: a contact role for a participant on the right one, or its owner as organizer".to_owned(),
            );
        }
    }
    decision.opportunities = found;
}

fn settles_account(partner: bool, margin: bool) -> String {
    let text = match (partner, margin) {
        (true, _) => {
            "the best candidate is a partner: a contact of the customer among the participants"
        }
        (false, false) => "several accounts fit: a participant who is a contact of one of them",
        (false, true) => {
            "a participant who is a known contact, or a second one from the account's domain"
        }
    };
    text.to_owned()
}

fn looked_for(people: &[Person<'_>]) -> String {
    let outsiders = people.iter().filter(|person| person.side != Side::Internal);
    let (mut addresses, mut domains) = (BTreeSet::new(), BTreeSet::new());
    for person in outsiders {
        addresses.extend(
            person
                .participant
                .address
                .as_ref()
                .map(super::address::Address::as_str),
        );
        domains.extend(
            person
                .domain
                .as_deref()
                .filter(|_| person.side == Side::Customer),
        );
    }
    let listed = |set: &BTreeSet<&str>| match set.len() {
        0 => "none".to_owned(),
        1..=5 => set.iter().copied().collect::<Vec<_>>().join(", "),
        n => format!("{n}"),
    };
    format!(
        "a contact, lead or account for the addresses ({}) or domains ({}) of the people from outside",
        listed(&addresses),
        listed(&domains)
    )
}

/// Contacts of other accounts with an address in the room are said, not associated.
fn elsewhere(
    decision: &Decision,
    people: &[Person<'_>],
    facts: &Facts,
    ignored: &mut Vec<Ignored>,
) {
    let Some(account_id) = &decision.account_id else {
        return;
    };
    for person in people {
        let Some(address) = &person.participant.address else {
            continue;
        };
        let contacts = facts
            .contacts_by_address
            .get(address.as_str())
            .into_iter()
            .flatten();
        for contact in contacts.filter(|c| !c.account_id.is_empty() && &c.account_id != account_id)
        {
            let name = facts
                .accounts
                .get(&contact.account_id)
                .map_or(contact.account_id.as_str(), |a| a.name.as_str());
            ignored.push(Ignored {
                what: format!("contact {} at {name}", contact.id),
                why: "former or other employer, not associated".to_owned(),
            });
        }
    }
    ignored.sort_by(|a, b| a.what.cmp(&b.what));
    ignored.dedup();
}
