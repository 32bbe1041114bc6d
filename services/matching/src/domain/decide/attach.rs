//! Contacts and opportunities of the account decided.

use super::{CANDIDATES_MAX, Decision, Outcome};
use crate::domain::facts::Facts;
use crate::domain::meeting::Meeting;
use crate::domain::opportunity;
use crate::domain::person::{Ignored, Person};
use crate::domain::weight::Millibits;

/// Contacts and opportunity of the account decided.
pub(super) fn attach(
    decision: &mut Decision,
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
) {
    let Some(account_id) = decision.account_id.clone() else {
        return;
    };
    let (contact_ids, unsure) = opportunity::contacts_present(people, &account_id, facts);
    decision.contact_ids = contact_ids;
    decision.ignored.extend(unsure);
    let mut found =
        opportunity::opportunities(meeting, people, &account_id, &decision.contact_ids, facts);
    found.truncate(CANDIDATES_MAX);
    let totals: Vec<Millibits> = found.iter().map(|candidate| candidate.total).collect();
    if let (Some(lead), Some(best)) = (opportunity::lead_of_best(&totals), found.first()) {
        decision.opportunity_total = lead;
        if opportunity::decides(lead, &facts.settings) {
            decision.opportunity_outcome = Outcome::Matched;
            decision.opportunity_id = Some(best.id.clone());
            let known = facts.opportunities_by_account.values().flatten();
            decision.opportunity_record_type_id = known
                .filter(|known| known.id == best.id)
                .map(|known| known.record_type_id.clone())
                .next()
                .unwrap_or_default();
        } else {
            decision.opportunity_outcome = Outcome::Ambiguous;
            decision.would_settle = Some(
                "which opportunity: a contact role for a participant on the right one, or its owner as organizer".to_owned(),
            );
        }
    }
    let primary = decision.opportunity_id.as_deref();
    decision.further_opportunity_ids = opportunity::further(&found, primary, &facts.settings);
    decision.opportunities = found;
}

/// Contacts of other accounts with an address in the room are said, not associated.
pub(super) fn elsewhere(
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
