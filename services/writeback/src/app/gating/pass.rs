//! Passes a meeting's proposals through the gates with what is known around them.

use std::collections::HashMap;

use chrono::Utc;

use super::Item;
use super::facts::Facts;
use crate::domain::change::Gated;
use crate::domain::gate::{self, Surroundings, Target};
use crate::domain::owner::Owners;
use crate::domain::plan::{Plan, Proposal};
use crate::domain::prediction::{self, Foreseen, Save};
use crate::domain::settings::Settings;
use crate::domain::value::{FieldValue, Fields};
use crate::store::earlier::Place;

/// What an older revision of the meeting added to the proposal's field; most batches have no older revisions.
fn earlier_piece<'a>(
    item: &Item,
    proposal: &Proposal,
    pieces: &'a HashMap<Place, String>,
) -> Option<&'a str> {
    if pieces.is_empty() {
        return None;
    }
    let place = (
        item.workspace.clone(),
        item.meeting.id.clone(),
        proposal.record_id.clone(),
        proposal.field.clone(),
    );
    pieces.get(&place).map(String::as_str)
}

pub(super) fn gate_all(
    item: &Item,
    unfetched: &str,
    plan: &Plan,
    settings: &Settings,
    facts: Option<&Facts>,
    pieces: &HashMap<Place, String>,
    owners: &Owners,
) -> Vec<Gated> {
    let now = Utc::now();
    let none = Fields::new();
    let nothing = Foreseen::default();
    let around = |proposal: &Proposal| {
        let key = (proposal.object.clone(), proposal.record_id.clone());
        let target = if proposal.record_id.is_empty() {
            Target::None
        } else {
            match facts.and_then(|facts| facts.records.get(&key)) {
                None => Target::NotRead,
                Some(None) => Target::Gone,
                Some(Some(fields)) => Target::Read(fields),
            }
        };
        Surroundings {
            settings,
            matched: &item.matched,
            backfill: item.meeting.backfill,
            meeting_ended_at: item.meeting.ended_at,
            unfetched,
            target,
            ours: match target {
                Target::Read(fields) => {
                    let present = fields.get(&proposal.field).unwrap_or(&FieldValue::Null);
                    facts.and_then(|facts| {
                        facts.ours.of(&proposal.record_id, &proposal.field, present)
                    })
                }
                Target::None | Target::NotRead | Target::Gone => None,
            },
            earlier: earlier_piece(item, proposal, pieces),
            siblings: &none,
            foreseen: &nothing,
            owners,
            budget_spent: facts.is_some_and(|facts| facts.budget_spent),
            schema_moved: facts.is_some_and(|facts| facts.schema_moved),
            now,
        }
    };
    // Fields of one record are saved together, so each is judged knowing what the others would become.
    let mut together: HashMap<(&str, &str), Fields> = HashMap::new();
    for proposal in plan
        .proposals
        .iter()
        .filter(|proposal| !proposal.record_id.is_empty())
    {
        if let Some(value) = gate::fitted(proposal, around(proposal)) {
            together
                .entry((proposal.object.as_str(), proposal.record_id.as_str()))
                .or_default()
                .insert(proposal.field.clone(), value);
        }
    }
    let scene = prediction::Scene {
        user_id: &settings.connection.user_id,
        now,
    };
    let mut foreseen: HashMap<(&str, &str), Foreseen> = HashMap::new();
    for ((object, record_id), proposed) in &together {
        let key = ((*object).to_owned(), (*record_id).to_owned());
        let record = facts.and_then(|facts| facts.records.get(&key));
        if let (Some(Some(record)), Some(book), Some(described)) = (
            record,
            settings.rules.get(*object),
            settings.schema.get(*object),
        ) {
            let save = Save::Update {
                before: record,
                changed: proposed,
            };
            let found = prediction::foresee(book, described, save, scene);
            foreseen.insert((object, record_id), found);
        }
    }
    let created = |proposal: &Proposal| {
        let book = settings.rules.get(&proposal.object)?;
        let described = settings.schema.get(&proposal.object)?;
        let fields = gate::new_record(proposal, around(proposal))?;
        let save = Save::Create(&fields);
        Some(prediction::foresee(book, described, save, scene))
    };
    plan.proposals
        .iter()
        .map(|proposal| {
            let key = (proposal.object.as_str(), proposal.record_id.as_str());
            let siblings = together.get(&key).unwrap_or(&none);
            let of_creation = created(proposal);
            let of_record = || foreseen.get(&key).unwrap_or(&nothing);
            gate::run(
                proposal,
                Surroundings {
                    siblings,
                    foreseen: of_creation.as_ref().unwrap_or_else(of_record),
                    ..around(proposal)
                },
            )
        })
        .collect()
}
