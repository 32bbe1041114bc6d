//! Approved changes that were held because the org changed under them. Most have no stored meeting to be planned from
//! again, and need none: they had passed every gate, and go back to the queue when nothing stands against them any more.

use chassis::{Failure, Scope};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{reasons_from, reasons_json, unreadable};
use crate::domain::change::{Action, Reason, Write};
use crate::domain::recheck::Approved;
use crate::domain::value::FieldValue;

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
    /// The mapping entry it comes from; empty for creations.
    pub entry_id: String,
    /// What it writes; `None` when that is not one value.
    pub proposed: Option<Write>,
    /// It puts back what was there before us.
    pub restores: bool,
    /// Its lane.
    pub lane: String,
    /// Which of the lane's priorities.
    pub priority: i16,
    /// All reasons.
    pub reasons: Vec<Reason>,
}

impl Parked {
    /// As it is held against the org and the mapping.
    #[must_use]
    pub fn approved(&self) -> Approved<'_> {
        Approved {
            action: self.action,
            object: &self.object,
            field: &self.field,
            entry_id: &self.entry_id,
            proposed: self.proposed.as_ref(),
            restores: self.restores,
        }
    }
}

/// One that goes on.
#[derive(Debug)]
pub struct Going<'a> {
    /// The change.
    pub change: &'a Parked,
    /// The field it goes to now.
    pub field: String,
    /// The reasons that are left.
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
        r#"select id, change_set_id, version, action, object, field, entry_id, restores, lane, priority,
             proposed::text as proposed, reasons::text as "reasons!"
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
            let action = Action::parse(&row.action).ok_or_else(|| unreadable("action"))?;
            let value = match (action, &row.proposed) {
                (Action::UpdateField, Some(json)) => {
                    Some(FieldValue::from_json(json).map_err(|_| unreadable("value"))?)
                }
                _ => None,
            };
            Ok(Parked {
                action,
                proposed: value.map(Write::Value),
                entry_id: row.entry_id,
                restores: row.restores,
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
    changes: &[Going<'_>],
) -> Result<Vec<Uuid>, Failure> {
    let ids: Vec<Uuid> = changes.iter().map(|going| going.change.id).collect();
    let versions: Vec<i64> = changes.iter().map(|going| going.change.version).collect();
    let fields: Vec<String> = changes.iter().map(|going| going.field.clone()).collect();
    let reasons: Vec<String> = changes
        .iter()
        .map(|going| reasons_json(&going.reasons))
        .collect();
    let sets = sqlx::query_scalar!(
        "update writeback.change c set state = 'approved', regate = false, reasons = row.reasons::jsonb,
           field = row.field, not_before = now(), changed_at = now(), version = c.version + 1
         from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) as row (id, version, reasons, field)
         where c.id = row.id and c.version = row.version and c.state = 'held'
         returning c.change_set_id",
        &ids,
        &versions,
        &reasons,
        &fields,
    )
    .fetch_all(connection)
    .await?;
    Ok(sets)
}
