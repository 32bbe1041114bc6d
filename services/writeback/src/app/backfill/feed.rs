//! Puts what approved slices mean on the executor's queue, as much as there is room for beside live work, and ends a
//! backfill of which nothing is left.

use std::collections::HashMap;

use chassis::{Cause, Failure, Scope};
use chrono::Utc;
use events::writeback::v1::{ChangeDecision, Decision};
use uuid::Uuid;

use super::{Backfills, history_max};
use crate::app::announce;
use crate::app::api::judge;
use crate::domain::backfill::course::State;
use crate::domain::backfill::room::{self, Load};
use crate::domain::change::{self, Reason, Verdict};
use crate::domain::lane;
use crate::domain::risk::Risk;
use crate::store::backfill::{self, Backfill};
use crate::store::{changes, reasons_json, review, slices, usage};

impl Backfills {
    /// Answers how many changes went on the queue.
    pub(super) async fn feed(&self, scope: &Scope, taken: &Backfill) -> Result<usize, Failure> {
        let workspace = taken.workspace.as_str();
        let (history, others) = backfill::queued(scope, workspace).await?;
        let budget = usage::budget(scope, workspace).await?;
        let room = room::room(Load {
            others,
            history,
            used: budget.used,
            history_max: history_max(&budget, self.budget_share),
        });
        if room == 0 {
            return Ok(0);
        }
        let settings = self.settings.one(workspace).await?;
        let mut unit = scope.begin().await?;
        // A person who pauses the backfill at this moment waits for this transaction, and takes back what it fed.
        match backfill::lock(unit.connection(), workspace, taken.id).await? {
            Some(now) if now.state == State::Running => {}
            Some(_) | None => return Ok(0),
        }
        let rows_max = i64::try_from(room).unwrap_or(i64::MAX);
        let meant = slices::next(
            unit.connection(),
            workspace,
            taken.id,
            Risk::LOW_MAX,
            rows_max,
        )
        .await?;
        if meant.is_empty() {
            return Ok(0);
        }
        let by: HashMap<Uuid, &str> = meant
            .iter()
            .map(|meant| (meant.id, meant.by.as_str()))
            .collect();
        let ids: Vec<Uuid> = meant.iter().map(|meant| meant.id).collect();
        let locked = review::lock(unit.connection(), workspace, &ids).await?;
        let mut decided = Vec::with_capacity(locked.len());
        let mut lanes = Vec::with_capacity(locked.len());
        let mut sets = Vec::with_capacity(locked.len());
        let (mut left, mut why) = (Vec::new(), Vec::new());
        for shown in &locked {
            let decision = ChangeDecision {
                version: u64::try_from(shown.version).unwrap_or(0),
                decision: Decision::Approve.into(),
                reason: format!("slice of the backfill {}", taken.name),
                ..ChangeDecision::default()
            };
            let actor = by.get(&shown.id).copied().unwrap_or_default();
            match judge(shown, &decision, &settings, actor) {
                Ok(decision) => {
                    sets.push(shown.change_set_id);
                    let late = lane::priority(true, true);
                    lanes.push((workspace.to_owned(), shown.lane.clone(), late));
                    decided.push(decision);
                }
                Err(problem) => {
                    left.push(shown.id);
                    why.push(reasons_json(&[Reason::new(
                        "backfill",
                        Verdict::Hold,
                        "not_approvable",
                        problem,
                    )]));
                }
            }
        }
        let fed = decided.len();
        review::decide(unit.connection(), &decided).await?;
        slices::left(unit.connection(), &left, &why).await?;
        changes::push_lanes(unit.connection(), lanes).await?;
        announce::sets(&mut unit, sets, Utc::now()).await?;
        announce::approved(&mut unit, workspace, fed, &Cause::current())?;
        unit.commit().await?;
        if fed > 0 {
            self.wake.executor();
        }
        Ok(fed)
    }

    /// Ends a backfill when all of its changes ended.
    pub(super) async fn finish(&self, scope: &Scope, taken: &Backfill) -> Result<(), Failure> {
        let counts = backfill::counts(scope, &taken.workspace, taken.id).await?;
        if counts.is_empty() || counts.iter().any(|(state, _)| is_open(*state)) {
            return Ok(());
        }
        let mut unit = scope.begin().await?;
        if backfill::set_state(unit.connection(), taken, State::Done, "").await? {
            tracing::info!(
                workspace.id = taken.workspace,
                backfill.id = %taken.id,
                "a backfill is done"
            );
        }
        unit.commit().await
    }
}

/// Whether something may still come of a change.
#[must_use]
pub(crate) fn is_open(state: change::State) -> bool {
    match state {
        change::State::Proposed
        | change::State::Approved
        | change::State::Held
        | change::State::Executing
        | change::State::Uncertain => true,
        change::State::Blocked
        | change::State::Applied
        | change::State::Refused
        | change::State::Failed
        | change::State::Dismissed
        | change::State::Expired
        | change::State::Superseded
        | change::State::Undone => false,
    }
}
