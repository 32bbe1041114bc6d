//! Whom a difference hits: which entries of the published mapping it breaks, what would mend them, and which entries are
//! therefore suspended.

use super::drift::{Change, Kind};
use super::mapping::{Entry, Mapping, Suspended};
use super::publish;
use super::schema::Schema;

/// What a difference means for a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// Entries it breaks, by id.
    pub entry_ids: Vec<String>,
    /// What would mend them.
    pub proposed_repair: String,
}

/// The impact of `change`, or nothing when the mapping does not use what changed: an org changes all day, and a list full
/// of fields nobody mapped would hide the line that matters.
#[must_use]
pub fn impact(change: &Change, mapping: &Mapping) -> Option<Impact> {
    let uses_object = mapping.objects().any(|object| object == change.object);
    let on_field: Vec<&Entry> = mapping
        .entries
        .iter()
        .filter(|entry| entry.object == change.object && entry.field == change.field)
        .collect();
    let matters = match change.kind {
        Kind::ObjectRemoved
        | Kind::ValidationRuleChanged
        | Kind::StageChanged
        | Kind::RecordTypeRemoved => uses_object,
        Kind::PermissionLost | Kind::PermissionGained if change.field.is_empty() => uses_object,
        Kind::FieldRemoved
        | Kind::FieldRenamed
        | Kind::FieldAdded
        | Kind::FieldRetyped
        | Kind::FieldShortened
        | Kind::FieldLengthened
        | Kind::PicklistRestricted
        | Kind::PicklistValueRemoved
        | Kind::PicklistValueAdded
        | Kind::PermissionLost
        | Kind::PermissionGained => !on_field.is_empty(),
    };
    matters.then(|| Impact {
        entry_ids: broken(change, mapping, &on_field),
        proposed_repair: repair(change),
    })
}

fn broken(change: &Change, mapping: &Mapping, on_field: &[&Entry]) -> Vec<String> {
    let ids = |entries: Vec<&Entry>| entries.into_iter().map(|entry| entry.id.clone()).collect();
    match change.kind {
        Kind::ObjectRemoved => ids(mapping
            .entries
            .iter()
            .filter(|entry| entry.object == change.object)
            .collect()),
        // Entries change records that exist: the right to create is not theirs to lose.
        Kind::PermissionLost if change.after.contains("edit") => vec![],
        Kind::PermissionLost if change.field.is_empty() => ids(mapping
            .entries
            .iter()
            .filter(|entry| entry.object == change.object)
            .collect()),
        Kind::FieldRemoved | Kind::FieldRenamed | Kind::FieldRetyped | Kind::PermissionLost => {
            ids(on_field.to_vec())
        }
        Kind::PicklistValueRemoved => ids(on_field
            .iter()
            .copied()
            .filter(|entry| {
                entry
                    .synonyms
                    .iter()
                    .any(|synonym| synonym.to == change.before)
            })
            .collect()),
        // Each value is checked against the field as it is now before it is written: these hold single changes, not entries.
        Kind::FieldShortened
        | Kind::PicklistRestricted
        | Kind::StageChanged
        | Kind::ValidationRuleChanged
        | Kind::RecordTypeRemoved
        | Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PermissionGained => vec![],
    }
}

fn repair(change: &Change) -> String {
    let Change {
        object,
        field,
        before,
        after,
        ..
    } = change;
    match change.kind {
        Kind::ObjectRemoved => format!(
            "give the connected user access to {object}, or remove its entries from the mapping"
        ),
        Kind::FieldRemoved => {
            format!("make {object}.{field} visible to the connected user, or map another field")
        }
        Kind::FieldRenamed => {
            format!("map {object}.{after} instead of {object}.{before} and publish")
        }
        Kind::FieldRetyped => format!(
            "check that {object}.{field} still takes the property as {after}, or map another field"
        ),
        Kind::FieldShortened => format!(
            "let {object}.{field} be cut when text is too long, or lengthen the field again"
        ),
        Kind::PicklistRestricted => {
            format!("add synonyms for values that {object}.{field} does not list")
        }
        Kind::PicklistValueRemoved => {
            format!("point synonyms of \"{before}\" to a value {object}.{field} still lists")
        }
        Kind::PermissionLost if field.is_empty() => {
            format!("let the connected user edit {object} again")
        }
        Kind::PermissionLost => {
            format!("let the connected user edit {object}.{field} again, or map another field")
        }
        Kind::ValidationRuleChanged => {
            format!("look at rule {field} of {object}: changes it would refuse are held")
        }
        Kind::StageChanged => format!("check the stage controls for {field}"),
        Kind::RecordTypeRemoved => {
            format!("check pipelines and rules that name record type {field} of {object}")
        }
        Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PermissionGained => "nothing: it only allows more than before".to_owned(),
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
        Kind::PicklistValueRemoved => format!("no longer offers \"{}\"", change.before),
        Kind::FieldShortened
        | Kind::PicklistRestricted
        | Kind::StageChanged
        | Kind::ValidationRuleChanged
        | Kind::RecordTypeRemoved
        | Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PermissionGained => "changed".to_owned(),
    };
    format!("{place} {what}; {}", repair(change))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mapping::{Overwrite, Synonym};
    use crate::domain::schema::{Field, Object};

    fn entry(id: &str, object: &str, field: &str) -> Entry {
        Entry {
            id: id.into(),
            property: "next_step".into(),
            object: object.into(),
            field: field.into(),
            overwrite: Some(Overwrite::OnlyIfEmpty),
            ..Entry::default()
        }
    }

    fn mapping() -> Mapping {
        let staged = Entry {
            synonyms: vec![Synonym {
                from: "quote".into(),
                to: "Proposal".into(),
            }],
            ..entry("stage", "Opportunity", "Type")
        };
        Mapping {
            entries: vec![
                entry("next", "Opportunity", "NextStep"),
                staged,
                entry("title", "Contact", "Title"),
            ],
            destinations: vec![],
        }
    }

    fn change(kind: Kind, field: &str, before: &str, after: &str) -> Change {
        Change {
            kind,
            object: "Opportunity".into(),
            field: field.into(),
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn only_the_entries_hit_are_named() {
        for (kind, field, before, after, expected) in [
            (
                Kind::FieldRemoved,
                "NextStep",
                "string(255)",
                "",
                Some(vec!["next"]),
            ),
            (Kind::FieldRemoved, "Unmapped__c", "string(255)", "", None),
            (
                Kind::ObjectRemoved,
                "",
                "Opportunity",
                "",
                Some(vec!["next", "stage"]),
            ),
            (
                Kind::PermissionLost,
                "NextStep",
                "create and edit",
                "read only",
                Some(vec!["next"]),
            ),
            (
                Kind::PermissionLost,
                "NextStep",
                "create and edit",
                "edit only",
                Some(vec![]),
            ),
            (
                Kind::PermissionLost,
                "",
                "create and edit",
                "create only",
                Some(vec!["next", "stage"]),
            ),
            (
                Kind::PicklistValueRemoved,
                "Type",
                "Proposal",
                "",
                Some(vec!["stage"]),
            ),
            (
                Kind::PicklistValueRemoved,
                "Type",
                "Other",
                "",
                Some(vec![]),
            ),
            (
                Kind::FieldShortened,
                "NextStep",
                "string(255)",
                "string(80)",
                Some(vec![]),
            ),
            (Kind::StageChanged, "Won", "", "Won", Some(vec![])),
            (
                Kind::FieldLengthened,
                "NextStep",
                "string(80)",
                "string(255)",
                Some(vec![]),
            ),
        ] {
            let found = impact(&change(kind, field, before, after), &mapping())
                .map(|impact| impact.entry_ids);
            let expected: Option<Vec<String>> =
                expected.map(|ids| ids.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{kind:?} {field}");
        }
    }

    #[test]
    fn an_entry_stays_suspended_until_it_works_and_nothing_is_open() {
        let field = |updateable| Field {
            kind: "string".into(),
            length: 255,
            updateable,
            ..Field::default()
        };
        let schema = |updateable| {
            let object = Object {
                name: "Opportunity".into(),
                updateable: true,
                fields: [("NextStep".to_owned(), field(updateable))].into(),
                ..Object::default()
            };
            Schema::from([(object.name.clone(), object)])
        };
        let mapping = Mapping {
            entries: vec![entry("next", "Opportunity", "NextStep")],
            destinations: vec![],
        };
        let retyped = change(
            Kind::FieldRetyped,
            "NextStep",
            "textarea(255)",
            "string(255)",
        );
        let hit = ["next".to_owned()];
        let names = |found: Suspended| found.into_keys().collect::<Vec<_>>();
        assert_eq!(
            names(suspended(&mapping, &schema(true), [])),
            Vec::<String>::new()
        );
        assert_eq!(
            names(suspended(&mapping, &schema(true), [(&retyped, &hit[..])])),
            hit
        );
        assert_eq!(names(suspended(&mapping, &schema(false), [])), hit);
        let reasons = suspended(&mapping, &schema(true), [(&retyped, &hit[..])]);
        insta::assert_snapshot!(reasons["next"], @"Opportunity.NextStep was textarea(255) and is now string(255); check that Opportunity.NextStep still takes the property as string(255), or map another field");
    }
}
