//! Where ids lead: those upstream names, and those of the meeting's own calendar event.

use crate::domain::facts::{CalendarEvent, Facts};
use crate::domain::meeting::{Hint, HintObject, Meeting};
use crate::domain::person::Ignored;
use std::collections::BTreeSet;

/// What upstream's ids lead to.
#[derive(Debug, Default)]
pub(super) struct Hints {
    pub(super) accounts: BTreeSet<String>,
    pub(super) leads: BTreeSet<String>,
    pub(super) opportunities: BTreeSet<String>,
    pub(super) event_id: Option<String>,
}

impl Hints {
    /// Whether an account or lead follows from them.
    pub(super) fn says_where(&self) -> bool {
        !self.accounts.is_empty() || !self.leads.is_empty()
    }
}

/// The records a calendar event is entered for.
pub(super) fn of_event(event: &CalendarEvent, facts: &Facts) -> Hints {
    let mut hints = Hints::default();
    let survivor = |id: &String| facts.merged.get(id).unwrap_or(id).clone();
    if let Some(opportunity) = facts
        .opportunities_by_id
        .get(&survivor(&event.opportunity_id))
    {
        hints.opportunities.insert(opportunity.id.clone());
        if facts.accounts.contains_key(&opportunity.account_id) {
            hints.accounts.insert(opportunity.account_id.clone());
        }
    }
    // The deal's account is meant where the two differ: people choose the deal.
    if hints.accounts.is_empty() && facts.accounts.contains_key(&survivor(&event.account_id)) {
        hints.accounts.insert(survivor(&event.account_id));
    }
    hints
}

/// The records upstream's ids lead to, and the ids that lead nowhere.
pub(super) fn known(meeting: &Meeting, facts: &Facts) -> (Hints, Vec<Ignored>) {
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
