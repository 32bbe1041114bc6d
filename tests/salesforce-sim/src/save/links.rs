//! Junctions between records: note links, of which there is one per pair, and contact roles, of which
//! one per opportunity is primary.

use super::row::Draft;
use super::tx::Tx;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::log::Operation;
use crate::store::{Key, Row};
use crate::value::Value;

/// Refuses a second link between the same note and record.
pub fn unique(tx: &Tx<'_>, draft: &Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let slots = object
        .slot("ContentDocumentId")
        .zip(object.slot("LinkedEntityId"));
    let (Some((document, entity)), None) = (slots, draft.before) else {
        return Ok(());
    };
    let (document_id, entity_id) = (draft.after.get(document), draft.after.get(entity));
    let (Value::Id(document_id), Value::Id(entity_id)) = (document_id, entity_id) else {
        return Ok(());
    };
    let table = tx.org.table(draft.object);
    let links = table
        .lookup(document, &Key::Id(*document_id))
        .unwrap_or_default();
    let known = links
        .into_iter()
        .filter_map(|at| table.at(at))
        .any(|row| !row.deleted && row.get(entity).as_id() == Some(*entity_id));
    if !known {
        return Ok(());
    }
    let message = format!(
        "Document with ID: {document_id} is already linked with the entity with ID: {entity_id}"
    );
    Err(vec![ApiError::save(
        "DUPLICATE_VALUE",
        message,
        &["LinkedEntityId"],
    )])
}

/// A new primary role takes the place of the old one.
pub fn after_role(tx: &mut Tx<'_>, object: u16, id: Id) {
    let described = tx.org.schema.object(object);
    let slots = described
        .slot("OpportunityId")
        .zip(described.slot("IsPrimary"));
    let (Some((opportunity, primary)), Some(role)) = (slots, tx.org.table(object).get(id).cloned())
    else {
        return;
    };
    let (true, Value::Id(deal)) = (role.get(primary).as_bool(), role.get(opportunity)) else {
        return;
    };
    let table = tx.org.table(object);
    let others: Vec<Row> = table
        .lookup(opportunity, &Key::Id(*deal))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|at| table.at(at))
        .filter(|row| row.id != id && !row.deleted && row.get(primary).as_bool())
        .map(|row| Row::clone(row))
        .collect();
    for mut other in others {
        other.set(primary, Value::Bool(false));
        other.stamp_ms = tx.now_ms.max(other.stamp_ms);
        tx.put(object, other, Operation::Update, Vec::new(), true);
    }
}
