//! What we last wrote into a field, as it was read back.

use std::collections::HashMap;

use chassis::Failure;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::unreadable;
use crate::domain::overwrite::Provenance;
use crate::domain::value::FieldValue;

/// Provenance by (record, field).
pub type Known = HashMap<(String, String), Provenance>;

/// Everything we wrote into these records.
///
/// # Errors
/// When Postgres fails.
pub async fn of_records(
    pool: &PgPool,
    workspace: &str,
    record_ids: &[String],
) -> Result<Known, Failure> {
    if record_ids.is_empty() {
        return Ok(Known::new());
    }
    let rows = sqlx::query!(
        r#"select record_id, field, value::text as "value!", written_at, meeting_at from writeback.provenance
           where workspace = $1 and record_id = any($2)"#,
        workspace,
        record_ids
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let value = FieldValue::from_json(&row.value).map_err(|_| unreadable("value"))?;
            let provenance = Provenance {
                value,
                written_at: row.written_at,
                meeting_at: row.meeting_at,
            };
            Ok(((row.record_id, row.field), provenance))
        })
        .collect()
}

/// One field we wrote.
#[derive(Debug, Clone)]
pub struct Written {
    /// sObject.
    pub object: String,
    /// The record.
    pub record_id: String,
    /// The field.
    pub field: String,
    /// As read back, else as sent.
    pub value: FieldValue,
    /// The change that wrote it.
    pub change_id: Uuid,
    /// When its meeting began.
    pub meeting_at: DateTime<Utc>,
}

/// Remembers what was written.
///
/// # Errors
/// When Postgres fails.
pub async fn remember(
    connection: &mut PgConnection,
    workspace: &str,
    mut written: Vec<Written>,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    // One order everywhere, so that two replicas never wait for each other; the last of one field wins.
    written.reverse();
    written.sort_by(|a, b| (&a.record_id, &a.field).cmp(&(&b.record_id, &b.field)));
    written
        .dedup_by(|later, first| later.record_id == first.record_id && later.field == first.field);
    if written.is_empty() {
        return Ok(());
    }
    let objects: Vec<String> = written.iter().map(|row| row.object.clone()).collect();
    let records: Vec<String> = written.iter().map(|row| row.record_id.clone()).collect();
    let fields: Vec<String> = written.iter().map(|row| row.field.clone()).collect();
    let values: Vec<String> = written.iter().map(|row| row.value.to_json()).collect();
    let changes: Vec<Uuid> = written.iter().map(|row| row.change_id).collect();
    let meetings: Vec<DateTime<Utc>> = written.iter().map(|row| row.meeting_at).collect();
    sqlx::query!(
        "insert into writeback.provenance (workspace, object, record_id, field, value, change_id, written_at, meeting_at)
         select $1, object, record_id, field, value::jsonb, change_id, $7, meeting_at
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $8::timestamptz[])
           as row (object, record_id, field, value, change_id, meeting_at)
         on conflict (workspace, record_id, field)
         do update set value = excluded.value, change_id = excluded.change_id, written_at = excluded.written_at,
           meeting_at = excluded.meeting_at",
        workspace,
        &objects,
        &records,
        &fields,
        &values,
        &changes,
        at,
        &meetings,
    )
    .execute(connection)
    .await?;
    Ok(())
}
