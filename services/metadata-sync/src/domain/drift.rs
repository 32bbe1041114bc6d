//! What moved between two snapshots. Pure and total: `drift(a, a)` is empty, and every difference that can break or
//! widen a write has a kind.

mod field;
mod kind;
mod undone;

pub use kind::{Kind, Severity};
pub use undone::undone;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::{Field, Object, Schema, Stage, ValidationRule};
use field::of_field;

/// Characters kept of a text in `before` and `after`.
const EXCERPT_CHARACTERS_MAX: usize = 200;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// sObject API name.
    pub object: String,
    /// Field API name; for stages, rules and record types their name; empty when the object itself changed.
    pub field: String,
    /// As it was, short; empty when it was not there.
    pub before: String,
    /// As it is, short; empty when it is gone.
    pub after: String,
}

/// Everything that moved from `previous` to `current`, by object, in a fixed order. An object that is new is not drift:
/// nothing could have been mapped to it.
#[must_use]
pub fn drift(previous: &Schema, current: &Schema) -> Vec<Change> {
    let mut found = Vec::new();
    for (name, before) in previous {
        match current.get(name) {
            None => found.push(Change {
                kind: Kind::ObjectRemoved,
                object: name.clone(),
                field: String::new(),
                before: excerpt(&before.label),
                after: String::new(),
            }),
            Some(after) => of_object(before, after, &mut found),
        }
    }
    found
}

fn of_object(before: &Object, after: &Object, found: &mut Vec<Change>) {
    let push = |found: &mut Vec<Change>, kind, field: &str, was: String, is: String| {
        found.push(Change {
            kind,
            object: before.name.clone(),
            field: field.to_owned(),
            before: excerpt(&was),
            after: excerpt(&is),
        });
    };
    let (was, is) = (object_access(before), object_access(after));
    if was != is {
        let lost =
            (before.updateable && !after.updateable) || (before.createable && !after.createable);
        push(found, permission(lost), "", was, is);
    }
    let renamed = renames(before, after);
    for (name, field) in &before.fields {
        match (after.fields.get(name), renamed.get(name.as_str())) {
            (Some(now), _) => of_field(&before.name, name, field, now, found),
            (None, Some(new)) => push(
                found,
                Kind::FieldRenamed,
                name,
                name.clone(),
                (*new).to_owned(),
            ),
            (None, None) => push(
                found,
                Kind::FieldRemoved,
                name,
                field.shape(),
                String::new(),
            ),
        }
    }
    for (name, field) in &after.fields {
        let is_new_name = renamed.values().any(|new| *new == name.as_str());
        if !before.fields.contains_key(name) && !is_new_name {
            push(found, Kind::FieldAdded, name, String::new(), field.shape());
        }
    }
    for record_type in before.record_types.iter().filter(|known| known.available) {
        let kept = after
            .record_types
            .iter()
            .any(|now| now.id == record_type.id && now.available);
        if !kept {
            let name = &record_type.developer_name;
            push(
                found,
                Kind::RecordTypeRemoved,
                name,
                record_type.id.clone(),
                String::new(),
            );
        }
    }
    named(
        &before.stages,
        &after.stages,
        |stage| &stage.api_name,
        stage_text,
        |name, was, is| {
            let active = |stages: &[Stage]| {
                stages
                    .iter()
                    .any(|stage| stage.api_name == name && stage.active)
            };
            let kind = match (active(&before.stages), active(&after.stages)) {
                (false, true) => Kind::StageAdded,
                (true, false) => Kind::StageRemoved,
                (true, true) => Kind::StageChanged,
                // Neither may be chosen: nothing to tell.
                (false, false) => return,
            };
            push(found, kind, name, was, is);
        },
    );
    named(
        &before.validation_rules,
        &after.validation_rules,
        |rule| &rule.id,
        rule_text,
        |id, was, is| {
            let known = after
                .validation_rules
                .iter()
                .chain(&before.validation_rules);
            let name = known
                .filter(|rule| rule.id == id)
                .map(|rule| rule.name.as_str())
                .next()
                .unwrap_or(id);
            let kind = match (was.is_empty(), is.is_empty()) {
                (true, _) => Kind::ValidationRuleAdded,
                (false, true) => Kind::ValidationRuleRemoved,
                (false, false) => Kind::ValidationRuleChanged,
            };
            push(found, kind, name, was, is);
        },
    );
}

fn permission(lost: bool) -> Kind {
    if lost {
        Kind::PermissionLost
    } else {
        Kind::PermissionGained
    }
}

fn typed(field: &Field) -> String {
    let formula = if field.calculated { ", formula" } else { "" };
    format!("{}{formula}", field.shape())
}

fn access(createable: bool, updateable: bool) -> String {
    match (createable, updateable) {
        (true, true) => "create and edit",
        (true, false) => "create only",
        (false, true) => "edit only",
        (false, false) => "read only",
    }
    .to_owned()
}

/// What the connected user may do with an object.
#[must_use]
pub fn object_access(object: &Object) -> String {
    access(object.createable, object.updateable)
}

/// What the connected user may do with a field.
#[must_use]
pub fn field_access(field: &Field) -> String {
    access(field.createable, field.updateable)
}

fn stage_text(stage: &Stage) -> String {
    let outcome = match (stage.closed, stage.won) {
        (true, true) => "won",
        (true, false) => "lost",
        (false, _) => "open",
    };
    let active = if stage.active { "" } else { ", inactive" };
    format!(
        "{} ({outcome}, {} %, position {}{active})",
        stage.label, stage.probability, stage.sort_order
    )
}

fn rule_text(rule: &ValidationRule) -> String {
    let place = if rule.error_field.is_empty() {
        "page"
    } else {
        &rule.error_field
    };
    format!("{} ({}, at {place})", rule.formula, rule.error_message)
}

/// Compares two lists by a key; an element is the same when it reads the same.
fn named<'a, T>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&'a T) -> &'a String,
    text: impl Fn(&T) -> String,
    mut report: impl FnMut(&str, String, String),
) {
    let was: BTreeMap<&String, &T> = before.iter().map(|item| (key(item), item)).collect();
    let is: BTreeMap<&String, &T> = after.iter().map(|item| (key(item), item)).collect();
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).copied().collect();
    for name in names {
        match (was.get(name), is.get(name)) {
            (Some(old), Some(new)) if text(old) == text(new) => {}
            (old, new) => report(
                name,
                old.map(|item| text(item)).unwrap_or_default(),
                new.map(|item| text(item)).unwrap_or_default(),
            ),
        }
    }
}

/// Old name to new name. The same durable id is proof. Without ids (a host that does not tell them) only strong evidence
/// counts: exactly one field went and exactly one came with the same label, type and size.
fn renames<'a>(before: &'a Object, after: &'a Object) -> BTreeMap<&'a str, &'a str> {
    let gone: Vec<(&String, &Field)> = before
        .fields
        .iter()
        .filter(|(name, _)| !after.fields.contains_key(*name))
        .collect();
    let new: Vec<(&String, &Field)> = after
        .fields
        .iter()
        .filter(|(name, _)| !before.fields.contains_key(*name))
        .collect();
    let mut renamed = BTreeMap::new();
    for (old, field) in &gone {
        let same = |(_, other): &&(&String, &Field)| !field.id.is_empty() && other.id == field.id;
        if let Some((name, _)) = new.iter().find(same) {
            renamed.insert(old.as_str(), name.as_str());
        }
    }
    // Two fields whose ids are known and differ are two fields, whatever they look like.
    let alike = |one: &Field, other: &Field| {
        (one.id.is_empty() || other.id.is_empty())
            && one.label == other.label
            && typed(one) == typed(other)
    };
    for (old, field) in &gone {
        if renamed.contains_key(old.as_str()) {
            continue;
        }
        let went = gone.iter().filter(|(_, other)| alike(field, other)).count();
        let came: Vec<&(&String, &Field)> = new
            .iter()
            .filter(|(_, other)| alike(field, other))
            .collect();
        if let (0 | 1, [(name, _)]) = (went, came.as_slice())
            && !renamed.values().any(|taken| *taken == name.as_str())
        {
            renamed.insert(old.as_str(), name.as_str());
        }
    }
    renamed
}

fn excerpt(text: &str) -> String {
    // Postgres stores no NUL, and one in a label must not fail a whole sync.
    text.chars()
        .filter(|character| *character != '\0')
        .take(EXCERPT_CHARACTERS_MAX)
        .collect()
}

#[cfg(test)]
mod tests;
