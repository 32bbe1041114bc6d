//! A service met an error that speaks about the whole connection.

use chassis::{Db, Failure};
use chrono::Utc;
use events::WorkspaceId;
use rand::Rng as _;

use super::change;
use crate::domain::connection::Connection;
use crate::domain::problem::{self, Report};
use crate::domain::state::Trigger;
use crate::store::{self, lease};

/// Notes the report; returns the connection afterwards, `None` when there is none.
///
/// # Errors
/// When the store refuses or is away.
pub async fn report(
    db: &Db,
    workspace: &WorkspaceId,
    error_code: &str,
    generation: i64,
    actor: &str,
) -> Result<Option<Connection>, Failure> {
    let mut unit = db.begin(workspace).await?;
    let Some(before) = store::connection::lock(unit.connection(), workspace).await? else {
        return Ok(None);
    };
    let standing = lease::standing_in(unit.connection(), workspace).await?;
    let stored = standing.map_or(0, |standing| standing.facts.generation);
    let Report::Suspend {
        suspension,
        probe_after_s,
    } = problem::decide(error_code, generation, stored, before.state)
    else {
        return Ok(Some(before));
    };
    let Some(after) = before.after(Trigger::Suspended(suspension), Utc::now()) else {
        return Ok(Some(before));
    };
    change::save(&mut unit, &before, &after, actor).await?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of at most days")]
    let seconds = probe_after_s as f64 * rand::rng().random_range(0.8..1.2);
    store::connection::probe_in(unit.connection(), workspace, seconds).await?;
    unit.commit().await?;
    Ok(Some(after))
}
