//! The decision (matching guide, section 6): hard results first, then the account, then the opportunity. Refuses rather
//! than guesses: an equal score or a small margin goes to a person. Totals are integers, so a replay is exact.

mod attach;
mod certain;
mod hint;
mod weighed;

use super::account::Candidate;
use super::calendar;
use super::conclude::Standing;
use super::facts::{Facts, Settings};
use super::meeting::Meeting;
use super::person::{self, Ignored, Side};
use super::weight::{self, Millibits};
use certain::{chosen, hinted};

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
    /// Other opportunities the meeting is about beyond doubt: associated, never written to.
    pub further_opportunity_ids: Vec<String>,
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
            further_opportunity_ids: Vec::new(),
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
    let (hints, unknown) = hint::known(meeting, facts);
    ignored.extend(unknown);
    let event = calendar::event(meeting, &people, facts, &mut ignored);
    let entered = event
        .map(|event| hint::of_event(event, facts))
        .unwrap_or_default();
    let mut decision = if let Some(choice) = facts.choices.get(&meeting.id) {
        chosen(choice, meeting, &people, facts)
    } else if hints.says_where() {
        hinted(&hints, "record_id_from_upstream", meeting, &people, facts)
    } else if people.iter().all(|person| person.side == Side::Internal) {
        Decision::new(Outcome::Internal)
    } else if people
        .iter()
        .all(|person| matches!(person.side, Side::Internal | Side::Partner))
    {
        Decision::new(Outcome::PartnerOnly)
    } else if entered.says_where() {
        hinted(&entered, "calendar_event_in_crm", meeting, &people, facts)
    } else {
        weighed::weighed(meeting, &people, facts, &mut ignored)
    };
    decision.event_id = hints
        .event_id
        .or_else(|| event.map(|event| event.id.clone()));
    decision.settings = facts.settings.clone();
    attach::elsewhere(&decision, &people, facts, &mut ignored);
    ignored.append(&mut decision.ignored);
    decision.ignored = ignored;
    decision
}
