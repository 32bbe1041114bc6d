//! Writes what a workspace is set to: connection, schema, mapping, permissions, stage controls, the live switch.
//! Every change bumps the generation and has the waiting changes gated again.

use chassis::Failure;
use events::crm;
use prost::Message;
use sqlx::PgConnection;

use crate::domain::settings::{Mode, StageControl};
use crate::wire;

/// Takes a connection's state; false when an equal or newer generation was there.
///
/// # Errors
/// When Postgres fails.
pub async fn connection(
    connection: &mut PgConnection,
    sent: &crm::v1::Connection,
) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update writeback.workspace set connection_generation = $2, connection_state = $3, connection_detail = $4,
           connection_epoch = $5, organization_id = $6, user_id = $7, generation = generation + 1, regate_due_at = now()
         where workspace = $1 and connection_generation < $2",
        sent.workspace,
        i64::try_from(sent.generation).unwrap_or(i64::MAX),
        wire::connection_state(sent.state()),
        sent.detail,
        i64::try_from(sent.epoch).unwrap_or(i64::MAX),
        sent.organization_id,
        sent.user_id,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes one part of one object's schema; true when the object's version became complete with it.
///
/// # Errors
/// When Postgres fails.
pub async fn schema_part(
    connection: &mut PgConnection,
    sent: &crm::v1::SchemaChanged,
) -> Result<bool, Failure> {
    let object = sent.object.clone().unwrap_or_default();
    let version = i64::try_from(sent.version).unwrap_or(i64::MAX);
    let parts = i32::try_from(sent.parts.max(1)).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into writeback.schema_part (workspace, object, version, part, parts, removed, payload)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        sent.workspace,
        object.name,
        version,
        i32::try_from(sent.part.max(1)).unwrap_or(i32::MAX),
        parts,
        sent.removed,
        object.encode_to_vec(),
    )
    .execute(&mut *connection)
    .await?;
    let complete = sqlx::query_scalar!(
        r#"select count(*) = max(parts) as "complete!" from writeback.schema_part
           where workspace = $1 and object = $2 and version = $3"#,
        sent.workspace,
        object.name,
        version
    )
    .fetch_one(&mut *connection)
    .await?;
    if !complete {
        return Ok(false);
    }
    // What came before a complete version is never read again.
    sqlx::query!(
        "delete from writeback.schema_part where workspace = $1 and object = $2 and version < $3",
        sent.workspace,
        object.name,
        version
    )
    .execute(&mut *connection)
    .await?;
    moved(connection, &sent.workspace).await?;
    Ok(true)
}

/// Takes a published mapping; false when an equal or newer one was there.
///
/// # Errors
/// When Postgres fails.
pub async fn mapping(
    connection: &mut PgConnection,
    sent: &crm::v1::Mapping,
) -> Result<bool, Failure> {
    let version = i64::try_from(sent.version).unwrap_or(i64::MAX);
    let revision = i64::try_from(sent.revision).unwrap_or(i64::MAX);
    let newer = sqlx::query!(
        "update writeback.workspace set mapping_version = $2, mapping_revision = $3, generation = generation + 1,
           regate_due_at = now()
         where workspace = $1 and (mapping_version, mapping_revision) < ($2, $3)",
        sent.workspace,
        version,
        revision,
    )
    .execute(&mut *connection)
    .await?;
    if newer.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into writeback.mapping (workspace, version, revision, payload) values ($1, $2, $3, $4)
         on conflict (workspace, version) do update set revision = excluded.revision, payload = excluded.payload",
        sent.workspace,
        version,
        revision,
        sent.encode_to_vec(),
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// Says that something the gates look at moved.
///
/// # Errors
/// When Postgres fails.
pub async fn moved(connection: &mut PgConnection, workspace: &str) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.workspace set generation = generation + 1, regate_due_at = now() where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Says that permissions or stage controls moved: a verification of before no longer counts.
///
/// # Errors
/// When Postgres fails.
pub async fn settings_moved(connection: &mut PgConnection, workspace: &str) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.workspace set generation = generation + 1, settings_generation = settings_generation + 1,
           regate_due_at = now() where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets one permission.
///
/// # Errors
/// When Postgres fails.
pub async fn set_permission(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    field: &str,
    mode: Mode,
    create_mode: Mode,
) -> Result<(), Failure> {
    sqlx::query!(
        "insert into writeback.property_permission (workspace, object, field, mode, create_mode)
         values ($1, $2, $3, $4, $5)
         on conflict (workspace, object, field) do update set mode = excluded.mode, create_mode = excluded.create_mode",
        workspace,
        object,
        field,
        mode.as_str(),
        create_mode.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the stage controls.
///
/// # Errors
/// When Postgres fails.
pub async fn set_stage_controls(
    connection: &mut PgConnection,
    workspace: &str,
    controls: &[(String, StageControl)],
    pipelines: &[String],
) -> Result<(), Failure> {
    sqlx::query!(
        "delete from writeback.stage_control where workspace = $1",
        workspace
    )
    .execute(&mut *connection)
    .await?;
    for (stage, control) in controls {
        sqlx::query!(
            "insert into writeback.stage_control (workspace, stage, allowed_exits, required_fields)
             values ($1, $2, $3, $4)",
            workspace,
            stage,
            &control.allowed_exits,
            &control.required_fields,
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "update writeback.workspace set pipeline_record_type_ids = $2 where workspace = $1",
        workspace,
        pipelines
    )
    .execute(connection)
    .await?;
    Ok(())
}
