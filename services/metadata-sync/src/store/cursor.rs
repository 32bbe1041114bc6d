//! Record cursors, and the versions already sent inside their overlap.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::cursor::{Cursor, Phase};

/// Where reading an object stands.
///
/// # Errors
/// When Postgres fails.
pub async fn load(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    object: &str,
) -> Result<Option<Cursor>, sqlx::Error> {
    let row = sqlx::query!(
        "select generation, loading, after_id, bulk_job, bulk_locator, watermark, moved_at, settled, fields
         from metadata_sync.record_cursor where workspace = $1 and object = $2",
        workspace,
        object
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Cursor {
        generation: row.generation,
        phase: match (row.loading, row.bulk_job) {
            (true, Some(job)) => Phase::Bulk {
                job,
                locator: row.bulk_locator,
            },
            (true, None) => Phase::Loading {
                after_id: row.after_id,
            },
            (false, _) => Phase::Following,
        },
        watermark: row.watermark,
        moved_at: row.moved_at,
        settled: row.settled,
        fields: row.fields,
    }))
}

/// Stores where reading an object stands.
///
/// # Errors
/// When Postgres fails.
pub async fn save(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    cursor: &Cursor,
) -> Result<(), sqlx::Error> {
    let (loading, after_id, job, locator) = match &cursor.phase {
        Phase::Loading { after_id } => (true, after_id.as_deref(), None, None),
        Phase::Bulk { job, locator } => (true, None, Some(job.as_str()), locator.as_deref()),
        Phase::Following => (false, None, None, None),
    };
    sqlx::query!(
        "insert into metadata_sync.record_cursor
            (workspace, object, generation, loading, after_id, watermark, moved_at, settled, fields, bulk_job, bulk_locator)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (workspace, object) do update set
            generation = excluded.generation, loading = excluded.loading, after_id = excluded.after_id,
            watermark = excluded.watermark, moved_at = excluded.moved_at, settled = excluded.settled,
            fields = excluded.fields, bulk_job = excluded.bulk_job, bulk_locator = excluded.bulk_locator,
            updated_at = now()",
        workspace,
        object,
        cursor.generation,
        loading,
        after_id,
        cursor.watermark,
        cursor.moved_at,
        cursor.settled,
        &cursor.fields,
        job,
        locator
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers versions of records and answers the ids of those that are new. Versions may repeat, in one call too.
///
/// # Errors
/// When Postgres fails.
pub async fn remember(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    versions: &[(String, DateTime<Utc>)],
) -> Result<HashSet<String>, sqlx::Error> {
    if versions.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<String> = versions.iter().map(|(id, _)| id.clone()).collect();
    let stamps: Vec<DateTime<Utc>> = versions.iter().map(|(_, stamp)| *stamp).collect();
    let fresh = sqlx::query_scalar!(
        "insert into metadata_sync.record_seen as known (workspace, object, record_id, system_modstamp)
         select $1, $2, id, max(stamp) from unnest($3::text[], $4::timestamptz[]) as row (id, stamp) group by id order by id
         on conflict (workspace, object, record_id) do update set system_modstamp = excluded.system_modstamp
            where known.system_modstamp < excluded.system_modstamp
         returning record_id",
        workspace,
        object,
        &ids,
        &stamps
    )
    .fetch_all(connection)
    .await?;
    Ok(fresh.into_iter().collect())
}

/// Forgets versions from before the overlap.
///
/// # Errors
/// When Postgres fails.
pub async fn forget(
    connection: &mut PgConnection,
    workspace: &str,
    object: &str,
    before: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from metadata_sync.record_seen where workspace = $1 and object = $2 and system_modstamp < $3",
        workspace,
        object,
        before
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was sent between two moments, both included: how many rows, and the last id at the later one.
///
/// # Errors
/// When Postgres fails.
pub async fn seen_between(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    object: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(i64, Option<String>), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "rows!", max(record_id collate "C") filter (where system_modstamp = $4) as last
           from metadata_sync.record_seen
           where workspace = $1 and object = $2 and system_modstamp between $3 and $4"#,
        workspace,
        object,
        from,
        to
    )
    .fetch_one(executor)
    .await?;
    Ok((row.rows, row.last))
}

/// How many events wait to be published, counted up to `rows_max`.
///
/// # Errors
/// When Postgres fails.
pub async fn outbox_rows(executor: impl PgExecutor<'_>, rows_max: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (select 1 as one from metadata_sync.outbox limit $1) as waiting"#,
        rows_max
    )
    .fetch_one(executor)
    .await
}
