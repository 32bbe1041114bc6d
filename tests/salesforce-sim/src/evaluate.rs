//! Evaluates validation rules' formulas, through the formula crate.
//!
//! The org knows every value, so an answer other than yes or no means a formula the crate cannot
//! evaluate; such a rule never fires here, and loading it through the control API is refused when it
//! does not even compile.

use std::sync::Arc;

use chrono_tz::Tz;
use formula::{Context, Field, Fields, Formula, Kind, Outcome, Record, Reference, compile_rule};

use crate::clock::datetime;
use crate::id::Id;
use crate::org::Org;
use crate::save::Tx;
use crate::save::row::Draft;
use crate::schema::Object;
use crate::store::Row;
use crate::value::Value;

/// Parents of parents a formula may name.
const HOPS_MAX: usize = 3;

/// Compiles a formula against an object.
///
/// # Errors
/// What the platform's editor would say: it does not parse, names unknown fields or does not type.
pub fn compile(org: &Org, object: u16, source: &str) -> Result<Arc<Formula>, String> {
    let mut fields = Fields::default();
    let lower = source.to_ascii_lowercase();
    declare(
        org,
        org.schema.object(object),
        "",
        &lower,
        HOPS_MAX,
        &mut fields,
    );
    declare_settings(org, source, &mut fields);
    compile_rule(source, &fields)
        .map(Arc::new)
        .map_err(|error| format!("the formula does not compile: {error}"))
}

/// Declares an object's fields, and those of every parent whose name occurs in the formula.
fn declare(org: &Org, object: &Object, path: &str, source: &str, hops: usize, fields: &mut Fields) {
    for (_, field) in object.live_fields() {
        let name = format!("{path}{}", field.name);
        if let Some(kind) = Kind::named(field.kind.name()) {
            fields.declare(&name, Field::stored(kind));
        }
        let Some(relationship) = &field.relationship else {
            continue;
        };
        let prefix = format!("{path}{relationship}.");
        if hops == 0 || !source.contains(&prefix.to_ascii_lowercase()) {
            continue;
        }
        let target = field
            .reference_to
            .last()
            .and_then(|target| org.schema.number(target));
        if let Some(target) = target {
            declare(
                org,
                org.schema.object(target),
                &prefix,
                source,
                hops - 1,
                fields,
            );
        }
    }
}

/// Declares fields of custom settings and of custom metadata that the formula names.
fn declare_settings(org: &Org, source: &str, fields: &mut Fields) {
    for mention in formula::mentions(source) {
        let parts: Vec<&str> = mention.name.split('.').collect();
        let (object, field) = match parts.as_slice() {
            [group, object, field] if group.eq_ignore_ascii_case("$Setup") => (object, field),
            [group, object, _, field] if group.eq_ignore_ascii_case("$CustomMetadata") => {
                (object, field)
            }
            _ => continue,
        };
        let found = org.schema.number(object).and_then(|object| {
            let mut known = org.schema.object(object).live_fields();
            known.find(|(_, known)| known.name.eq_ignore_ascii_case(field))
        });
        if let Some(kind) = found.and_then(|(_, field)| Kind::named(field.kind.name())) {
            fields.declare(&mention.name, Field::stored(kind));
        }
    }
}

/// Whether the formula is true for this save.
pub fn fires(tx: &Tx<'_>, draft: &Draft<'_>, formula: &Formula) -> bool {
    let needs = formula.needs();
    let own = needs.fields.iter().chain(&needs.prior);
    let record = facts(
        tx,
        draft,
        &draft.after,
        own.chain(&needs.relations).chain(&needs.globals),
    );
    let context = Context::new(&record).at(datetime(tx.now_ms), Tz::UTC);
    let outcome = match draft.before {
        Some(before) => {
            let prior = facts(tx, draft, before, needs.prior.iter());
            formula.outcome(&context.updated(&prior))
        }
        None => formula.outcome(&context.created()),
    };
    match outcome {
        Outcome::Fires => true,
        Outcome::Silent => false,
        Outcome::CannotTell(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            tracing::warn!(
                formula = formula.source(),
                reasons = reasons.join("; "),
                "a validation rule has no answer"
            );
            false
        }
    }
}

fn facts<'r>(
    tx: &Tx<'_>,
    draft: &Draft<'_>,
    row: &Row,
    references: impl Iterator<Item = &'r Reference>,
) -> Record {
    references
        .map(|reference| {
            (
                &*reference.key,
                convert(&read(tx, draft.object, row, &reference.key)),
            )
        })
        .collect()
}

fn read(tx: &Tx<'_>, object: u16, row: &Row, key: &str) -> Value {
    let org = &*tx.org;
    if let Some(global) = key.strip_prefix('$') {
        return self::global(tx, global);
    }
    let mut segments: Vec<&str> = key.split('.').collect();
    let Some(last) = segments.pop() else {
        return Value::Null;
    };
    let (mut object, mut row) = (object, row);
    for segment in segments {
        let described = org.schema.object(object);
        let hop = described.live_fields().find(|(_, field)| {
            field
                .relationship
                .as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(segment))
        });
        let parent = hop
            .and_then(|(slot, _)| org.value(object, row, slot).as_id())
            .and_then(|id| org.live(id));
        let Some((parent_object, parent)) = parent else {
            return Value::Null;
        };
        (object, row) = (parent_object, parent);
    }
    org.value_of(object, row, last)
}

fn global(tx: &Tx<'_>, name: &str) -> Value {
    let org = &*tx.org;
    let (group, field) = name.split_once('.').unwrap_or((name, ""));
    let users = org.number("User");
    let Some(user) = org.table(users).get(tx.access.user) else {
        return Value::Null;
    };
    let of = |id: Option<crate::id::Id>| match id.and_then(|id| org.live(id)) {
        Some((object, row)) => org.value_of(object, row, field),
        None => Value::Null,
    };
    match group {
        "user" => org.value_of(users, user, field),
        "profile" => of(org.value_of(users, user, "ProfileId").as_id()),
        "userrole" => of(org.value_of(users, user, "UserRoleId").as_id()),
        "organization" => of(Some(org.org_id)),
        "permission" => Value::Bool(has_permission(org, tx.access.user, field)),
        "setup" => {
            let (object, field) = field.split_once('.').unwrap_or((field, ""));
            let owners = [
                Some(tx.access.user),
                org.value_of(users, user, "ProfileId").as_id(),
                Some(org.org_id),
            ];
            setting(org, object, field, &owners)
        }
        "custommetadata" => {
            let mut parts = field.splitn(3, '.');
            let mut part = || parts.next().unwrap_or_default();
            metadata(org, part(), part(), part())
        }
        _ => Value::Null,
    }
}

/// A field of a hierarchy custom setting: the first owner's row that fills it.
fn setting(org: &Org, object: &str, field: &str, owners: &[Option<Id>]) -> Value {
    let Some(object) = org.schema.number(object) else {
        return Value::Null;
    };
    for owner in owners.iter().flatten() {
        let filled = rows(org, object)
            .filter(|row| org.value_of(object, row, "SetupOwnerId").as_id() == Some(*owner))
            .map(|row| org.value_of(object, row, field))
            .find(|value| !value.is_null());
        if let Some(value) = filled {
            return value;
        }
    }
    Value::Null
}

/// A field of a custom metadata record.
fn metadata(org: &Org, object: &str, record: &str, field: &str) -> Value {
    let Some(object) = org.schema.number(object) else {
        return Value::Null;
    };
    rows(org, object)
        .find(|row| {
            let name = org.value_of(object, row, "QualifiedApiName");
            name.as_text()
                .is_some_and(|name| name.eq_ignore_ascii_case(record))
        })
        .map_or(Value::Null, |row| org.value_of(object, row, field))
}

/// Whether one of the user's permission sets gives a custom permission.
fn has_permission(org: &Org, user: Id, name: &str) -> bool {
    let permissions = org.number("CustomPermission");
    let assignments = org.number("PermissionSetAssignment");
    let access = org.number("SetupEntityAccess");
    let wanted = rows(org, permissions).find(|row| {
        let known = org.value_of(permissions, row, "DeveloperName");
        known
            .as_text()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    });
    let Some(wanted) = wanted.map(|row| row.id) else {
        return false;
    };
    let sets: Vec<Id> = rows(org, assignments)
        .filter(|row| org.value_of(assignments, row, "AssigneeId").as_id() == Some(user))
        .filter_map(|row| org.value_of(assignments, row, "PermissionSetId").as_id())
        .collect();
    rows(org, access).any(|row| {
        let parent = org.value_of(access, row, "ParentId").as_id();
        org.value_of(access, row, "SetupEntityId").as_id() == Some(wanted)
            && parent.is_some_and(|parent| sets.contains(&parent))
    })
}

fn rows(org: &Org, object: u16) -> impl Iterator<Item = &Row> {
    let table = org.table(object);
    table
        .positions()
        .filter_map(|at| table.at(at))
        .map(|row| &**row)
        .filter(|row| !row.deleted)
}

fn convert(value: &Value) -> formula::Value<'static> {
    match value {
        Value::Null => formula::Value::Null,
        Value::Bool(flag) => formula::Value::Bool(*flag),
        Value::Int(number) => formula::Value::Number((*number).into()),
        Value::Number(number) => formula::Number::parse(&number.to_string())
            .map_or(formula::Value::Null, formula::Value::Number),
        Value::Text(text) => formula::Value::text(text.to_string()),
        // Formulas see the fifteen-character form.
        Value::Id(id) => formula::Value::text(id.short().to_owned()),
        Value::Date(day) => formula::Value::Date(*day),
        Value::DateTime(ms) => formula::Value::DateTime(*ms),
    }
}
