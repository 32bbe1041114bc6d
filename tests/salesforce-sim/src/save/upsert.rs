//! Upsert by external id.

use serde_json::{Map, Value as Json};

use super::tx::{Tx, View};
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::schema::{Computed, FieldType};
use crate::store::Key;
use crate::value::Value;

/// What an upsert did.
#[derive(Debug, PartialEq)]
pub enum Upserted {
    /// A row was created.
    Created(Id),
    /// A row was changed.
    Updated(Id),
    /// Several rows carry the key; nothing was done.
    Several(Vec<Id>),
}

/// The slot of an external id field the caller may use as a key.
///
/// # Errors
/// `NOT_FOUND` in the platform's words.
pub fn key_slot(view: &View<'_>, object: u16, name: &str) -> Result<u16, ApiError> {
    let described = view.org.schema.object(object);
    let usable = described.slot(name).filter(|slot| {
        let field = &described.fields[usize::from(*slot)];
        (field.external_id || field.id_lookup) && view.access.field(object, *slot, field).read
    });
    usable.ok_or_else(|| {
        ApiError::bare(
            404,
            "NOT_FOUND",
            format!("Provided external ID field does not exist or is not accessible: {name}"),
        )
    })
}

/// Rows whose key field holds `value`.
pub fn find(view: &View<'_>, object: u16, slot: u16, value: &str) -> Vec<Id> {
    let field = &view.org.schema.object(object).fields[usize::from(slot)];
    let table = view.org.table(object);
    if field.computed == Some(Computed::Id) {
        return Id::parse(value)
            .filter(|id| table.get(*id).is_some_and(|row| !row.deleted))
            .into_iter()
            .collect();
    }
    let key = match field.kind {
        FieldType::Double | FieldType::Int => value.parse().ok().map(Key::Number),
        _ => Key::of(&Value::text(value)),
    };
    let Some(key) = key else { return Vec::new() };
    let positions = table
        .lookup(slot, &key)
        .unwrap_or_else(|| table.positions().collect());
    let matching = positions.into_iter().filter_map(|at| table.at(at));
    let mut ids: Vec<Id> = matching
        .filter(|row| !row.deleted && Key::of(row.get(slot)).as_ref() == Some(&key))
        .map(|row| row.id)
        .collect();
    ids.sort_unstable();
    ids
}

/// Creates or updates the row with this key.
///
/// # Errors
/// As create and update.
pub fn upsert(
    tx: &mut Tx<'_>,
    object: u16,
    slot: u16,
    value: &str,
    fields: &Map<String, Json>,
    update_only: bool,
) -> Result<Upserted, SaveErrors> {
    let (name, is_id) = {
        let field = &tx.org.schema.object(object).fields[usize::from(slot)];
        (field.name.clone(), field.computed == Some(Computed::Id))
    };
    let mut fields = fields.clone();
    // The key travels in the address; repeating it in the body changes nothing.
    fields.retain(|key, _| !key.eq_ignore_ascii_case(&name));
    let found = if value.is_empty() {
        Vec::new()
    } else {
        find(&tx.view(), object, slot, value)
    };
    match found.as_slice() {
        [] if update_only || (is_id && !value.is_empty()) => Err(vec![
            ApiError::save("NOT_FOUND", "The requested resource does not exist", &[])
                .with_status(404),
        ]),
        [] => {
            if !is_id {
                fields.insert(name, Json::from(value));
            }
            super::create(tx, object, &fields).map(Upserted::Created)
        }
        [id] => super::update(tx, object, *id, &fields).map(|()| Upserted::Updated(*id)),
        several => Ok(Upserted::Several(several.to_vec())),
    }
}
