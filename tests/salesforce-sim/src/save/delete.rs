//! Deleting rows, with the children that go with them.

use std::sync::Arc;

use super::row::editable;
use super::tx::Tx;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::log::Operation;
use crate::store::{Key, Row};
use crate::value::Value;

/// Moves a row and its cascading children to the recycle bin.
///
/// # Errors
/// Missing, already deleted, or not allowed.
pub fn delete(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), SaveErrors> {
    if let Err(error) = may_delete(tx, object, id) {
        let errors = vec![error];
        tx.refused(object, Some(id), Operation::Delete, &[], &errors);
        return Err(errors);
    }
    remove(tx, object, id, false);
    Ok(())
}

fn may_delete(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), ApiError> {
    let row = tx.org.table(object).get(id).cloned();
    let row = row.ok_or_else(|| {
        ApiError::save(
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            &[],
        )
        .with_status(404)
    })?;
    if row.deleted {
        return Err(ApiError::deleted());
    }
    let described = tx.org.schema.object(object);
    if !tx.access.object(object).delete || !described.deletable {
        let message = format!("insufficient access rights on object id: {id}");
        return Err(
            ApiError::save("INSUFFICIENT_ACCESS_OR_READONLY", message, &[]).with_status(403),
        );
    }
    // DELETE ignores conditional headers.
    let options = std::mem::take(&mut tx.options);
    let checked = editable(tx, object, id).map(|_| ());
    tx.options = options;
    checked?;
    let name = tx.org.schema.object(object).name.clone();
    match tx.org.refusals.hit(&name, Some(id), std::iter::empty()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn remove(tx: &mut Tx<'_>, object: u16, id: Id, automatic: bool) {
    let Some(row) = tx
        .org
        .table(object)
        .get(id)
        .filter(|row| !row.deleted)
        .cloned()
    else {
        return;
    };
    let mut gone = Row::clone(&row);
    gone.deleted = true;
    gone.stamp_ms = tx.now_ms.max(gone.stamp_ms);
    gone.modified_ms = tx.now_ms.max(gone.modified_ms);
    gone.modified_by = tx.access.user;
    tx.put(object, gone, Operation::Delete, Vec::new(), automatic);
    if let Some(twin) = twin(tx, object) {
        remove(tx, twin, id, true);
    }
    for (child_object, slot, cascade, child) in children(tx, object, id) {
        if cascade {
            remove(tx, child_object, child.id, true);
        } else {
            let mut orphan = Row::clone(&child);
            orphan.set(slot, Value::Null);
            orphan.stamp_ms = tx.now_ms.max(orphan.stamp_ms);
            tx.put(child_object, orphan, Operation::Update, Vec::new(), true);
        }
    }
}

fn children(tx: &Tx<'_>, object: u16, id: Id) -> Vec<(u16, u16, bool, Arc<Row>)> {
    let mut found = Vec::new();
    let name = &tx.org.schema.object(object).name;
    for (number, described) in tx.org.schema.objects() {
        for (slot, field) in described
            .live_fields()
            .filter(|(_, field)| field.reference_to.contains(name))
        {
            let table = tx.org.table(number);
            for at in table.lookup(slot, &Key::Id(id)).unwrap_or_default() {
                if let Some(row) = table.at(at).filter(|row| !row.deleted) {
                    found.push((number, slot, field.cascade_delete, Arc::clone(row)));
                }
            }
        }
    }
    found
}

/// A note and its document are one thing under one id.
fn twin(tx: &Tx<'_>, object: u16) -> Option<u16> {
    match tx.org.schema.object(object).name.as_str() {
        "ContentNote" => tx.org.schema.number("ContentDocument"),
        "ContentDocument" => tx.org.schema.number("ContentNote"),
        _ => None,
    }
}
