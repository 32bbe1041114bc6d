//! Which fields of a record are read before it is judged: what is written, and what the gates look at.

use std::collections::BTreeMap;

use super::mapping::Mapping;
use super::note;
use super::prediction::Books;
use super::schema::Schema;
use super::settings::StageControls;

/// Read of every object, where the user sees them.
const ALWAYS: [&str; 5] = [
    "LastModifiedDate",
    "LastModifiedById",
    "OwnerId",
    "RecordTypeId",
    "CurrencyIsoCode",
];
/// Read of opportunities, for the stage gate.
const OPPORTUNITY: [&str; 2] = ["StageName", "IsClosed"];
/// An Event found for the meeting gets text added, and one we created is brought up to date.
const EVENT: [&str; 6] = [
    "Description",
    "Subject",
    "WhatId",
    "WhoId",
    "StartDateTime",
    "EndDateTime",
];
/// A Task we created is brought up to date.
const TASK: [&str; 7] = [
    "Description",
    "Subject",
    "WhatId",
    "WhoId",
    "ActivityDate",
    "Status",
    "Priority",
];

/// A note we created is brought up to date; its content is never read.
const NOTE: [&str; 1] = ["Title"];

/// The fields to read, by object; only fields the user sees, because one hidden field fails the whole read.
#[must_use]
pub fn plan(
    mapping: Option<&Mapping>,
    schema: &Schema,
    stages: &StageControls,
    rules: &Books,
) -> BTreeMap<String, Vec<String>> {
    let mut reads = BTreeMap::new();
    for (name, object) in schema {
        let mut wanted: Vec<String> = ALWAYS.iter().map(|field| (*field).to_owned()).collect();
        match name.as_str() {
            "Opportunity" => {
                wanted.extend(OPPORTUNITY.iter().map(|field| (*field).to_owned()));
                wanted.extend(
                    stages
                        .controls
                        .values()
                        .flat_map(|control| control.required_fields.iter().cloned()),
                );
            }
            "Task" => wanted.extend(TASK.iter().map(|field| (*field).to_owned())),
            "Event" => wanted.extend(EVENT.iter().map(|field| (*field).to_owned())),
            note::OBJECT => wanted.extend(NOTE.iter().map(|field| (*field).to_owned())),
            _ => {}
        }
        for entry in mapping.iter().flat_map(|mapping| &mapping.entries) {
            if entry.object != *name {
                continue;
            }
            if let Some(controller) = object
                .fields
                .get(&entry.field)
                .and_then(|field| field.controller.clone())
            {
                wanted.push(controller);
            }
            wanted.push(entry.field.clone());
        }
        wanted.retain(|field| object.has(field));
        // What the rules read is known to be visible, parents' fields included.
        if let Some(book) = rules.get(name) {
            wanted.extend(book.reads.iter().cloned());
        }
        wanted.sort_unstable();
        wanted.dedup();
        reads.insert(name.clone(), wanted);
    }
    reads
}
