//! What every decision about changes ends with: the lanes they go on in, the audit rows, the outcomes, one commit.

use chassis::{Cause, Unit};
use chrono::Utc;
use events::rpc::{CallContext, RpcError};
use uuid::Uuid;

use super::{Api, failed};
use crate::app::announce;
use crate::store::audit::{self, Entry};
use crate::store::changes;

/// What a decision leads to.
#[derive(Default)]
pub(super) struct Conclusion<'a> {
    /// Workspace, lane and priority of each change that goes to Salesforce now.
    pub(super) lanes: Vec<(String, String, i16)>,
    /// Change sets whose outcome is told.
    pub(super) sets: Vec<Uuid>,
    /// Who did what.
    pub(super) entries: Vec<Entry<'a>>,
}

impl Api {
    /// Commits a decision with everything it leads to, and wakes the executor when there is something to write.
    ///
    /// # Errors
    /// When Postgres fails; nothing is decided then.
    pub(super) async fn conclude(
        &self,
        mut unit: Unit,
        context: &CallContext,
        workspace: &str,
        conclusion: Conclusion<'_>,
    ) -> Result<(), RpcError> {
        let cause = Cause::current();
        let approved = conclusion.lanes.len();
        changes::push_lanes(unit.connection(), conclusion.lanes)
            .await
            .map_err(failed)?;
        if !conclusion.entries.is_empty() {
            audit::add(
                unit.connection(),
                &context.caller,
                &cause,
                conclusion.entries,
            )
            .await
            .map_err(failed)?;
        }
        announce::sets(&mut unit, conclusion.sets, Utc::now())
            .await
            .map_err(failed)?;
        announce::approved(&mut unit, workspace, approved, &cause).map_err(failed)?;
        unit.commit().await.map_err(failed)?;
        if approved > 0 {
            self.wake.executor();
        }
        Ok(())
    }
}
