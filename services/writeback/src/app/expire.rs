//! Ends what nobody decided in time: a value from a meeting long past is not worth a decision, and its silence is told.

use chassis::{Db, Failure};
use chrono::Utc;

use super::announce;
use crate::domain::change::{Reason, Verdict};
use crate::store::{self, expired, reasons_json};

/// Workspaces looked at in one sweep.
const WORKSPACES_MAX: i64 = 100;
/// Changes ended in one transaction.
const CHANGES_MAX: i64 = 500;

/// Ends held changes of all workspaces that are older than so many days; answers how many. 0 days ends none.
///
/// # Errors
/// When Postgres fails; what was ended before stays ended.
pub async fn expire(db: &Db, days: i32) -> Result<usize, Failure> {
    if days == 0 {
        return Ok(0);
    }
    let reason = Reason::new(
        "review",
        Verdict::Block,
        "expired",
        format!("nobody decided within {days} days"),
    );
    let reason = reasons_json(&[reason]);
    let mut ended = 0;
    // Age is the same for all workspaces; what is ended is then one workspace's.
    for workspace in expired::workspaces(&db.all_workspaces(), days, WORKSPACES_MAX).await? {
        loop {
            let mut unit = store::scope(db, [workspace.as_str()])?.begin().await?;
            let sets =
                expired::end(unit.connection(), &workspace, days, CHANGES_MAX, &reason).await?;
            let count = sets.len();
            announce::sets(&mut unit, sets, Utc::now()).await?;
            unit.commit().await?;
            ended += count;
            if i64::try_from(count).unwrap_or(0) < CHANGES_MAX {
                break;
            }
        }
    }
    Ok(ended)
}
