//! What needs no weighing: ids, and a person's choice.

use super::attach::attach;
use super::hint::Hints;
use super::{CERTAIN, Decision, Outcome};
use crate::domain::account::{self, Candidate, Object};
use crate::domain::facts::{Choice, Facts};
use crate::domain::meeting::Meeting;
use crate::domain::person::Person;
use std::collections::BTreeSet;

/// Ids decide, unless they contradict each other.
pub(super) fn hinted(
    hints: &Hints,
    signal: &'static str,
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
) -> Decision {
    let named = |ids: &BTreeSet<String>, object: Object| -> Vec<Candidate> {
        ids.iter()
            .map(|id| certain(object, id, signal, facts))
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
        choose_opportunity(&mut decision, id, signal, facts);
    }
    decision
}

/// A person chose: for ever, until reverted.
pub(super) fn chosen(
    choice: &Choice,
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &Facts,
) -> Decision {
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
    decision.further_opportunity_ids.clear();
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
    decision
        .further_opportunity_ids
        .retain(|further| further != id);
    decision.would_settle = None;
}
