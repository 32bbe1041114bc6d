//! What older revisions of a meeting left in Salesforce: the records they created, and what they added to a field.

use std::collections::{BTreeMap, HashMap};

use chassis::{Failure, Scope};

use super::unreadable;
use crate::domain::overwrite::Provenance;
use crate::domain::plan::Created;
use crate::domain::value::{FieldValue, fields_from_json};

/// Records older revisions created, by key, with what we last wrote into their fields. What is still on its way is left
/// to the executor, which waits for it.
///
/// # Errors
/// When Postgres fails.
pub async fn created(
    scope: &Scope,
    workspaces: &[String],
    keys: &[String],
) -> Result<BTreeMap<String, Created>, Failure> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"select c.creation_key, c.record_id, c.meeting_at, c.changed_at,
             (coalesce(c.proposed, '{}') || coalesce(c.observed, '{}') || coalesce((
               select jsonb_object_agg(p.field, p.value) from writeback.provenance p
               where p.workspace = c.workspace and p.record_id = c.record_id), '{}'))::text as "fields!"
           from writeback.change c
           where c.workspace = any($1) and c.creation_key = any($2) and c.creation_key <> ''
             and c.state = 'applied' and c.record_id <> ''"#,
        workspaces,
        keys
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            let created = Created {
                record_id: row.record_id,
                fields: fields_from_json(&row.fields).map_err(|_| unreadable("value"))?,
                meeting_at: row.meeting_at,
                written_at: row.changed_at,
            };
            Ok((row.creation_key, created))
        })
        .collect()
}

/// What we left in a record an older revision created, field by field.
#[must_use]
pub fn provenance(created: &Created) -> Vec<(String, String, Provenance)> {
    created
        .fields
        .iter()
        .map(|(field, value)| {
            let ours = Provenance {
                value: value.clone(),
                written_at: created.written_at,
                meeting_at: created.meeting_at,
            };
            (created.record_id.clone(), field.clone(), ours)
        })
        .collect()
}

/// A meeting of a workspace, a record, a field.
pub type Place = (String, String, String, String);

/// What older revisions of meetings added to fields that keep what was there: our piece alone, the newest.
///
/// # Errors
/// When Postgres fails.
pub async fn pieces(
    scope: &Scope,
    workspaces: &[String],
    meetings: &[String],
) -> Result<HashMap<Place, String>, Failure> {
    if meetings.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select workspace, meeting_id, record_id, field, piece::text as "piece!" from writeback.change
           where workspace = any($1) and meeting_id = any($2) and state = 'applied' and action = 'update_field'
             and overwrite in ('append', 'prepend') and undoes is null and piece is not null order by id"#,
        workspaces,
        meetings
    )
    .fetch_all(scope)
    .await?;
    let mut pieces = HashMap::new();
    for row in rows {
        if let Ok(FieldValue::Text(piece)) = FieldValue::from_json(&row.piece) {
            let place = (row.workspace, row.meeting_id, row.record_id, row.field);
            pieces.insert(place, piece);
        }
    }
    Ok(pieces)
}
