//! Leads: a company that is no account yet.

use super::{Candidate, Evidence, Object, sort};
use crate::domain::facts::Facts;
use crate::domain::person::{Person, Side};
use crate::domain::weight;

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
