//! What we last wrote into a field, as it was read back.

use std::collections::HashMap;

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;
use crate::domain::compare::same;
use crate::domain::overwrite::Provenance;
use crate::domain::value::FieldValue;

/// What we wrote, or are writing, by record and field.
#[derive(Debug, Default)]
pub struct Known(HashMap<(String, String), Vec<Provenance>>);

impl Known {
    /// What we wrote into a field: the write that left the present value, else the newest.
    #[must_use]
    pub fn of(&self, record_id: &str, field: &str, present: &FieldValue) -> Option<&Provenance> {
        let all = self.0.get(&(record_id.to_owned(), field.to_owned()))?;
        all.iter()
            .find(|written| same(&written.value, present))
            .or_else(|| all.first())
    }
}

impl Known {
    /// Adds what a record holds because we created it.
    pub fn add(&mut self, written: Vec<(String, String, Provenance)>) {
        for (record_id, field, ours) in written {
            self.0.entry((record_id, field)).or_default().push(ours);
        }
    }

    /// Adds what another look found.
    pub fn merge(&mut self, other: Self) {
        for (field, written) in other.0 {
            self.0.entry(field).or_default().extend(written);
        }
    }
}

/// Everything we wrote into these records, and what is on its way there.
///
/// Asked after the records were read: a write of ours that the read saw had its intent stored before, so it is found
/// here as provenance or, while its result is not stored yet, as an executing change. Asked before, our own value could
/// look like a stranger's.
///
/// # Errors
/// When Postgres fails.
pub async fn of_records(
    scope: &Scope,
    workspace: &str,
    record_ids: &[String],
) -> Result<Known, Failure> {
    if record_ids.is_empty() {
        return Ok(Known::default());
    }
    let rows = sqlx::query!(
        r#"select record_id as "record_id!", field as "field!", value::text as "value!", written_at as "written_at!",
             meeting_at as "meeting_at!" from (
             select 0 as place, record_id, field, value, written_at, meeting_at from writeback.provenance
             where workspace = $1 and record_id = any($2)
             union all
             select 1, record_id, field, proposed, coalesce(intent_at, changed_at), meeting_at from writeback.change
             where workspace = $1 and state in ('executing', 'uncertain') and action = 'update_field'
               and record_id = any($2) and proposed is not null) written
           order by place"#,
        workspace,
        record_ids
    )
    .fetch_all(scope)
    .await?;
    let mut known = Known::default();
    for row in rows {
        let value = FieldValue::from_json(&row.value).map_err(|_| unreadable("value"))?;
        known
            .0
            .entry((row.record_id, row.field))
            .or_default()
            .push(Provenance {
                value,
                written_at: row.written_at,
                meeting_at: row.meeting_at,
            });
    }
    Ok(known)
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

/// Forgets that fields are ours: what is there now was there before us.
///
/// # Errors
/// When Postgres fails.
pub async fn forget(
    connection: &mut PgConnection,
    workspace: &str,
    fields: &[(String, String)],
) -> Result<(), Failure> {
    if fields.is_empty() {
        return Ok(());
    }
    let records: Vec<String> = fields.iter().map(|(record, _)| record.clone()).collect();
    let names: Vec<String> = fields.iter().map(|(_, field)| field.clone()).collect();
    sqlx::query!(
        "delete from writeback.provenance p using unnest($2::text[], $3::text[]) as row (record_id, field)
         where p.workspace = $1 and p.record_id = row.record_id and p.field = row.field",
        workspace,
        &records,
        &names
    )
    .execute(connection)
    .await?;
    Ok(())
}
