//! Right before writing: the records as they are now, against what was judged. A record that moved goes back to review.

use chassis::Scope;
use std::collections::{BTreeSet, HashMap};

use salesforce::Org;

use super::settle::Round;
use super::{Trouble, creations, extract, gone, saved_by};
use crate::adapters::{answers, records};
use crate::domain::batching;
use crate::domain::change::{Action, Queued, Reason, Verdict, Write};
use crate::domain::looking::{self, Before};
use crate::domain::note;
use crate::domain::outcome::{self, Next};
use crate::domain::prediction::Books;
use crate::domain::recheck::{self, Approved};
use crate::domain::settings::Settings;
use crate::domain::undo::{self, MayGo};
use crate::domain::value::{FieldValue, Fields};
use crate::store::provenance;

/// The changes that go out, each with the baseline and value as judged just now.
pub(super) async fn prepare(
    scope: &Scope,
    org: &Org,
    settings: &Settings,
    changes: Vec<Queued>,
    round: &mut Round,
) -> Result<(Vec<Queued>, Present), Trouble> {
    let mut changes = still_right(settings, changes, round);
    let new = extract(&mut changes, |change| change.action.creates());
    let updates: Vec<&Queued> = changes.iter().collect();
    let mut present = read(org, Some(&settings.rules), &updates, round).await?;
    let notes: Vec<&Queued> = updates
        .iter()
        .copied()
        .filter(|change| note::is_content(&change.object, &change.field))
        .collect();
    if let Some(first) = notes.first() {
        let ids: Vec<String> = notes.iter().map(|note| note.record_id.clone()).collect();
        let left = provenance::of_records(scope, &first.workspace, &ids).await?;
        for change in notes {
            let left = left.of(&change.record_id, note::CONTENT, &FieldValue::Null);
            let left = left.map_or(&change.baseline, |ours| &ours.value);
            present.note_stands(change, |fields| {
                note::present(fields, &settings.connection.user_id, left)
            });
        }
    }
    let moved: Vec<String> = updates
        .iter()
        .filter(|change| has_moved(change, &present))
        .map(|change| change.record_id.clone())
        .collect();
    // Whose the present value is matters only where it is not the one that was judged.
    let ours = match changes.first() {
        Some(first) if !moved.is_empty() => {
            provenance::of_records(scope, &first.workspace, &moved).await?
        }
        Some(_) | None => provenance::Known::default(),
    };
    let mut ready = creations::prepare(scope, org, new, round).await?;
    let mut missing = Vec::new();
    let mut went = Vec::new();
    for mut change in changes {
        if change.action == Action::DeleteRecord {
            delete(change, &present, settings, round, &mut ready);
            continue;
        }
        if let Some(reasons) = present.refusal(&change) {
            if outcome::lacks_access(reasons) {
                // Only a read was refused, nothing was tried: it waits for the access and goes on with it.
                round.out_of_reach(&change, unreadable(&change, reasons));
            } else {
                round.next(&change, Next::Refused(reasons.clone()), 0);
            }
            continue;
        }
        let Some(fields) = present.record(&change.record_id) else {
            missing.push(change);
            continue;
        };
        let value = fields.get(&change.field).unwrap_or(&FieldValue::Null);
        let provenance = ours.of(&change.record_id, &change.field, value);
        match looking::before_write(&change, value, provenance) {
            Before::Write { baseline, proposed } => {
                change.baseline = baseline;
                change.proposed = Write::Value(proposed);
                ready.push(change);
            }
            Before::AlreadyThere => round.already_there(&change, value.clone()),
            Before::Moved(reason) => went.push((change, reason, value.clone())),
        }
    }
    saved_by::tell(org, &mut went, round).await;
    for (change, reason, value) in went {
        round.back_to_review(&change, reason, Some(value));
    }
    for change in gone::turn(org, missing, 0, round).await? {
        // It cannot be merged, or is there and was not readable a moment ago.
        round.back_to_review(&change, out_of_reach(), None);
    }
    Ok((ready, present))
}

/// What a person is told of a record that cannot be read.
pub(super) fn out_of_reach() -> Reason {
    Reason::new(
        "connection",
        Verdict::Hold,
        "record_out_of_reach",
        "the record is deleted, merged or not shared with the connected user",
    )
}

/// Holds what the newest schema and mapping no longer let through, before anything is asked of Salesforce.
fn still_right(settings: &Settings, changes: Vec<Queued>, round: &mut Round) -> Vec<Queued> {
    let mut kept = Vec::with_capacity(changes.len());
    for mut change in changes {
        let approved = Approved {
            action: change.action,
            object: &change.object,
            field: &change.field,
            entry_id: &change.entry_id,
            proposed: Some(&change.proposed),
            restores: change.restores,
        };
        let reasons = recheck::objections(&settings.schema, settings.mapping.as_ref(), approved);
        if !reasons.is_empty() {
            round.out_of_reach(&change, reasons);
            continue;
        }
        if let (true, Write::Record(fields)) = (change.action.creates(), &change.proposed) {
            let object = settings.schema.get(&change.object);
            change.proposed = Write::Record(recheck::settable(fields, object));
        }
        kept.push(change);
    }
    kept
}

/// The field was hidden since the schema was read; what Salesforce said stays beside it.
fn unreadable(change: &Queued, said: &[Reason]) -> Vec<Reason> {
    let hidden = Reason::new(
        "connection",
        Verdict::Hold,
        "field_out_of_reach",
        format!(
            "the connected user no longer sees {}.{}; grant field-level security or map another field",
            change.object, change.field
        ),
    )
    .about([change.field.clone()]);
    std::iter::once(hidden)
        .chain(said.iter().cloned())
        .collect()
}

/// A record we created goes only as we left it, or as a reviewer saw it.
fn delete(
    change: Queued,
    present: &Present,
    settings: &Settings,
    round: &mut Round,
    ready: &mut Vec<Queued>,
) {
    let Some(fields) = present.record(&change.record_id) else {
        let record_id = change.record_id.clone();
        round.next(&change, Next::Applied { record_id }, 0);
        return;
    };
    let none = Fields::new();
    let expected = match &change.proposed {
        Write::Record(expected) => expected,
        Write::Value(_) => &none,
    };
    let user_id = &settings.connection.user_id;
    match undo::may_go(expected, fields, user_id, &change.baseline) {
        MayGo::Yes => ready.push(change),
        MayGo::No(reason) => {
            let seen = fields.get(undo::TOUCHED_AT).cloned();
            round.back_to_review(&change, reason, seen);
        }
    }
}

fn has_moved(change: &Queued, present: &Present) -> bool {
    if change.action == Action::DeleteRecord {
        return false;
    }
    present.record(&change.record_id).is_some_and(|fields| {
        let value = fields.get(&change.field).unwrap_or(&FieldValue::Null);
        !crate::domain::compare::same(value, &change.baseline)
    })
}

/// What was read before writing: fields by record, and why a field could not be read.
#[derive(Default)]
pub(super) struct Present {
    records: HashMap<String, Option<Fields>>,
    refused: HashMap<(String, String), Vec<Reason>>,
}

impl Present {
    /// A record's fields; `None` when it is out of reach.
    pub(super) fn record(&self, id: &str) -> Option<&Fields> {
        self.records.get(id).and_then(Option::as_ref)
    }

    /// Why the field of a change could not be read.
    pub(super) fn refusal(&self, change: &Queued) -> Option<&Vec<Reason>> {
        self.refused
            .get(&(change.object.clone(), change.field.clone()))
    }

    /// Puts what stands for a note's content beside what was read of it.
    pub(super) fn note_stands(&mut self, change: &Queued, content: impl Fn(&Fields) -> FieldValue) {
        if let Some(Some(fields)) = self.records.get_mut(&change.record_id) {
            let stands = content(fields);
            fields.insert(note::CONTENT.to_owned(), stands);
        }
    }

    fn add(&mut self, read: records::Read) {
        for (id, fields) in read {
            match (self.records.get_mut(&id), fields) {
                (Some(Some(known)), Some(fields)) => known.extend(fields),
                (_, fields) => {
                    self.records.insert(id, fields);
                }
            }
        }
    }
}

/// The written fields of all records, and what the validation rules read of them, one call per object. When the request itself is refused (a field hidden since
/// it was judged), each field is read alone, so that one hidden field does not stop its neighbours.
pub(super) async fn read(
    org: &Org,
    rules: Option<&Books>,
    changes: &[&Queued],
    round: &mut Round,
) -> Result<Present, Trouble> {
    let mut present = Present::default();
    for (object, ids) in batching::records(changes.iter().copied()) {
        let mut fields: BTreeSet<&str> = changes
            .iter()
            .filter(|change| change.object == object && !change.field.is_empty())
            .map(|change| change.field.as_str())
            .collect();
        if object == note::OBJECT && fields.remove(note::CONTENT) {
            fields.extend([undo::TOUCHED_BY, undo::TOUCHED_AT]);
        }
        for change in changes.iter().filter(|change| change.object == object) {
            if let Write::Record(expected) = &change.proposed {
                // A note's content is a file of its own.
                let compared = expected.keys().filter(|name| *name != "Content");
                fields.extend(compared.map(String::as_str));
                fields.extend([undo::TOUCHED_BY, undo::TOUCHED_AT]);
            }
        }
        let needed = rules.and_then(|books| books.get(object));
        let needed = needed.map_or(&[][..], |book| book.reads.as_slice());
        let wanted = fields
            .iter()
            .copied()
            .chain(needed.iter().map(String::as_str));
        round.spent.calls += 1;
        match records::read(org, object, ids.iter().copied(), wanted).await {
            Ok((read, calls)) => {
                round.spent.calls += calls.saturating_sub(1);
                present.add(read);
            }
            Err(error) if outcome::is_about_the_org(&answers::failure(&error)) => {
                return Err(error.into());
            }
            Err(_) => {
                for field in fields {
                    round.spent.calls += 1;
                    match records::read(org, object, ids.iter().copied(), [field]).await {
                        Ok((read, _)) => present.add(read),
                        Err(error) => {
                            let failure = answers::failure(&error);
                            if outcome::is_about_the_org(&failure) {
                                return Err(error.into());
                            }
                            let reasons = outcome::explain(&failure.problems);
                            present
                                .refused
                                .insert((object.to_owned(), field.to_owned()), reasons);
                        }
                    }
                }
            }
        }
    }
    Ok(present)
}
