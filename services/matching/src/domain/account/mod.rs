//! Weighs accounts and leads (matching guide, section 5.1): one group per kind of witness, groups add up.

mod context;
mod lead;
mod mail;
mod name;
mod site;
mod text;

pub(crate) use context::{Presence, organizer, owner_presence};
pub use lead::leads;

use super::facts::{Account, Facts};
use super::meeting::Meeting;
use super::person::{Ignored, Person, Side};
use super::weight::{self, Millibits};
use std::collections::BTreeMap;

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
    candidates.sort_unstable_by(|a, b| b.total.cmp(&a.total).then_with(|| a.id.cmp(&b.id)));
}

/// What was found for each account.
type Witnesses = BTreeMap<String, Vec<Evidence>>;

/// Every account the evidence proposes, and what was too common to be evidence.
#[must_use]
pub fn accounts(
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
) -> (Vec<Candidate>, Vec<Ignored>) {
    let mut witnesses = Witnesses::new();
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
        mail::weigh(person, facts, &mut ignored, &mut add);
        mail::phones(person, facts, &mut ignored, &mut add);
        site::weigh(meeting, person, facts, &mut ignored, &mut add);
        name::unique(person, facts, &mut add);
    }
    text::weigh(meeting, facts, &mut |account, evidence| {
        witnesses
            .entry(account.to_owned())
            .or_default()
            .push(evidence);
    });
    context::survivors(&mut witnesses, facts, &mut ignored);
    name::known(people, facts, &mut witnesses);
    // Records are looked up once: with many candidates that is most of the time.
    let organizer = context::organizer(meeting, facts);
    let mut weighed: Vec<(&Account, Vec<Evidence>)> = witnesses
        .into_iter()
        .filter_map(|(id, found)| Some((facts.accounts.get(&id)?, combined(found))))
        .filter(|(_, evidence)| !evidence.is_empty())
        .collect();
    for (account, evidence) in &mut weighed {
        evidence.extend(context::owner(organizer, people, &account.owner_id));
    }
    context::dormant(meeting, &mut weighed);
    let mut candidates: Vec<Candidate> = weighed
        .into_iter()
        .map(|(account, evidence)| {
            let weights = evidence.iter().map(|evidence| evidence.weight);
            Candidate {
                object: Object::Account,
                id: account.id.clone(),
                name: String::new(),
                total: weight::ACCOUNT_PRIOR + weights.sum::<Millibits>(),
                evidence,
            }
        })
        .collect();
    sort(&mut candidates);
    candidates.truncate(super::decide::CANDIDATES_MAX);
    for candidate in &mut candidates {
        if let Some(account) = facts.accounts.get(&candidate.id) {
            candidate.name.clone_from(&account.name);
        }
    }
    ignored.sort_by(|a, b| (&a.what, &a.why).cmp(&(&b.what, &b.why)));
    ignored.dedup();
    (candidates, ignored)
}

/// The best witness of a group counts in full, two further ones a little, the rest not at all.
fn combined(mut found: Vec<Evidence>) -> Vec<Evidence> {
    found.sort_by(|a, b| {
        b.weight
            .cmp(&a.weight)
            .then_with(|| a.group.cmp(b.group))
            .then_with(|| a.participant.cmp(&b.participant))
    });
    for index in 0..found.len() {
        let group = found[index].group;
        let before = found[..index]
            .iter()
            .filter(|earlier| earlier.group == group)
            .count();
        let further = match group {
            "mail" => weight::MAIL_FURTHER,
            "domain" => weight::DOMAIN_FURTHER,
            _ => 0,
        };
        let evidence = &mut found[index];
        evidence.weight = match before {
            0 => evidence.weight,
            _ if evidence.weight < 0 => evidence.weight,
            n if n <= weight::FURTHER_MAX => evidence.weight.min(further),
            _ => 0,
        };
    }
    found.retain(|evidence| evidence.weight != 0);
    found
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
