//! Object snapshots: immutable versions, and which of them is the present one.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::unreadable;
use crate::domain::schema::{Object, Schema};

/// The present state of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its version.
    pub version: i64,
    /// The object as last seen.
    pub object: Object,
    /// SHA-256 of its canonical form.
    pub content_hash: Vec<u8>,
    /// Last-Modified of its describe.
    pub last_modified: Option<DateTime<Utc>>,
    /// Gone or out of reach.
    pub removed: bool,
}

/// One object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// API name.
    pub object: String,
    /// Label.
    pub label: String,
    /// Version.
    pub version: i64,
    /// How many fields.
    pub fields: i32,
    /// The connected user may create.
    pub createable: bool,
    /// The connected user may edit.
    pub updateable: bool,
}

/// A new version of an object.
#[derive(Debug)]
pub struct Version<'a> {
    /// The object.
    pub object: &'a Object,
    /// Its version.
    pub version: i64,
    /// Its canonical form.
    pub content: &'a [u8],
    /// SHA-256 of that.
    pub content_hash: &'a [u8],
    /// The org it is of.
    pub organization_id: &'a str,
    /// Last-Modified of its describe.
    pub last_modified: Option<DateTime<Utc>>,
    /// When it was read.
    pub observed_at: DateTime<Utc>,
}

fn parse(content: &[u8]) -> Result<Object, sqlx::Error> {
    serde_json::from_slice(content).map_err(|_| unreadable("snapshot"))
}

/// Every known object, removed ones included.
///
/// # Errors
/// When Postgres fails.
pub async fn all(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<Current>, sqlx::Error> {
    let rows = sqlx::query!(
        "select present.version, present.last_modified, present.removed, snapshot.content, snapshot.content_hash
         from metadata_sync.object as present
         join metadata_sync.object_snapshot as snapshot using (workspace, object, version)
         where present.workspace = $1 order by present.object",
        workspace
    )
    .fetch_all(executor)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(Current {
            version: row.version,
            object: parse(&row.content)?,
            content_hash: row.content_hash,
            last_modified: row.last_modified,
            removed: row.removed,
        });
    }
    Ok(found)
}

/// The present schema.
///
/// # Errors
/// When Postgres fails.
pub async fn schema(executor: impl PgExecutor<'_>, workspace: &str) -> Result<Schema, sqlx::Error> {
    let known = all(executor, workspace).await?.into_iter();
    Ok(known
        .filter(|current| !current.removed)
        .map(|current| (current.object.name.clone(), current.object))
        .collect())
}

/// One object and its version.
///
/// # Errors
/// When Postgres fails.
pub async fn one(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    object: &str,
) -> Result<Option<(Object, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        "select present.version, snapshot.content
         from metadata_sync.object as present
         join metadata_sync.object_snapshot as snapshot using (workspace, object, version)
         where present.workspace = $1 and present.object = $2 and not present.removed",
        workspace,
        object
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| Ok((parse(&row.content)?, row.version)))
        .transpose()
}

/// The present objects by name.
///
/// # Errors
/// When Postgres fails.
pub async fn summaries(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<Summary>, sqlx::Error> {
    sqlx::query_as!(
        Summary,
        "select object, label, version, fields, createable, updateable
         from metadata_sync.object where workspace = $1 and not removed order by object",
        workspace
    )
    .fetch_all(executor)
    .await
}

/// The version of each object as it was told last, removed ones included.
///
/// # Errors
/// When Postgres fails.
pub async fn versions(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select object, version from metadata_sync.object where workspace = $1 order by object",
        workspace
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.object, row.version))
        .collect())
}

/// Adds a version and makes it the present one.
///
/// # Errors
/// When Postgres fails.
pub async fn add(
    connection: &mut PgConnection,
    workspace: &str,
    new: &Version<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into metadata_sync.object_snapshot
            (workspace, object, version, organization_id, content_hash, content, observed_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        workspace,
        new.object.name,
        new.version,
        new.organization_id,
        new.content_hash,
        new.content,
        new.observed_at
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into metadata_sync.object
            (workspace, object, version, label, fields, createable, updateable, removed, last_modified, checked_at)
         values ($1, $2, $3, $4, $5, $6, $7, false, $8, $9)
         on conflict (workspace, object) do update set
            version = excluded.version, label = excluded.label, fields = excluded.fields,
            createable = excluded.createable, updateable = excluded.updateable, removed = false,
            last_modified = excluded.last_modified, checked_at = excluded.checked_at",
        workspace,
        new.object.name,
        new.version,
        new.object.label,
        i32::try_from(new.object.fields.len()).unwrap_or(i32::MAX),
        new.object.createable,
        new.object.updateable,
        new.last_modified,
        new.observed_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers that an object was looked at and is as it was.
///
/// # Errors
/// When Postgres fails.
pub async fn touch(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    last_modified: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.object set last_modified = $3, checked_at = $4 where workspace = $1 and object = $2",
        workspace,
        object,
        last_modified,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks an object as gone. Its version grows, so that readers order the removal after what they know.
///
/// # Errors
/// When Postgres fails.
pub async fn remove(
    connection: &mut PgConnection,
    workspace: &str,
    gone: &Current,
    organization_id: &str,
    at: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let version = gone.version + 1;
    sqlx::query!(
        "insert into metadata_sync.object_snapshot
            (workspace, object, version, organization_id, content_hash, content, observed_at)
         select workspace, object, $3, $4, content_hash, content, $5
         from metadata_sync.object_snapshot where workspace = $1 and object = $2 and version = $6",
        workspace,
        gone.object.name,
        version,
        organization_id,
        at,
        gone.version
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update metadata_sync.object set removed = true, version = $3, last_modified = null, checked_at = $4
         where workspace = $1 and object = $2",
        workspace,
        gone.object.name,
        version,
        at
    )
    .execute(connection)
    .await?;
    Ok(version)
}
