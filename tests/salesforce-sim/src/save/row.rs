//! Creating and updating one row.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::coerce::{self, Mode, Values};
use super::tx::Tx;
use super::{activity, checks, links, notes, opportunity};
use crate::access::RecordAccess;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::log::Operation;
use crate::store::Row;
use crate::value::Value;
use crate::{duplicates, rules};

/// A row about to be saved.
pub struct Draft<'a> {
    /// Object number.
    pub object: u16,
    /// Version before; `None` for a create.
    pub before: Option<&'a Row>,
    /// Version to be.
    pub after: Row,
    /// Slots the caller sent.
    pub sent: Vec<u16>,
}

impl Draft<'_> {
    /// Whether a slot differs from the version before.
    pub fn changed(&self, slot: u16) -> bool {
        match self.before {
            Some(before) => before.get(slot) != self.after.get(slot),
            None => !self.after.get(slot).is_null(),
        }
    }
}

/// Creates a row.
///
/// # Errors
/// Every reason found, in the platform's order.
pub fn create(tx: &mut Tx<'_>, object: u16, fields: &Map<String, Json>) -> Result<Id, SaveErrors> {
    let described = tx.org.schema.object(object);
    if !tx.access.object(object).create || described.read_only {
        let message = format!("entity type cannot be inserted: {}", described.label);
        let errors = vec![ApiError::save(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            message,
            &[],
        )];
        tx.refused(object, None, Operation::Create, &[], &errors);
        return Err(errors);
    }
    let values = match coerce::body(tx, object, fields, Mode::Create) {
        Ok(values) => values,
        Err(error) => {
            let errors = vec![error];
            tx.refused(object, None, Operation::Create, &[], &errors);
            return Err(errors);
        }
    };
    create_values(tx, object, values, false)
}

/// Creates a row from converted values; `automatic` marks rows the org makes by itself.
pub fn create_values(
    tx: &mut Tx<'_>,
    object: u16,
    values: Values,
    automatic: bool,
) -> Result<Id, SaveErrors> {
    // The id is provisional until every check has passed; numbers of refused creates are not reused, as in reality.
    let prefix = tx.org.schema.object(object).prefix.clone();
    let id = tx.org.table_mut(object).next_id(&prefix);
    let mut after = Row::new(id, tx.access.user, tx.now_ms);
    let sent: Vec<u16> = values.iter().map(|(slot, _)| *slot).collect();
    for (slot, value) in values {
        after.set(slot, value);
    }
    defaults(tx, object, &mut after, &sent);
    let mut draft = Draft {
        object,
        before: None,
        after,
        sent,
    };
    if let Err(errors) = check(tx, &mut draft) {
        tx.refused(object, None, Operation::Create, &draft.sent, &errors);
        return Err(errors);
    }
    let Draft { after, sent, .. } = draft;
    tx.put(object, after, Operation::Create, sent, automatic);
    follow_up(tx, object, id)?;
    Ok(id)
}

/// Updates a row.
///
/// # Errors
/// Every reason found, in the platform's order.
pub fn update(
    tx: &mut Tx<'_>,
    object: u16,
    id: Id,
    fields: &Map<String, Json>,
) -> Result<(), SaveErrors> {
    let before = match editable(tx, object, id) {
        Ok(before) => before,
        Err(error) => {
            let errors = vec![error];
            tx.refused(object, Some(id), Operation::Update, &[], &errors);
            return Err(errors);
        }
    };
    let values = match coerce::body(tx, object, fields, Mode::Update) {
        Ok(values) => values,
        Err(error) => {
            let errors = vec![error];
            tx.refused(object, Some(id), Operation::Update, &[], &errors);
            return Err(errors);
        }
    };
    update_values(tx, object, &before, values)
}

/// Updates a row with converted values.
pub fn update_values(
    tx: &mut Tx<'_>,
    object: u16,
    before: &Arc<Row>,
    values: Values,
) -> Result<(), SaveErrors> {
    let mut after = Row::clone(before);
    let sent: Vec<u16> = values.iter().map(|(slot, _)| *slot).collect();
    for (slot, value) in values {
        after.set(slot, value);
    }
    after.modified_ms = tx.now_ms.max(before.modified_ms);
    after.stamp_ms = tx.now_ms.max(before.stamp_ms);
    after.modified_by = tx.access.user;
    let id = after.id;
    let mut draft = Draft {
        object,
        before: Some(before),
        after,
        sent,
    };
    if let Err(errors) = check(tx, &mut draft) {
        tx.refused(object, Some(id), Operation::Update, &draft.sent, &errors);
        return Err(errors);
    }
    let Draft { after, sent, .. } = draft;
    tx.put(object, after, Operation::Update, sent, false);
    follow_up(tx, object, id)
}

/// The current version of a row the caller may change.
pub fn editable(tx: &Tx<'_>, object: u16, id: Id) -> Result<Arc<Row>, ApiError> {
    let described = tx.org.schema.object(object);
    let no_access = || {
        ApiError::save(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            format!("insufficient access rights on object id: {id}"),
            &[],
        )
        .with_status(403)
    };
    let row = tx.org.table(object).get(id).ok_or_else(|| {
        if id.prefix() == described.prefix {
            ApiError::save(
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
            )
            .with_status(404)
        } else {
            ApiError::save(
                "MALFORMED_ID",
                format!("{} ID: id value of incorrect type: {id}", described.label),
                &["Id"],
            )
        }
    })?;
    if row.deleted {
        return Err(ApiError::deleted());
    }
    match tx.access.record(id) {
        Some(RecordAccess::None) => {
            return Err(ApiError::save(
                "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
                &[],
            )
            .with_status(404));
        }
        Some(RecordAccess::Read) => return Err(no_access()),
        None => {}
    }
    let converted =
        described.name == "Lead" && tx.org.value_of(object, row, "IsConverted").as_bool();
    if converted {
        let message = "cannot reference converted lead";
        return Err(ApiError::save("CANNOT_UPDATE_CONVERTED_LEAD", message, &[]));
    }
    if !tx.access.object(object).edit || described.read_only {
        return Err(no_access());
    }
    if let Some(limit_s) = tx.options.unmodified_since_s
        && row.modified_ms.div_euclid(1000) > limit_s
    {
        return Err(ApiError::bare(
            412,
            "PRECONDITION_FAILED",
            "the record was modified after the given moment",
        ));
    }
    // Strong preconditions exist for Account only (salesforce-api.md 2.6).
    if let Some(expected) = &tx.options.if_match
        && described.name == "Account"
        && *expected != etag(row)
        && expected != "*"
    {
        return Err(ApiError::bare(
            412,
            "PRECONDITION_FAILED",
            "the entity tag does not match",
        ));
    }
    Ok(Arc::clone(row))
}

/// Entity tag of a row version.
pub fn etag(row: &Row) -> String {
    format!("\"{:x}-{}\"", row.stamp_ms, row.id)
}

fn defaults(tx: &Tx<'_>, number: u16, row: &mut Row, sent: &[u16]) {
    let object = tx.org.schema.object(number);
    for (slot, field) in object.live_fields() {
        if field.computed.is_some() || !row.get(slot).is_null() {
            continue;
        }
        let missing = !sent.contains(&slot);
        if field.name == "OwnerId" {
            row.set(slot, Value::Id(tx.access.user));
        } else if let Some(default) = field
            .default_value
            .as_deref()
            .filter(|_| missing || field.defaulted)
        {
            match field.kind {
                crate::schema::FieldType::Boolean => row.set(slot, Value::Bool(default == "true")),
                _ => row.set(slot, Value::text(default)),
            }
        } else if field.name == "RecordTypeId"
            && let Some(kind) = object.default_record_type()
        {
            row.set(slot, Value::Id(kind.id));
        }
    }
}

/// Everything between the values and the write.
fn check(tx: &mut Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let name = tx.org.schema.object(draft.object).name.clone();
    match name.as_str() {
        "Opportunity" => opportunity::derive(tx, draft)?,
        "Task" | "Event" => activity::derive(tx, draft)?,
        "ContentNote" => notes::derive(tx, draft)?,
        "ContentDocumentLink" => links::unique(tx, draft)?,
        _ => {}
    }
    let errors = checks::run(tx, draft);
    if !errors.is_empty() {
        return Err(errors);
    }
    let errors = rules::failures(tx, draft);
    if !errors.is_empty() {
        return Err(errors);
    }
    if let Some(error) = duplicates::check(
        tx.org,
        draft.object,
        &draft.after,
        draft.before,
        tx.options.allow_duplicates,
    ) {
        return Err(vec![error]);
    }
    if tx.org.refusals.is_empty() {
        return Ok(());
    }
    let object = tx.org.schema.object(draft.object);
    let sent: Vec<String> = draft
        .sent
        .iter()
        .map(|slot| object.fields[usize::from(*slot)].name.clone())
        .collect();
    let id = draft.before.map(|before| before.id);
    match tx
        .org
        .refusals
        .hit(&name, id, sent.iter().map(String::as_str))
    {
        Some(error) => Err(vec![error]),
        None => Ok(()),
    }
}

fn follow_up(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), SaveErrors> {
    match tx.org.schema.object(object).name.as_str() {
        "ContentNote" => notes::after(tx, object, id),
        "Opportunity" => opportunity::after(tx, object, id),
        "Task" | "Event" => activity::after(tx, object, id),
        "OpportunityContactRole" => {
            links::after_role(tx, object, id);
            Ok(())
        }
        _ => Ok(()),
    }
}
