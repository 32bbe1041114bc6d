//! Mappings: the draft and the published versions.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::mapping::{Mapping, Published, Suspended};

/// The draft.
///
/// # Errors
/// When Postgres fails.
pub async fn draft(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Option<Mapping>, sqlx::Error> {
    let content = sqlx::query_scalar!(
        r#"select content as "content: Json<Mapping>" from metadata_sync.mapping_draft where workspace = $1"#,
        workspace
    )
    .fetch_optional(executor)
    .await?;
    Ok(content.map(|Json(mapping)| mapping))
}

/// Replaces the draft.
///
/// # Errors
/// When Postgres fails.
pub async fn save_draft(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    draft: &Mapping,
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into metadata_sync.mapping_draft (workspace, content, saved_by) values ($1, $2, $3)
         on conflict (workspace) do update set content = excluded.content, saved_by = excluded.saved_by, saved_at = now()",
        workspace,
        Json(draft) as _,
        by
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets the draft: it was published.
///
/// # Errors
/// When Postgres fails.
pub async fn delete_draft(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from metadata_sync.mapping_draft where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest published version.
///
/// # Errors
/// When Postgres fails.
pub async fn published(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Option<Published>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select version, revision, content as "content: Json<Mapping>", suspended as "suspended: Json<Suspended>",
              published_by, published_at
           from metadata_sync.mapping_version where workspace = $1 order by version desc limit 1"#,
        workspace
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Published {
        version: row.version.unsigned_abs(),
        revision: row.revision.unsigned_abs(),
        mapping: row.content.0,
        suspended: row.suspended.0,
        published_by: row.published_by,
        published_at: row.published_at,
    }))
}

/// Version and revision of the newest published mapping.
///
/// # Errors
/// When Postgres fails.
pub async fn standing(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        "select version, revision from metadata_sync.mapping_version where workspace = $1 order by version desc limit 1",
        workspace
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| (row.version, row.revision)))
}

/// One published version.
///
/// # Errors
/// When Postgres fails.
pub async fn version(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    version: u64,
) -> Result<Option<Published>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select version, revision, content as "content: Json<Mapping>", suspended as "suspended: Json<Suspended>",
              published_by, published_at
           from metadata_sync.mapping_version where workspace = $1 and version = $2"#,
        workspace,
        i64::try_from(version).unwrap_or(i64::MAX)
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Published {
        version: row.version.unsigned_abs(),
        revision: row.revision.unsigned_abs(),
        mapping: row.content.0,
        suspended: row.suspended.0,
        published_by: row.published_by,
        published_at: row.published_at,
    }))
}

/// One version in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub version: i64,
    /// Suspensions and releases within it.
    pub revision: i64,
    /// Who published it.
    pub published_by: String,
    /// When.
    pub published_at: DateTime<Utc>,
    /// Entries.
    pub entries: i32,
    /// Suspended ones of them.
    pub suspended: i64,
}

/// Published versions, newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn versions(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"select version, revision, published_by, published_at,
              coalesce(jsonb_array_length(content -> 'entries'), 0) as "entries!",
              (select count(*) from jsonb_object_keys(suspended)) as "suspended!"
           from metadata_sync.mapping_version where workspace = $1 order by version desc limit $2"#,
        workspace,
        rows_max
    )
    .fetch_all(executor)
    .await
}

/// Adds a published version.
///
/// # Errors
/// When Postgres fails.
pub async fn publish(
    connection: &mut PgConnection,
    workspace: &str,
    mapping: &Mapping,
    by: &str,
    at: DateTime<Utc>,
) -> Result<Published, sqlx::Error> {
    let suspended = Suspended::new();
    let version = sqlx::query_scalar!(
        r#"insert into metadata_sync.mapping_version
              (workspace, version, revision, content, suspended, published_by, published_at)
           select $1, coalesce(max(version), 0) + 1, 1, $2, $3, $4, $5
           from metadata_sync.mapping_version where workspace = $1
           returning version"#,
        workspace,
        Json(mapping) as _,
        Json(&suspended) as _,
        by,
        at
    )
    .fetch_one(connection)
    .await?;
    Ok(Published {
        version: version.unsigned_abs(),
        revision: 1,
        mapping: mapping.clone(),
        suspended,
        published_by: by.to_owned(),
        published_at: at,
    })
}

/// Replaces which entries of a version are suspended, under the next revision; answers that.
///
/// # Errors
/// When Postgres fails.
pub async fn suspend(
    connection: &mut PgConnection,
    workspace: &str,
    version: u64,
    suspended: &Suspended,
) -> Result<u64, sqlx::Error> {
    let revision = sqlx::query_scalar!(
        "update metadata_sync.mapping_version set suspended = $3, revision = revision + 1
         where workspace = $1 and version = $2 returning revision",
        workspace,
        i64::try_from(version).unwrap_or(i64::MAX),
        Json(suspended) as _
    )
    .fetch_one(connection)
    .await?;
    Ok(revision.unsigned_abs())
}
