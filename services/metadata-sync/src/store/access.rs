//! Access reviews, and the wish for one.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::access::Review;

/// Reviews kept of one workspace.
const KEPT_MAX: i64 = 100;

/// A stored review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Grows with each.
    pub revision: i64,
    /// Epoch of the connection.
    pub epoch: i64,
    /// The user it is about.
    pub user_id: String,
    /// Generation of the connection it was last told for.
    pub connection_generation: i64,
    /// When the org was read.
    pub reviewed_at: DateTime<Utc>,
    /// When it was last found so.
    pub confirmed_at: DateTime<Utc>,
    /// Who or what asked.
    pub requested_by: String,
    /// What was found.
    pub review: Review,
}

/// An earlier review in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its revision.
    pub revision: i64,
    /// When the org was read.
    pub reviewed_at: DateTime<Utc>,
    /// Who or what asked.
    pub requested_by: String,
    /// How much was missing.
    pub missing_count: i32,
}

/// The newest review.
///
/// # Errors
/// When Postgres fails.
pub async fn newest(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select revision, epoch, user_id, connection_generation, reviewed_at, confirmed_at, requested_by,
             content as "content: Json<Review>"
           from metadata_sync.access_review where workspace = $1 order by revision desc limit 1"#,
        workspace
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Stored {
        revision: row.revision,
        epoch: row.epoch,
        user_id: row.user_id,
        connection_generation: row.connection_generation,
        reviewed_at: row.reviewed_at,
        confirmed_at: row.confirmed_at,
        requested_by: row.requested_by,
        review: row.content.0,
    }))
}

/// Reviews before the newest, newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn history(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<Step>, sqlx::Error> {
    sqlx::query_as!(
        Step,
        "select revision, reviewed_at, requested_by, missing_count from metadata_sync.access_review
         where workspace = $1 order by revision desc offset 1 limit $2",
        workspace,
        rows_max
    )
    .fetch_all(executor)
    .await
}

/// Adds a review and forgets the oldest beyond those kept. The caller holds the workspace's lock.
///
/// # Errors
/// When Postgres fails.
pub async fn add(
    connection: &mut PgConnection,
    workspace: &str,
    new: &Stored,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into metadata_sync.access_review (workspace, revision, epoch, user_id, connection_generation, reviewed_at,
           confirmed_at, requested_by, missing_count, content)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        workspace,
        new.revision,
        new.epoch,
        new.user_id,
        new.connection_generation,
        new.reviewed_at,
        new.confirmed_at,
        new.requested_by,
        i32::try_from(new.review.missing_count).unwrap_or(i32::MAX),
        Json(&new.review) as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from metadata_sync.access_review where workspace = $1 and revision <= $2",
        workspace,
        new.revision - KEPT_MAX
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the newest review was found so again, and which connection it was told for.
///
/// # Errors
/// When Postgres fails.
pub async fn confirm(
    connection: &mut PgConnection,
    workspace: &str,
    revision: i64,
    connection_generation: i64,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.access_review set confirmed_at = $4, connection_generation = $3
         where workspace = $1 and revision = $2",
        workspace,
        revision,
        connection_generation,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Wishes for a review: the next schema run that begins from now on looks at everything.
///
/// # Errors
/// When Postgres fails.
pub async fn ask(
    connection: &mut PgConnection,
    workspace: &str,
    by: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set review_asked_at = $3, review_asked_by = $2 where workspace = $1",
        workspace,
        by,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}
