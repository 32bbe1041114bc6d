//! What moved between two snapshots. Pure and total: `drift(a, a)` is empty, and every difference that can break or
//! widen a write has a kind.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::{Field, Object, Schema, Stage, ValidationRule};

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

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The object is gone or hidden.
    ObjectRemoved,
    /// The field is gone or hidden.
    FieldRemoved,
    /// The field carries another name.
    FieldRenamed,
    /// The field is new.
    FieldAdded,
    /// The field has another type.
    FieldRetyped,
    /// The field takes less.
    FieldShortened,
    /// The field takes more.
    FieldLengthened,
    /// The picklist refuses unknown values from now on.
    PicklistRestricted,
    /// A value is gone or inactive.
    PicklistValueRemoved,
    /// A value is new or active again.
    PicklistValueAdded,
    /// The connected user may no longer write.
    PermissionLost,
    /// The connected user may write again.
    PermissionGained,
    /// A validation rule is new, gone or different.
    ValidationRuleChanged,
    /// A stage is new, gone or different.
    StageChanged,
    /// A record type is gone or out of reach.
    RecordTypeRemoved,
}

impl Kind {
    /// Whether it can only widen what may be written, so that it needs nobody's decision.
    #[must_use]
    pub fn harmless(self) -> bool {
        match self {
            Self::FieldAdded
            | Self::FieldLengthened
            | Self::PicklistValueAdded
            | Self::PermissionGained => true,
            Self::ObjectRemoved
            | Self::FieldRemoved
            | Self::FieldRenamed
            | Self::FieldRetyped
            | Self::FieldShortened
            | Self::PicklistRestricted
            | Self::PicklistValueRemoved
            | Self::PermissionLost
            | Self::ValidationRuleChanged
            | Self::StageChanged
            | Self::RecordTypeRemoved => false,
        }
    }
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
            push(found, Kind::StageChanged, name, was, is);
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
            push(found, Kind::ValidationRuleChanged, name, was, is);
        },
    );
}

fn of_field(object: &str, name: &str, before: &Field, after: &Field, found: &mut Vec<Change>) {
    let mut push = |kind, was: String, is: String| {
        found.push(Change {
            kind,
            object: object.to_owned(),
            field: name.to_owned(),
            before: excerpt(&was),
            after: excerpt(&is),
        });
    };
    if before.kind != after.kind || before.calculated != after.calculated {
        push(Kind::FieldRetyped, typed(before), typed(after));
    } else if before.shape() != after.shape() {
        // Digits before the point count: 18,2 to 18,4 takes less money, though the precision stayed.
        let whole = |field: &Field| field.precision.saturating_sub(field.scale);
        let less = after.length < before.length
            || after.scale < before.scale
            || whole(after) < whole(before);
        let kind = if less {
            Kind::FieldShortened
        } else {
            Kind::FieldLengthened
        };
        push(kind, before.shape(), after.shape());
    }
    let (was, is) = (field_access(before), field_access(after));
    if was != is {
        let lost =
            (before.updateable && !after.updateable) || (before.createable && !after.createable);
        push(permission(lost), was, is);
    }
    if !before.restricted_picklist && after.restricted_picklist {
        push(
            Kind::PicklistRestricted,
            "any value".into(),
            "listed values only".into(),
        );
    }
    let active = |field: &Field| -> BTreeSet<String> {
        let values = field.picklist.iter().filter(|entry| entry.active);
        values.map(|entry| entry.value.clone()).collect()
    };
    let (was, is) = (active(before), active(after));
    for gone in was.difference(&is) {
        push(Kind::PicklistValueRemoved, gone.clone(), String::new());
    }
    for new in is.difference(&was) {
        push(Kind::PicklistValueAdded, String::new(), new.clone());
    }
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

/// Old name to new name. A describe has no field ids, so only strong evidence counts: exactly one field went and exactly
/// one came with the same label, type and size.
fn renames<'a>(before: &'a Object, after: &'a Object) -> BTreeMap<&'a str, &'a str> {
    let identity = |field: &Field| (field.label.clone(), typed(field));
    let mut gone: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (name, field) in &before.fields {
        if !after.fields.contains_key(name) {
            gone.entry(identity(field)).or_default().push(name);
        }
    }
    let mut new: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (name, field) in &after.fields {
        if !before.fields.contains_key(name) {
            new.entry(identity(field)).or_default().push(name);
        }
    }
    let mut renamed = BTreeMap::new();
    for (identity, old) in gone {
        if let ([old], Some([new])) = (old.as_slice(), new.get(&identity).map(Vec::as_slice)) {
            renamed.insert(*old, *new);
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

/// Whether what `change` reported is undone in `current`: the org is, in this respect, as it was before.
#[must_use]
pub fn undone(change: &Change, current: &Schema) -> bool {
    let Some(object) = current.get(&change.object) else {
        return false;
    };
    let field = object.fields.get(&change.field);
    // A text that was cut cannot prove that it is as before.
    let same = |now: String| {
        change.before.chars().count() < EXCERPT_CHARACTERS_MAX && excerpt(&now) == change.before
    };
    match change.kind {
        Kind::ObjectRemoved => true,
        Kind::FieldRemoved => field.is_some_and(|now| now.shape() == change.before),
        Kind::FieldRenamed => field.is_some(),
        Kind::FieldRetyped => field.is_some_and(|now| typed(now) == change.before),
        Kind::FieldShortened => field.is_some_and(|now| now.shape() == change.before),
        Kind::PicklistRestricted => field.is_some_and(|now| !now.restricted_picklist),
        Kind::PicklistValueRemoved => field.is_some_and(|now| {
            now.picklist
                .iter()
                .any(|entry| entry.active && excerpt(&entry.value) == change.before)
        }),
        Kind::PermissionLost if change.field.is_empty() => object_access(object) == change.before,
        Kind::PermissionLost => field.is_some_and(|now| field_access(now) == change.before),
        Kind::StageChanged => {
            let now = object
                .stages
                .iter()
                .find(|stage| stage.api_name == change.field);
            same(now.map(stage_text).unwrap_or_default())
        }
        Kind::ValidationRuleChanged => {
            let now = object
                .validation_rules
                .iter()
                .find(|rule| rule.name == change.field);
            same(now.map(rule_text).unwrap_or_default())
        }
        Kind::RecordTypeRemoved => object
            .record_types
            .iter()
            .any(|now| now.id == change.before && now.available),
        // Never open, so never to be undone.
        Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PermissionGained => false,
    }
}

#[cfg(test)]
mod tests;
