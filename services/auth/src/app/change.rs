//! The only way a connection changes: row, history and event in one transaction.

use chassis::{Cause, Db, Failure, Unit};
use chrono::Utc;
use events::WorkspaceId;

use crate::domain::connection::Connection;
use crate::domain::state::Trigger;
use crate::store::{self, StoreError};
use crate::wire;

/// Stores and announces `after`; the row must be locked by `unit`.
///
/// # Errors
/// When the store refuses.
pub async fn save(
    unit: &mut Unit,
    before: &Connection,
    after: &Connection,
    actor: &str,
) -> Result<(), StoreError> {
    store::connection::save(unit.connection(), after, before.state, actor).await?;
    unit.emit(
        &after.workspace,
        &wire::changed(after, before.state),
        &Cause::current(),
    );
    tracing::info!(
        workspace = %after.workspace,
        connection.state = after.state.as_str(),
        connection.previous_state = before.state.as_str(),
        connection.cause = after.cause.as_str(),
        connection.generation = after.generation,
        actor,
        "connection changed"
    );
    Ok(())
}

/// Applies `trigger` to a workspace's connection; returns it as it is afterwards, `None` when there is none.
///
/// # Errors
/// When the store refuses or is away.
pub async fn apply(
    db: &Db,
    workspace: &WorkspaceId,
    trigger: Trigger,
    actor: &str,
) -> Result<Option<Connection>, Failure> {
    let mut unit = db.begin(workspace).await?;
    let Some(before) = store::connection::lock(unit.connection(), workspace).await? else {
        return Ok(None);
    };
    let Some(after) = before.after(trigger, Utc::now()) else {
        return Ok(Some(before));
    };
    save(&mut unit, &before, &after, actor).await?;
    unit.commit().await?;
    Ok(Some(after))
}
