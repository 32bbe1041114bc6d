//! Approved changes that were held because the connected user could no longer reach them. Most have no stored meeting to
//! be planned from again, and need none: they had passed every gate, and go back to the queue when the access is back.

use chassis::{Failure, Scope};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{reasons_from, reasons_json, unreadable};
use crate::domain::change::{Action, Reason};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// The change.
    pub id: Uuid,
    /// Its set.
    pub change_set_id: Uuid,
    /// Its version.
    pub version: i64,
    /// What it does.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// Field; empty for creations.
    pub field: String,
    /// Its lane.
    pub lane: String,
    /// Which of the lane's priorities.
    pub priority: i16,
    /// All reasons.
    pub reasons: Vec<Reason>,
}

/// The next page, after `after`.
///
/// # Errors
/// When Postgres fails.
pub async fn page(
    scope: &Scope,
    workspace: &str,
    after: Uuid,
    rows_max: i64,
) -> Result<Vec<Parked>, Failure> {
    let rows = sqlx::query!(
        r#"select id, change_set_id, version, action, object, field, lane, priority, reasons::text as "reasons!"
           from writeback.change c
           where workspace = $1 and id > $2 and state = 'held' and regate and missed_gap is null
             and not exists (select 1 from writeback.source s where s.change_set_id = c.change_set_id)
           order by id limit $3"#,
        workspace,
        after,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Parked {
                action: Action::parse(&row.action).ok_or_else(|| unreadable("action"))?,
                reasons: reasons_from(&row.reasons)?,
                id: row.id,
                change_set_id: row.change_set_id,
                version: row.version,
                object: row.object,
                field: row.field,
                lane: row.lane,
                priority: row.priority,
            })
        })
        .collect()
}

/// Puts them back on the queue, with the reasons that are left; answers the sets of those nobody was faster with.
///
/// # Errors
/// When Postgres fails.
pub async fn resume(
    connection: &mut PgConnection,
    changes: &[(&Parked, Vec<Reason>)],
) -> Result<Vec<Uuid>, Failure> {
    let ids: Vec<Uuid> = changes.iter().map(|(change, _)| change.id).collect();
    let versions: Vec<i64> = changes.iter().map(|(change, _)| change.version).collect();
    let reasons: Vec<String> = changes
        .iter()
        .map(|(_, reasons)| reasons_json(reasons))
        .collect();
    let sets = sqlx::query_scalar!(
        "update writeback.change c set state = 'approved', regate = false, reasons = row.reasons::jsonb,
           not_before = now(), changed_at = now(), version = c.version + 1
         from unnest($1::uuid[], $2::bigint[], $3::text[]) as row (id, version, reasons)
         where c.id = row.id and c.version = row.version and c.state = 'held'
         returning c.change_set_id",
        &ids,
        &versions,
        &reasons,
    )
    .fetch_all(connection)
    .await?;
    Ok(sets)
}
