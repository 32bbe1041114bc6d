//! Verification runs and the gate they open.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unreadable;
use crate::domain::rehearsal::FieldResult;

/// What a run was made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// Epoch of the connection.
    pub epoch: i64,
    /// Version of the mapping.
    pub mapping_version: i64,
    /// Permissions and stage controls.
    pub settings_generation: i64,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// UUIDv7.
    pub id: Uuid,
    /// Every rehearsal was accepted.
    pub passed: bool,
    /// Per field.
    pub results: Vec<FieldResult>,
    /// What it was made against.
    pub basis: Basis,
    /// Who started it.
    pub started_by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a run made now would count for.
///
/// # Errors
/// When Postgres fails.
pub async fn basis(scope: &Scope, workspace: &str) -> Result<Option<Basis>, Failure> {
    let row = sqlx::query!(
        "select connection_epoch, mapping_version, settings_generation from writeback.workspace where workspace = $1",
        workspace
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map(|row| Basis {
        epoch: row.connection_epoch,
        mapping_version: row.mapping_version,
        settings_generation: row.settings_generation,
    }))
}

/// Stores a run; a passed one opens the gate for what it was made against, which may be the past already.
///
/// # Errors
/// When Postgres fails.
pub async fn store(
    connection: &mut PgConnection,
    workspace: &str,
    run: &Run,
) -> Result<(), Failure> {
    let results = serde_json::to_string(&run.results).map_err(|_| unreadable("result"))?;
    sqlx::query!(
        "insert into writeback.verification_run (id, workspace, passed, results, connection_epoch, mapping_version,
           settings_generation, started_by, at)
         values ($1, $2, $3, ($4::text)::jsonb, $5, $6, $7, $8, $9)",
        run.id,
        workspace,
        run.passed,
        results,
        run.basis.epoch,
        run.basis.mapping_version,
        run.basis.settings_generation,
        run.started_by,
        run.at,
    )
    .execute(&mut *connection)
    .await?;
    if !run.passed {
        return Ok(());
    }
    sqlx::query!(
        "update writeback.workspace set verified_epoch = $2, verified_mapping_version = $3,
           verified_settings_generation = $4, generation = generation + 1, regate_due_at = now()
         where workspace = $1",
        workspace,
        run.basis.epoch,
        run.basis.mapping_version,
        run.basis.settings_generation,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest run.
///
/// # Errors
/// When Postgres fails.
pub async fn newest(scope: &Scope, workspace: &str) -> Result<Option<Run>, Failure> {
    let row = sqlx::query!(
        r#"select id, passed, results::text as "results!", connection_epoch, mapping_version, settings_generation,
             started_by, at
           from writeback.verification_run where workspace = $1 order by id desc limit 1"#,
        workspace
    )
    .fetch_optional(scope)
    .await?;
    row.map(|row| {
        Ok(Run {
            id: row.id,
            passed: row.passed,
            results: serde_json::from_str(&row.results).map_err(|_| unreadable("result"))?,
            basis: Basis {
                epoch: row.connection_epoch,
                mapping_version: row.mapping_version,
                settings_generation: row.settings_generation,
            },
            started_by: row.started_by,
            at: row.at,
        })
    })
    .transpose()
}

/// Records we proposed to write lately, to be rehearsed when nobody names any: (object, record).
///
/// # Errors
/// When Postgres fails.
pub async fn suggested(
    scope: &Scope,
    workspace: &str,
    objects: &[String],
    records_max: i64,
) -> Result<Vec<(String, String)>, Failure> {
    let rows = sqlx::query!(
        "select object, record_id from (
           select object, record_id, max(id::text) as newest from (
             select object, record_id, id from writeback.change
             where workspace = $1 and object = any($2) and record_id <> '' and action = 'update_field'
             order by id desc limit 500) recent
           group by object, record_id) records
         order by newest desc limit $3",
        workspace,
        objects,
        records_max
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.object, row.record_id))
        .collect())
}
