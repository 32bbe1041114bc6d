//! Looks up what became of writes whose answer was lost, before anything is repeated: updates by the field's present
//! value, creations by our key.
//!
//! A key in an external-id field is found by query. Elsewhere the key is the last line of the description, which cannot
//! be filtered on, so the query narrows by user, time and related record, and the lines are compared here. A note has
//! neither: it is found by its title among the links of its record, unless another change is known to have made it.

use chassis::Scope;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use salesforce::soql::{Condition, Literal, Query};
use salesforce::{Error, FieldName, FieldPath, Id, ObjectName, Org};

use super::settle::Round;
use super::{Trouble, creations, extract, gone, prepare};
use crate::adapters::records;
use crate::domain::change::{Action, Queued, Write};
use crate::domain::looking::{self, After};
use crate::domain::marker;
use crate::domain::note;
use crate::domain::outcome::Next;
use crate::domain::settings::Settings;
use crate::domain::value::{FieldValue, Fields};
use crate::store::queue;

/// Our clock and Salesforce's may differ by so much, in minutes.
const CLOCK_SKEW_MINUTES: i64 = 10;
/// Ids in one IN list.
const IDS_PER_QUERY_MAX: usize = 200;
/// Records one look-up reads at most; more than this created by our user on few records within minutes is a fault.
const ROWS_MAX: usize = 2_000;

/// Decides about every lost change.
pub(super) async fn look(
    scope: &Scope,
    org: &Org,
    settings: &Settings,
    mut lost: Vec<Queued>,
    round: &mut Round,
) -> Result<(), Trouble> {
    let people = extract(&mut lost, |change| match change.action {
        Action::CreateContact
        | Action::CreateRole
        | Action::CreateRelation
        | Action::CreateOpportunity => true,
        Action::UpdateField
        | Action::CreateTask
        | Action::CreateEvent
        | Action::CreateNote
        | Action::DeleteRecord => false,
    });
    let creations = extract(&mut lost, |change| change.action.creates());
    let deletions = extract(&mut lost, |change| change.action == Action::DeleteRecord);
    updates(org, settings, &lost, round).await?;
    gone(org, &deletions, round).await?;
    creations::look(scope, org, settings, people, round).await?;
    let (notes, activities): (Vec<Queued>, Vec<Queued>) = creations
        .into_iter()
        .partition(|change| change.action == Action::CreateNote);
    let mut found = find_activities(org, settings, &activities, round).await?;
    found.extend(find_notes(scope, org, settings, &notes, round).await?);
    for change in activities.iter().chain(&notes) {
        let record_id = found.get(&change.creation_key).map(String::as_str);
        decide(change, looking::after_creation(record_id), round);
    }
    Ok(())
}

pub(super) fn decide(change: &Queued, after: After, round: &mut Round) {
    match after {
        After::Applied { record_id } => round.next(change, Next::Applied { record_id }, 0),
        After::Again => round.again(change),
        After::Moved(reason) => round.back_to_review(change, reason, None),
    }
}

/// A lost deletion happened when the record is gone.
async fn gone(org: &Org, lost: &[Queued], round: &mut Round) -> Result<(), Trouble> {
    let changes: Vec<&Queued> = lost.iter().collect();
    let present = prepare::read(org, None, &changes, round).await?;
    for change in lost {
        if present.record(&change.record_id).is_some() {
            round.again(change);
        } else {
            let record_id = change.record_id.clone();
            round.next(change, Next::Applied { record_id }, 0);
        }
    }
    Ok(())
}

async fn updates(
    org: &Org,
    settings: &Settings,
    lost: &[Queued],
    round: &mut Round,
) -> Result<(), Trouble> {
    let changes: Vec<&Queued> = lost.iter().collect();
    let mut present = prepare::read(org, None, &changes, round).await?;
    for change in lost
        .iter()
        .filter(|change| note::is_content(&change.object, &change.field))
    {
        if let Write::Value(proposed) = &change.proposed {
            present.note_stands(change, |fields| {
                let user_id = &settings.connection.user_id;
                note::after_loss(
                    fields,
                    user_id,
                    &change.baseline,
                    proposed,
                    change.intent_at,
                )
            });
        }
    }
    let mut missing = Vec::new();
    for change in lost {
        if let Some(reasons) = present.refusal(change) {
            round.next(change, Next::Refused(reasons.clone()), 0);
            continue;
        }
        match present.record(&change.record_id) {
            Some(fields) => {
                let value = fields.get(&change.field).unwrap_or(&FieldValue::Null);
                match looking::after_update(change, value) {
                    // A person decides, seeing what is there now.
                    After::Moved(reason) => {
                        round.back_to_review(change, reason, Some(value.clone()));
                    }
                    other => decide(change, other, round),
                }
            }
            None => missing.push(change.clone()),
        }
    }
    // Merged meanwhile: whatever the lost write did went with the record, and the one that survived is looked at anew.
    for change in gone::turn(org, missing, 0, round).await? {
        round.back_to_review(&change, prepare::out_of_reach(), None);
    }
    Ok(())
}

/// Records of lost Tasks and Events, by creation key.
async fn find_activities(
    org: &Org,
    settings: &Settings,
    lost: &[Queued],
    round: &mut Round,
) -> Result<HashMap<String, String>, Trouble> {
    let mut by_object: BTreeMap<&str, Vec<&Queued>> = BTreeMap::new();
    for change in lost {
        by_object.entry(&change.object).or_default().push(change);
    }
    let mut found = HashMap::new();
    for (object, changes) in by_object {
        let keyed = settings
            .schema
            .get(object)
            .and_then(|object| object.fields.get(&settings.key_field))
            .is_some_and(|field| field.external_id);
        for chunk in changes.chunks(IDS_PER_QUERY_MAX) {
            if keyed {
                by_key(org, object, &settings.key_field, chunk, &mut found, round).await?;
            }
            // Records made before the org had the field carry the line only.
            by_line(org, object, settings, chunk, &mut found, round).await?;
        }
    }
    Ok(found)
}

async fn by_key(
    org: &Org,
    object: &str,
    key_field: &str,
    lost: &[&Queued],
    found: &mut HashMap<String, String>,
    round: &mut Round,
) -> Result<(), Trouble> {
    let field = records::field_name(key_field)?;
    let mut keys = Vec::with_capacity(lost.len());
    for change in lost {
        keys.push(Literal::text(change.creation_key.as_str()).map_err(invalid)?);
    }
    let query = Query::from(records::object_name(object)?)
        .field(FieldName::fixed("Id"))
        .field(&field)
        .filter(Condition::is_in(&field, keys));
    round.spent.calls += 1;
    for record in org.query(query, ROWS_MAX).await? {
        if let (Some(id), Some(key)) = (record.id(), record.text(key_field)) {
            found.insert(key.to_owned(), id.as_str().to_owned());
        }
    }
    Ok(())
}

async fn by_line(
    org: &Org,
    object: &str,
    settings: &Settings,
    lost: &[&Queued],
    found: &mut HashMap<String, String>,
    round: &mut Round,
) -> Result<(), Trouble> {
    for field in ["WhatId", "WhoId"] {
        let wanted: Vec<&&Queued> = lost
            .iter()
            .filter(|change| {
                !found.contains_key(&change.creation_key) && anchor(change) == Some(field)
            })
            .collect();
        let mut ids: HashSet<&str> = HashSet::new();
        for change in &wanted {
            if let Some(id) = related(change, field) {
                ids.insert(id);
            }
        }
        if ids.is_empty() {
            continue;
        }
        let name = FieldName::fixed("CreatedDate");
        let mut filter = Condition::is_in(records::field_name(field)?, literals(ids)?)
            .and(Condition::at_least(name, since(&wanted)));
        if let Ok(user) = Id::parse(&settings.connection.user_id) {
            filter = filter.and(Condition::eq(FieldName::fixed("CreatedById"), user));
        }
        let query = Query::from(records::object_name(object)?)
            .fields([FieldName::fixed("Id"), FieldName::fixed("Description")])
            .filter(filter);
        round.spent.calls += 1;
        for record in org.query(query, ROWS_MAX).await? {
            let description = record.text("Description").unwrap_or_default();
            let own = wanted
                .iter()
                .find(|change| marker::carries(description, &change.creation_key));
            if let (Some(id), Some(change)) = (record.id(), own) {
                found.insert(change.creation_key.clone(), id.as_str().to_owned());
            }
        }
    }
    Ok(())
}

/// Notes by title among the links of their first record.
async fn find_notes(
    scope: &Scope,
    org: &Org,
    settings: &Settings,
    lost: &[Queued],
    round: &mut Round,
) -> Result<HashMap<String, String>, Trouble> {
    let mut found = HashMap::new();
    for change in lost {
        let Some(linked) = change.related.first() else {
            continue;
        };
        let title = match &change.proposed {
            Write::Record(fields) => fields
                .get("Title")
                .and_then(FieldValue::text)
                .unwrap_or_default(),
            Write::Value(_) => "",
        };
        let path = |text| FieldPath::fixed(text);
        let query = Query::from(ObjectName::fixed("ContentDocumentLink"))
            .fields([
                path("ContentDocumentId"),
                path("ContentDocument.Title"),
                path("ContentDocument.CreatedById"),
                path("ContentDocument.CreatedDate"),
            ])
            .filter(Condition::is_in(
                FieldName::fixed("LinkedEntityId"),
                literals([linked.as_str()].into())?,
            ));
        round.spent.calls += 1;
        let since = since(&[&change]);
        let mut candidates: Vec<String> = Vec::new();
        for record in org.query(query, ROWS_MAX).await? {
            let ours = record.text("ContentDocument.Title") == Some(title)
                && record.text("ContentDocument.CreatedById")
                    == Some(settings.connection.user_id.as_str())
                && record
                    .datetime("ContentDocument.CreatedDate")
                    .is_some_and(|at| at >= since);
            if let (true, Some(id)) = (ours, record.id_at("ContentDocumentId")) {
                candidates.push(id.as_str().to_owned());
            }
        }
        let known = queue::known_records(scope, &change.workspace, &candidates).await?;
        if let Some(id) = candidates.into_iter().find(|id| !known.contains(id)) {
            found.insert(change.creation_key.clone(), id);
        }
    }
    Ok(found)
}

/// A lost opportunity, by our key where the org has a field for it, else by what it was created with.
pub(super) async fn find_deal(
    scope: &Scope,
    org: &Org,
    settings: &Settings,
    lost: &Queued,
    round: &mut Round,
) -> Result<Option<String>, Trouble> {
    let keyed = settings
        .schema
        .get(&lost.object)
        .and_then(|object| object.fields.get(&settings.key_field))
        .is_some_and(|field| field.external_id);
    if keyed {
        let mut found = HashMap::new();
        by_key(
            org,
            &lost.object,
            &settings.key_field,
            &[lost],
            &mut found,
            round,
        )
        .await?;
        return Ok(found.remove(&lost.creation_key));
    }
    let Some(account) = related(lost, "AccountId") else {
        return Ok(None);
    };
    let filter = Condition::is_in(FieldName::fixed("AccountId"), literals([account].into())?).and(
        Condition::at_least(FieldName::fixed("CreatedDate"), since(&[&lost])),
    );
    let query = Query::from(records::object_name(&lost.object)?)
        .fields(["Id", "Name", "CreatedById"].map(FieldName::fixed))
        .filter(filter);
    round.spent.calls += 1;
    let mut candidates = Vec::new();
    for record in org.query(query, ROWS_MAX).await? {
        let ours = record.text("Name") == related(lost, "Name")
            && record.text("CreatedById") == Some(settings.connection.user_id.as_str());
        if let (true, Some(id)) = (ours, record.id()) {
            candidates.push(id.as_str().to_owned());
        }
    }
    let known = queue::known_records(scope, &lost.workspace, &candidates).await?;
    Ok(candidates.into_iter().find(|id| !known.contains(id)))
}

/// The lookup field by which a lost activity is searched.
fn anchor(change: &Queued) -> Option<&'static str> {
    ["WhatId", "WhoId"]
        .into_iter()
        .find(|field| related(change, field).is_some())
}

fn related<'a>(change: &'a Queued, field: &str) -> Option<&'a str> {
    let fields: &Fields = match &change.proposed {
        Write::Record(fields) => fields,
        Write::Value(_) => return None,
    };
    fields.get(field).and_then(FieldValue::text)
}

/// Nothing we look for is older than the oldest intent.
fn since(changes: &[&&Queued]) -> DateTime<Utc> {
    let oldest = changes.iter().filter_map(|change| change.intent_at).min();
    oldest.unwrap_or_else(|| Utc::now() - TimeDelta::days(1))
        - TimeDelta::minutes(CLOCK_SKEW_MINUTES)
}

fn literals(ids: HashSet<&str>) -> Result<Vec<Literal>, Error> {
    ids.into_iter()
        .map(|id| {
            let id = Id::parse(id).map_err(|error| Error::Invalid(error.to_string()))?;
            Ok(Literal::from(id))
        })
        .collect()
}

fn invalid(error: salesforce::soql::LiteralError) -> Error {
    Error::Invalid(error.to_string())
}
