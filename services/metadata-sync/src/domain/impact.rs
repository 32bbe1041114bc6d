//! Whom a difference hits: which entries and destinations of the published mapping it touches and which it breaks, what
//! would mend them, and which entries are therefore suspended.

mod repair;

pub use repair::{applied, applies};

use super::drift::{Change, Kind, Severity};
use super::mapping::{Entry, Mapping, Suspended};
use super::publish;
use super::schema::Schema;

/// What a difference means for a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// Entries it breaks, by id; they are suspended.
    pub entry_ids: Vec<String>,
    /// Entries that use what changed, broken or not, by id.
    pub touched_entry_ids: Vec<String>,
    /// Destinations that use what changed, for a person: `notes as ContentNote`.
    pub destinations: Vec<String>,
    /// Our users a deactivated Salesforce user stood for, and how; known to whoever knows the users.
    pub people: Vec<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What would mend it.
    pub proposed_repair: String,
}

/// The impact of `change`, or nothing when the mapping does not use what changed: an org changes all day, and a list full
/// of fields nobody mapped would hide the line that matters.
#[must_use]
pub fn impact(change: &Change, mapping: &Mapping) -> Option<Impact> {
    let touched = touched(change, mapping);
    let destinations = destinations(change, mapping);
    if touched.is_empty() && destinations.is_empty() && change.kind != Kind::OwnerDeactivated {
        return None;
    }
    let entry_ids = broken(change, &touched);
    // A destination whose object may no longer be created works as little as an entry whose field is gone.
    let lost = matches!(change.kind, Kind::ObjectRemoved | Kind::FieldRequired)
        || (change.kind == Kind::PermissionLost && !change.after.contains("create"));
    let broke = !entry_ids.is_empty() || (lost && !destinations.is_empty());
    Some(Impact {
        severity: change.kind.severity(broke),
        touched_entry_ids: ids(&touched),
        destinations,
        people: vec![],
        proposed_repair: repair::text(change),
        entry_ids,
    })
}

fn ids(entries: &[&Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.id.clone()).collect()
}

/// Entries that use what changed.
fn touched<'a>(change: &Change, mapping: &'a Mapping) -> Vec<&'a Entry> {
    let of_object = |entry: &&Entry| entry.object == change.object;
    let of_field = |entry: &&Entry| entry.object == change.object && entry.field == change.field;
    let stage = |entry: &&Entry| entry.object == change.object && entry.field == "StageName";
    let entries = mapping.entries.iter();
    match change.kind {
        Kind::ObjectRemoved
        | Kind::ValidationRuleAdded
        | Kind::ValidationRuleChanged
        | Kind::ValidationRuleRemoved
        | Kind::RecordTypeRemoved => entries.filter(of_object).collect(),
        Kind::PermissionLost | Kind::PermissionGained if change.field.is_empty() => {
            entries.filter(of_object).collect()
        }
        Kind::StageAdded | Kind::StageChanged | Kind::StageRemoved => {
            entries.filter(stage).collect()
        }
        Kind::FieldRemoved
        | Kind::FieldRenamed
        | Kind::FieldAdded
        | Kind::FieldRetyped
        | Kind::FieldShortened
        | Kind::FieldLengthened
        | Kind::FieldRequired
        | Kind::PicklistRestricted
        | Kind::PicklistValueRemoved
        | Kind::PicklistValueDeactivated
        | Kind::PicklistValueRenamed
        | Kind::PicklistValueRelabelled
        | Kind::PicklistValueAdded
        | Kind::PermissionLost
        | Kind::PermissionGained => entries.filter(of_field).collect(),
        Kind::OwnerDeactivated => vec![],
    }
}

/// Destinations that create records of the object that changed, when the change can matter to a create.
fn destinations(change: &Change, mapping: &Mapping) -> Vec<String> {
    let matters = match change.kind {
        Kind::ObjectRemoved
        | Kind::FieldRequired
        | Kind::ValidationRuleAdded
        | Kind::ValidationRuleChanged
        | Kind::ValidationRuleRemoved
        | Kind::RecordTypeRemoved => true,
        Kind::PermissionLost | Kind::PermissionGained => change.field.is_empty(),
        Kind::FieldRemoved
        | Kind::FieldRenamed
        | Kind::FieldAdded
        | Kind::FieldRetyped
        | Kind::FieldShortened
        | Kind::FieldLengthened
        | Kind::PicklistRestricted
        | Kind::PicklistValueRemoved
        | Kind::PicklistValueDeactivated
        | Kind::PicklistValueRenamed
        | Kind::PicklistValueRelabelled
        | Kind::PicklistValueAdded
        | Kind::StageAdded
        | Kind::StageChanged
        | Kind::StageRemoved
        | Kind::OwnerDeactivated => false,
    };
    if !matters {
        return vec![];
    }
    let hit = mapping.destinations.iter().filter_map(|destination| {
        let (content, kind) = (destination.content?, destination.kind?);
        (kind.object() == change.object)
            .then(|| format!("{} as {}", content.as_str(), kind.object()))
    });
    hit.collect()
}

fn broken(change: &Change, touched: &[&Entry]) -> Vec<String> {
    match change.kind {
        // Entries change records that exist: the right to create is not theirs to lose.
        Kind::PermissionLost if change.after.contains("edit") => vec![],
        Kind::ObjectRemoved
        | Kind::FieldRemoved
        | Kind::FieldRenamed
        | Kind::FieldRetyped
        | Kind::PermissionLost => ids(touched),
        Kind::PicklistValueRemoved
        | Kind::PicklistValueDeactivated
        | Kind::PicklistValueRenamed => touched
            .iter()
            .filter(|entry| {
                entry
                    .synonyms
                    .iter()
                    .any(|synonym| synonym.to == change.before)
            })
            .map(|entry| entry.id.clone())
            .collect(),
        // Each value is checked against the field as it is now before it is written: these hold single changes, not entries.
        Kind::FieldShortened
        | Kind::FieldRequired
        | Kind::PicklistRestricted
        | Kind::StageAdded
        | Kind::StageChanged
        | Kind::StageRemoved
        | Kind::ValidationRuleAdded
        | Kind::ValidationRuleChanged
        | Kind::ValidationRuleRemoved
        | Kind::RecordTypeRemoved
        | Kind::OwnerDeactivated
        | Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PicklistValueRelabelled
        | Kind::PermissionGained => vec![],
    }
}

/// The entries that are suspended now: those an open difference broke, and those that would not pass a publish. Deciding
/// a difference releases an entry only when it works again.
#[must_use]
pub fn suspended<'a>(
    mapping: &Mapping,
    schema: &Schema,
    open: impl IntoIterator<Item = (&'a Change, &'a [String])>,
) -> Suspended {
    let mut found = Suspended::new();
    for problem in publish::check(mapping, schema) {
        if !problem.entry_id.is_empty() {
            found
                .entry(problem.entry_id)
                .or_insert_with(|| format!("{}; {}", problem.message, problem.fix));
        }
    }
    for (change, entry_ids) in open {
        for id in entry_ids {
            if mapping.entries.iter().any(|entry| &entry.id == id) {
                found.entry(id.clone()).or_insert_with(|| reason(change));
            }
        }
    }
    found
}

/// One line for a person: what changed and what to do.
fn reason(change: &Change) -> String {
    let place = if change.field.is_empty() {
        change.object.clone()
    } else {
        format!("{}.{}", change.object, change.field)
    };
    let what = match change.kind {
        Kind::ObjectRemoved => "is gone or hidden".to_owned(),
        Kind::FieldRemoved => "is gone or hidden".to_owned(),
        Kind::FieldRenamed => format!("is now {}", change.after),
        Kind::FieldRetyped => format!("was {} and is now {}", change.before, change.after),
        Kind::PermissionLost => format!("is now {} for the connected user", change.after),
        Kind::PicklistValueRemoved | Kind::PicklistValueDeactivated => {
            format!("no longer offers \"{}\"", change.before)
        }
        Kind::PicklistValueRenamed => {
            format!("writes \"{}\" as \"{}\" now", change.before, change.after)
        }
        Kind::FieldShortened
        | Kind::FieldRequired
        | Kind::PicklistRestricted
        | Kind::StageAdded
        | Kind::StageChanged
        | Kind::StageRemoved
        | Kind::ValidationRuleAdded
        | Kind::ValidationRuleChanged
        | Kind::ValidationRuleRemoved
        | Kind::RecordTypeRemoved
        | Kind::OwnerDeactivated
        | Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PicklistValueRelabelled
        | Kind::PermissionGained => "changed".to_owned(),
    };
    format!("{place} {what}; {}", repair::text(change))
}

#[cfg(test)]
mod tests;
