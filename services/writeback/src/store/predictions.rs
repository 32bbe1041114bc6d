//! How predictions of validation rules fared, and the wrong ones, kept for a limited time and number.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::prediction::Predicted;
use crate::domain::prediction::score::{Score, Source};
use crate::domain::value::fields_to_json;

/// Wrong predictions kept of one workspace.
const WRONG_KEPT_MAX: i64 = 500;

/// Adds a batch's counts and wrong predictions; the oldest of too many go.
///
/// # Errors
/// When Postgres fails.
pub async fn add(
    connection: &mut PgConnection,
    workspace: &str,
    score: &Score,
    source: Source,
) -> Result<(), Failure> {
    if score.counts.is_empty() {
        return Ok(());
    }
    let mut objects = Vec::new();
    let mut rules = Vec::new();
    let mut columns: [Vec<i64>; 5] = Default::default();
    // In the map's order, so that two batches never wait for each other in a circle.
    for ((object, rule), counts) in &score.counts {
        objects.push(object.clone());
        rules.push(rule.clone());
        for (column, count) in columns.iter_mut().zip(counts) {
            column.push(i64::try_from(*count).unwrap_or(i64::MAX));
        }
    }
    let [
        agreed,
        false_alarms,
        missed,
        unknown_refused,
        unknown_accepted,
    ] = columns;
    sqlx::query!(
        "insert into writeback.prediction_score as s (workspace, object, rule, agreed, false_alarms, missed,
           unknown_refused, unknown_accepted)
         select $1, object, rule, agreed, false_alarms, missed, unknown_refused, unknown_accepted
         from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
           as row (object, rule, agreed, false_alarms, missed, unknown_refused, unknown_accepted)
         on conflict (workspace, object, rule) do update set agreed = s.agreed + excluded.agreed,
           false_alarms = s.false_alarms + excluded.false_alarms, missed = s.missed + excluded.missed,
           unknown_refused = s.unknown_refused + excluded.unknown_refused,
           unknown_accepted = s.unknown_accepted + excluded.unknown_accepted, changed_at = now()",
        workspace,
        &objects,
        &rules,
        &agreed,
        &false_alarms,
        &missed,
        &unknown_refused,
        &unknown_accepted,
    )
    .execute(&mut *connection)
    .await?;
    for wrong in &score.wrong {
        let (predicted, answered) = match wrong.predicted {
            Predicted::Fires => ("fires", "accepted"),
            Predicted::Silent | Predicted::CannotTell => ("silent", "refused"),
        };
        sqlx::query!(
            "insert into writeback.prediction_disagreement (workspace, object, record_id, rule, formula, predicted,
               answered, source, change_ids, before, changed)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, ($10::text)::jsonb, ($11::text)::jsonb)",
            workspace,
            wrong.object,
            wrong.record_id,
            wrong.rule,
            wrong.formula,
            predicted,
            answered,
            source.as_str(),
            &wrong.change_ids,
            fields_to_json(&wrong.before),
            fields_to_json(&wrong.changed),
        )
        .execute(&mut *connection)
        .await?;
    }
    if !score.wrong.is_empty() {
        sqlx::query!(
            "delete from writeback.prediction_disagreement where workspace = $1 and id <= (
               select id from writeback.prediction_disagreement where workspace = $1 order by id desc offset $2 limit 1)",
            workspace,
            WRONG_KEPT_MAX
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// How the predictions of one rule fared.
#[derive(Debug, Clone)]
pub struct RuleScore {
    /// sObject.
    pub object: String,
    /// The rule; empty for all that were rightly silent.
    pub rule: String,
    /// As predicted.
    pub agreed: i64,
    /// Predicted to refuse, and did not.
    pub false_alarms: i64,
    /// Predicted to let through, and refused.
    pub missed: i64,
    /// Not predicted, and refused.
    pub unknown_refused: i64,
    /// Not predicted, and let through.
    pub unknown_accepted: i64,
}

/// Scores by rule.
///
/// # Errors
/// When Postgres fails.
pub async fn scores(
    scope: &Scope,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<RuleScore>, Failure> {
    Ok(sqlx::query_as!(
        RuleScore,
        "select object, rule, agreed, false_alarms, missed, unknown_refused, unknown_accepted
         from writeback.prediction_score where workspace = $1
         order by false_alarms + missed desc, object, rule limit $2",
        workspace,
        rows_max
    )
    .fetch_all(scope)
    .await?)
}

/// A wrong prediction as stored.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Grows.
    pub id: i64,
    /// sObject.
    pub object: String,
    /// The record.
    pub record_id: String,
    /// The rule.
    pub rule: String,
    /// As it was.
    pub formula: String,
    /// What was predicted.
    pub predicted: String,
    /// What came.
    pub answered: String,
    /// Of a write or a rehearsal.
    pub source: String,
    /// The changes.
    pub change_ids: Vec<Uuid>,
    /// JSON.
    pub before: String,
    /// JSON.
    pub changed: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Wrong predictions, newest first, before an id.
///
/// # Errors
/// When Postgres fails.
pub async fn wrong(
    scope: &Scope,
    workspace: &str,
    before: i64,
    rows_max: i64,
) -> Result<Vec<Kept>, Failure> {
    Ok(sqlx::query_as!(
        Kept,
        r#"select id, object, record_id, rule, formula, predicted, answered, source, change_ids,
             before::text as "before!", changed::text as "changed!", at
           from writeback.prediction_disagreement where workspace = $1 and id < $2 order by id desc limit $3"#,
        workspace,
        before,
        rows_max
    )
    .fetch_all(scope)
    .await?)
}

/// Forgets wrong predictions older than so many days, of every workspace; answers how many.
///
/// # Errors
/// When Postgres fails.
pub async fn forget(scope: &Scope, days: i32) -> Result<u64, Failure> {
    let done = sqlx::query!(
        "delete from writeback.prediction_disagreement where at < now() - make_interval(days => $1)",
        days
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected())
}
