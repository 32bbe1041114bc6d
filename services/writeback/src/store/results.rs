//! What came of changes in the executor's hands: written back with one statement.

use chassis::Failure;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::changes::write_json;
use super::reasons_json;
use crate::domain::change::{Isolation, Reason, State, Write};
use crate::domain::risk;
use crate::domain::value::FieldValue;

/// The result of a creation that an earlier change had made: the key stays with the one that made it.
pub const ALREADY_CREATED: &str = "already_created";

/// A change's new standing.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The change.
    pub id: Uuid,
    /// Its version as last seen; a newer one wins.
    pub version: i64,
    /// Where it stands now.
    pub state: State,
    /// The record, when it is known now.
    pub record_id: String,
    /// All reasons.
    pub reasons: Vec<Reason>,
    /// What was read back; a record's fields for creations.
    pub observed: Option<Write>,
    /// Baseline to judge by from now on; `None` keeps it.
    pub baseline: Option<FieldValue>,
    /// Not before this.
    pub not_before: DateTime<Utc>,
    /// How far it is kept from its neighbours.
    pub isolation: Isolation,
    /// Tries used up.
    pub attempts: u32,
    /// Gated again by itself when the workspace changes; only of what is held.
    pub regate: bool,
    /// What the journal says of the newest attempt.
    pub result: &'static str,
    /// Why Salesforce refused; empty otherwise.
    pub cause: String,
    /// What the schema says of that.
    pub cause_print: String,
}

/// Writes standings; answers (change, set) of those that took.
///
/// # Errors
/// When Postgres fails.
pub async fn write(
    connection: &mut PgConnection,
    standings: &[Standing],
) -> Result<Vec<(Uuid, Uuid)>, Failure> {
    if standings.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = standings.iter().map(|row| row.id).collect();
    let versions: Vec<i64> = standings.iter().map(|row| row.version).collect();
    let states: Vec<String> = standings
        .iter()
        .map(|row| row.state.as_str().to_owned())
        .collect();
    let records: Vec<String> = standings.iter().map(|row| row.record_id.clone()).collect();
    let reasons: Vec<String> = standings
        .iter()
        .map(|row| reasons_json(&row.reasons))
        .collect();
    let observed: Vec<Option<String>> = standings
        .iter()
        .map(|row| row.observed.as_ref().map(write_json))
        .collect();
    let baselines: Vec<Option<String>> = standings
        .iter()
        .map(|row| row.baseline.as_ref().map(FieldValue::to_json))
        .collect();
    let not_before: Vec<DateTime<Utc>> = standings.iter().map(|row| row.not_before).collect();
    let isolations: Vec<i16> = standings.iter().map(|row| row.isolation.number()).collect();
    let attempts: Vec<i32> = standings
        .iter()
        .map(|row| i32::try_from(row.attempts).unwrap_or(i32::MAX))
        .collect();
    let risks: Vec<i16> = standings
        .iter()
        .map(|row| risk::of_reasons(&row.reasons).score())
        .collect();
    let causes: Vec<String> = standings.iter().map(|row| row.cause.clone()).collect();
    let prints: Vec<String> = standings
        .iter()
        .map(|row| row.cause_print.clone())
        .collect();
    let regates: Vec<bool> = standings.iter().map(|row| row.regate).collect();
    let results: Vec<String> = standings.iter().map(|row| row.result.to_owned()).collect();
    let rows = sqlx::query!(
        r#"with row as (
             select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
               $8::timestamptz[], $9::smallint[], $10::integer[], $11::text[], $12::boolean[], $13::smallint[],
               $14::text[], $15::text[])
               as row (id, version, state, record_id, reasons, observed, baseline, not_before, isolation, attempts, result,
                 regate, risk, cause, cause_print)),
           journal as (
             update writeback.attempt a set result = row.result, result_at = now()
             from row where a.change_id = row.id and a.result is null)
           update writeback.change c set state = row.state, version = c.version + 1, regate = row.regate,
             record_id = case when row.record_id = '' then c.record_id else row.record_id end,
             reasons = row.reasons::jsonb, observed = coalesce(row.observed::jsonb, c.observed),
             baseline = coalesce(row.baseline::jsonb, c.baseline), not_before = row.not_before,
             isolation = row.isolation, attempts = row.attempts, changed_at = now(),
             risk = c.risk | row.risk, cause = row.cause, cause_print = row.cause_print,
             creation_key = case when row.result = 'already_created' then '' else c.creation_key end,
             -- Back in review it is nobody's decision any more.
             decided_by = case when row.state = 'held' then '' else c.decided_by end
           from row where c.id = row.id and c.version = row.version
           returning c.id, c.change_set_id"#,
        &ids,
        &versions,
        &states,
        &records,
        &reasons,
        &observed as &[Option<String>],
        &baselines as &[Option<String>],
        &not_before,
        &isolations,
        &attempts,
        &results,
        &regates,
        &risks,
        &causes,
        &prints,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.change_set_id))
        .collect())
}
