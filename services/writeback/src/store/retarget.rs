//! Changes that are about other records now, because those they named were merged: back on the queue, on the lane of the
//! record that survived.

use chassis::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::changes::{push_lanes, write_json};
use super::reasons_json;
use crate::domain::change::Reason;
use crate::domain::merged::Retargeted;

/// One of them.
#[derive(Debug, Clone)]
pub struct Row {
    /// The change.
    pub id: Uuid,
    /// Its version as last seen; a newer one wins.
    pub version: i64,
    /// All reasons.
    pub reasons: Vec<Reason>,
    /// What it is about now.
    pub to: Retargeted,
}

/// Puts changes back on the queue with their new records; answers (change, set) of those that took.
///
/// # Errors
/// When Postgres fails.
pub async fn write(
    connection: &mut PgConnection,
    workspace: &str,
    rows: &[Row],
) -> Result<Vec<(Uuid, Uuid)>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let records: Vec<String> = rows.iter().map(|row| row.to.record_id.clone()).collect();
    let lanes: Vec<String> = rows.iter().map(|row| row.to.lane.clone()).collect();
    let proposed: Vec<Option<String>> = rows
        .iter()
        .map(|row| row.to.proposed.as_ref().map(write_json))
        .collect();
    let related: Vec<String> = rows.iter().map(|row| row.to.related.join(",")).collect();
    let reasons: Vec<String> = rows.iter().map(|row| reasons_json(&row.reasons)).collect();
    let took = sqlx::query!(
        "with row as (
           select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             as row (id, version, record_id, lane, proposed, related, reasons)),
         journal as (
           update writeback.attempt a set result = 'retargeted', result_at = now()
           from row where a.change_id = row.id and a.result is null)
         update writeback.change c set state = 'approved', version = c.version + 1, changed_at = now(), not_before = now(),
           record_id = row.record_id, lane = row.lane, proposed = coalesce(row.proposed::jsonb, c.proposed),
           piece = coalesce(row.proposed::jsonb, c.piece),
           related = case when row.related = '' then '{}' else string_to_array(row.related, ',') end,
           reasons = row.reasons::jsonb
         from row where c.id = row.id and c.version = row.version
         returning c.id, c.change_set_id, c.lane, c.priority",
        &ids,
        &versions,
        &records,
        &lanes,
        &proposed as &[Option<String>],
        &related,
        &reasons,
    )
    .fetch_all(&mut *connection)
    .await?;
    let pushed: Vec<(String, String, i16)> = took
        .iter()
        .map(|row| (workspace.to_owned(), row.lane.clone(), row.priority))
        .collect();
    push_lanes(connection, pushed).await?;
    Ok(took
        .into_iter()
        .map(|row| (row.id, row.change_set_id))
        .collect())
}
