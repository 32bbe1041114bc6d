//! Drift items.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::unreadable;
use crate::domain::drift::Change;
use crate::domain::item::{Item, Status};

/// Open items read for one workspace. Beyond it an admin has lost the overview long ago; the mapping's own check still
/// suspends what does not work.
const OPEN_ITEMS_MAX: i64 = 2_000;

struct Row {
    id: Uuid,
    change: Json<Change>,
    entry_ids: Vec<String>,
    proposed_repair: String,
    status: String,
    detected_at: DateTime<Utc>,
    resolved_by: Option<String>,
    reason: String,
}

impl Row {
    fn item(self) -> Result<Item, sqlx::Error> {
        Ok(Item {
            id: self.id,
            change: self.change.0,
            entry_ids: self.entry_ids,
            proposed_repair: self.proposed_repair,
            detected_at: self.detected_at,
            status: Status::parse(&self.status).ok_or_else(|| unreadable("drift status"))?,
            resolved_by: self.resolved_by.unwrap_or_default(),
            reason: self.reason,
        })
    }
}

/// Adds an item.
///
/// # Errors
/// When Postgres fails.
pub async fn add(
    connection: &mut PgConnection,
    workspace: &str,
    item: &Item,
) -> Result<(), sqlx::Error> {
    let resolved_by = (item.status != Status::Open).then_some(item.resolved_by.as_str());
    sqlx::query!(
        "insert into metadata_sync.drift_item
            (id, workspace, object, change, entry_ids, proposed_repair, status, detected_at, resolved_by, resolved_at, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $9::text is null then null else now() end, $10)",
        item.id,
        workspace,
        item.change.object,
        Json(&item.change) as _,
        &item.entry_ids,
        item.proposed_repair,
        item.status.as_str(),
        item.detected_at,
        resolved_by,
        item.reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The open items.
///
/// # Errors
/// When Postgres fails.
pub async fn open(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, change as "change: Json<Change>", entry_ids, proposed_repair, status, detected_at, resolved_by, reason
           from metadata_sync.drift_item where workspace = $1 and status = 'open' order by detected_at, id limit $2"#,
        workspace,
        OPEN_ITEMS_MAX
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::item)
    .collect()
}

/// Items, open ones first, newest first.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    include_resolved: bool,
    rows_max: i64,
) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, change as "change: Json<Change>", entry_ids, proposed_repair, status, detected_at, resolved_by, reason
           from metadata_sync.drift_item where workspace = $1 and ($2 or status = 'open')
           order by (status = 'open') desc, detected_at desc, id desc limit $3"#,
        workspace,
        include_resolved,
        rows_max
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Row::item)
    .collect()
}

/// One item, held until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
) -> Result<Option<Item>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select id, change as "change: Json<Change>", entry_ids, proposed_repair, status, detected_at, resolved_by, reason
           from metadata_sync.drift_item where workspace = $1 and id = $2 for update"#,
        workspace,
        id
    )
    .fetch_optional(connection)
    .await?
    .map(Row::item)
    .transpose()
}

/// Records a decision.
///
/// # Errors
/// When Postgres fails.
pub async fn resolve(
    connection: &mut PgConnection,
    workspace: &str,
    item: &Item,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.drift_item set status = $3, resolved_by = $4, resolved_at = now(), reason = $5
         where workspace = $1 and id = $2",
        workspace,
        item.id,
        item.status.as_str(),
        item.resolved_by,
        item.reason
    )
    .execute(connection)
    .await?;
    Ok(())
}
