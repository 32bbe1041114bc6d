//! Enhanced notes: a ContentNote row has a ContentDocument behind it with the same id.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::row::Draft;
use super::tx::Tx;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::log::Operation;
use crate::store::Row;
use crate::value::Value;

/// Longest note body, in bytes of base64.
const CONTENT_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Characters of the preview.
const PREVIEW_CHARS: usize = 255;

/// Checks the body and derives preview and size.
pub fn derive(tx: &Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let Some(content) = object.slot("Content") else {
        return Ok(());
    };
    let Some(text) = draft.after.get(content).as_text() else {
        return Ok(());
    };
    let refuse = |message: &str| {
        Err(vec![ApiError::save(
            "INVALID_BASE64",
            message,
            &["Content"],
        )])
    };
    if text.len() > CONTENT_BYTES_MAX {
        return refuse("Content: note is larger than 50 MB");
    }
    let Ok(bytes) = STANDARD.decode(text.as_bytes()) else {
        return refuse("Content: not valid base64");
    };
    let Ok(html) = String::from_utf8(bytes) else {
        return refuse("Content: not valid UTF-8");
    };
    let preview: String = strip_tags(&html).chars().take(PREVIEW_CHARS).collect();
    for (name, value) in [
        ("TextPreview", Value::text(preview.trim_end())),
        ("ContentSize", Value::Int(html.len() as i64)),
        ("FileType", Value::text("SNOTE")),
        ("FileExtension", Value::text("snote")),
    ] {
        if let Some(slot) = object.slot(name) {
            draft.after.set(slot, value);
        }
    }
    Ok(())
}

fn strip_tags(html: &str) -> String {
    let mut inside = false;
    let visible = html.chars().filter(|character| {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                return false;
            }
            _ => {}
        }
        !inside
    });
    visible.collect()
}

/// Creates or updates the document, and adds a version of it.
pub fn after(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), SaveErrors> {
    let Some(note) = tx.org.table(object).get(id).cloned() else {
        return Ok(());
    };
    let documents = tx.org.number("ContentDocument");
    let versions = tx.org.number("ContentVersion");
    let version_id = tx.org.table_mut(versions).next_id("068");
    let existing = tx.org.table(documents).get(id).cloned();
    let operation = if existing.is_some() {
        Operation::Update
    } else {
        Operation::Create
    };
    let mut document = existing.map_or_else(
        || Row::new(id, tx.access.user, tx.now_ms),
        |row| Row::clone(&row),
    );
    document.modified_ms = tx.now_ms;
    document.stamp_ms = tx.now_ms;
    let mut version = Row::new(version_id, tx.access.user, tx.now_ms);
    for name in [
        "Title",
        "FileType",
        "FileExtension",
        "ContentSize",
        "OwnerId",
    ] {
        let value = tx.org.value_of(object, &note, name);
        for (number, row) in [(documents, &mut document), (versions, &mut version)] {
            if let Some(slot) = tx.org.schema.object(number).slot(name) {
                row.set(slot, value.clone());
            }
        }
    }
    let set = |tx: &Tx<'_>, number: u16, row: &mut Row, name: &str, value: Value| {
        if let Some(slot) = tx.org.schema.object(number).slot(name) {
            row.set(slot, value);
        }
    };
    set(
        tx,
        documents,
        &mut document,
        "LatestPublishedVersionId",
        Value::Id(version_id),
    );
    set(
        tx,
        versions,
        &mut version,
        "ContentDocumentId",
        Value::Id(id),
    );
    set(tx, versions, &mut version, "IsLatest", Value::Bool(true));
    set(
        tx,
        versions,
        &mut version,
        "VersionNumber",
        Value::text(&(version_number(tx, versions, id) + 1).to_string()),
    );
    tx.put(documents, document, operation, Vec::new(), true);
    tx.put(versions, version, Operation::Create, Vec::new(), true);
    Ok(())
}

/// Versions a document has.
fn version_number(tx: &Tx<'_>, versions: u16, document: Id) -> usize {
    let slot = tx.org.schema.object(versions).slot("ContentDocumentId");
    let key = crate::store::Key::Id(document);
    slot.and_then(|slot| tx.org.table(versions).lookup(slot, &key))
        .map_or(0, |found| found.len())
}
