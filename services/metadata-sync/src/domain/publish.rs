//! What stands in the way of publishing a mapping: every problem at once, each with what would mend it.
//!
//! Checked against the newest snapshot, so that a published entry is one Salesforce lets the connected user write. The
//! same check tells, after the org changed, which entries no longer are.

mod entry;
mod property;

use std::collections::{BTreeMap, BTreeSet};

use super::mapping::{Content, Destination, Direction, ENTRIES_MAX, Kind, Mapping};
use super::schema::Schema;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry; empty when it is about the whole.
    pub entry_id: String,
    /// Which of its fields.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub fix: String,
}

/// Every problem of `mapping` in the org of `schema`; empty means it may be published.
#[must_use]
pub fn check(mapping: &Mapping, schema: &Schema) -> Vec<Problem> {
    let mut found = Vec::new();
    let whole = |field, message: String, fix: &str| Problem {
        entry_id: String::new(),
        field,
        message,
        fix: fix.to_owned(),
    };
    if schema.is_empty() {
        found.push(whole(
            "",
            "the org's schema has not been read yet".into(),
            "connect Salesforce and wait for the first schema sync",
        ));
        return found;
    }
    if mapping.entries.is_empty() && mapping.destinations.is_empty() {
        found.push(whole(
            "entries",
            "the mapping is empty".into(),
            "add at least one entry or destination",
        ));
    }
    if mapping.entries.len() > ENTRIES_MAX {
        found.push(whole(
            "entries",
            format!(
                "there are {} entries and the limit is {ENTRIES_MAX}",
                mapping.entries.len()
            ),
            "remove entries",
        ));
        return found;
    }
    property::check(&mapping.properties, &mut found);
    for entry in &mapping.entries {
        entry::check(entry, &mapping.properties, schema, &mut found);
    }
    repeated(mapping, &mut found);
    destinations(&mapping.destinations, schema, &mut found);
    found
}

/// Two entries with one id cannot be told apart; two on one field would overwrite each other within a meeting.
fn repeated(mapping: &Mapping, found: &mut Vec<Problem>) {
    let mut ids = BTreeSet::new();
    let mut targets: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for entry in &mapping.entries {
        if !ids.insert(&entry.id) {
            found.push(Problem {
                entry_id: entry.id.clone(),
                field: "id",
                message: format!("another entry has the id {:?} too", entry.id),
                fix: "give each entry an id of its own".into(),
            });
        }
        let target = (entry.object.as_str(), entry.field.as_str());
        if entry.direction == Direction::Read {
            continue;
        }
        if let Some(first) = targets.insert(target, &entry.id) {
            found.push(Problem {
                entry_id: entry.id.clone(),
                field: "field",
                message: format!(
                    "entry {first:?} already writes {}.{}",
                    entry.object, entry.field
                ),
                fix: "keep one entry per field".into(),
            });
        }
    }
}

fn destinations(destinations: &[Destination], schema: &Schema, found: &mut Vec<Problem>) {
    let mut contents: BTreeSet<u8> = BTreeSet::new();
    let mut push = |field, message: String, fix: String| {
        found.push(Problem {
            entry_id: String::new(),
            field,
            message,
            fix,
        });
    };
    for destination in destinations {
        match destination.content {
            None => push(
                "destinations",
                "a destination has no content".into(),
                "choose what is written".into(),
            ),
            Some(content) => {
                let ordinal = match content {
                    Content::Meeting => 0,
                    Content::Notes => 1,
                    Content::RecordingLink => 2,
                    Content::Summary => 3,
                };
                if !contents.insert(ordinal) {
                    push(
                        "destinations",
                        format!("{content:?} has two destinations"),
                        "keep one of them".into(),
                    );
                }
            }
        }
        let Some(kind) = destination.kind else {
            push(
                "destinations",
                "a destination has no kind".into(),
                "choose task, event or content note".into(),
            );
            continue;
        };
        let objects: &[&str] = match kind {
            Kind::Task | Kind::Event => &[kind.object()],
            Kind::ContentNote => &["ContentNote", "ContentDocumentLink"],
        };
        for object in objects {
            match schema.get(*object) {
                None => push(
                    "destinations",
                    format!("{object} is not in the org or hidden from the connected user"),
                    format!("give the connected user access to {object}, or choose another kind"),
                ),
                Some(known) if !known.createable => push(
                    "destinations",
                    format!("the connected user may not create {object}"),
                    format!("let the connected user create {object}, or choose another kind"),
                ),
                Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
