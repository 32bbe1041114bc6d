//! Drift items.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::unreadable;
use crate::domain::drift::{Change, Severity};
use crate::domain::item::{Item, Status};

/// Open items read for one workspace. Beyond it an admin has lost the overview long ago; the mapping's own check still
/// suspends what does not work.
const OPEN_ITEMS_MAX: i64 = 2_000;

struct Row {
    id: Uuid,
    change: Json<Change>,
    severity: String,
    entry_ids: Vec<String>,
    touched_entry_ids: Vec<String>,
    destinations: Vec<String>,
    people: Vec<String>,
    proposed_repair: String,
    status: String,
    detected_at: DateTime<Utc>,
    resolved_by: Option<String>,
    resolved_at: Option<DateTime<Utc>>,
    reason: String,
}

impl Row {
    fn item(self) -> Result<Item, sqlx::Error> {
        Ok(Item {
            id: self.id,
            change: self.change.0,
            severity: Severity::parse(&self.severity)
                .ok_or_else(|| unreadable("drift severity"))?,
            entry_ids: self.entry_ids,
            touched_entry_ids: self.touched_entry_ids,
            destinations: self.destinations,
            people: self.people,
            proposed_repair: self.proposed_repair,
            detected_at: self.detected_at,
            status: Status::parse(&self.status).ok_or_else(|| unreadable("drift status"))?,
            resolved_by: self.resolved_by.unwrap_or_default(),
            resolved_at: self.resolved_at,
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
            (id, workspace, object, change, entry_ids, proposed_repair, status, detected_at, resolved_by, resolved_at, reason,
             severity, touched_entry_ids, destinations, people)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        item.id,
        workspace,
        item.change.object,
        Json(&item.change) as _,
        &item.entry_ids,
        item.proposed_repair,
        item.status.as_str(),
        item.detected_at,
        resolved_by,
        item.resolved_at,
        item.reason,
        item.severity.as_str(),
        &item.touched_entry_ids,
        &item.destinations,
        &item.people
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
        r#"select id, change as "change: Json<Change>", severity, entry_ids, touched_entry_ids, destinations, people,
              proposed_repair, status, detected_at, resolved_by, resolved_at, reason
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
        r#"select id, change as "change: Json<Change>", severity, entry_ids, touched_entry_ids, destinations, people,
              proposed_repair, status, detected_at, resolved_by, resolved_at, reason
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
        r#"select id, change as "change: Json<Change>", severity, entry_ids, touched_entry_ids, destinations, people,
              proposed_repair, status, detected_at, resolved_by, resolved_at, reason
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
        "update metadata_sync.drift_item set status = $3, resolved_by = $4, resolved_at = $6, reason = $5
         where workspace = $1 and id = $2",
        workspace,
        item.id,
        item.status.as_str(),
        item.resolved_by,
        item.reason,
        item.resolved_at
    )
    .execute(connection)
    .await?;
    Ok(())
}
