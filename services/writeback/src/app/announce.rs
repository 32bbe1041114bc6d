//! Tells the world where change sets stand: one outcome event per transition, in the unit of what caused it.

use chassis::{Cause, Failure, Unit};
use chrono::{DateTime, Utc};
use events::crm::v1::RecordRef;
use events::writeback::v1::{ChangeOutcome, ChangeSetOutcome, ChangesApproved};
use uuid::Uuid;

use crate::store::outcomes::{self, Line, Outcome};
use crate::store::workspace_id;
use crate::wire;

/// Recomputes the sets and emits an outcome for each.
///
/// # Errors
/// When Postgres fails.
pub async fn sets(unit: &mut Unit, ids: Vec<Uuid>, now: DateTime<Utc>) -> Result<(), Failure> {
    let outcomes = outcomes::next(unit.connection(), ids).await?;
    for outcome in outcomes {
        emit(unit, outcome, now)?;
    }
    Ok(())
}

/// Emits one outcome, in the trace of its meeting.
///
/// # Errors
/// When the workspace is not one.
pub fn emit(unit: &mut Unit, outcome: Outcome, now: DateTime<Utc>) -> Result<(), Failure> {
    let workspace = workspace_id(&outcome.workspace)?;
    let cause = Cause::restored(outcome.traceparent.clone(), None);
    let event = ChangeSetOutcome {
        workspace: outcome.workspace,
        change_set_id: outcome.id.to_string(),
        meeting_id: outcome.meeting_id,
        meeting_revision: u64::try_from(outcome.meeting_revision).unwrap_or(0),
        sequence: u64::try_from(outcome.sequence).unwrap_or(0),
        state: wire::set_state(outcome.state).into(),
        changes: outcome.changes.into_iter().map(line).collect(),
        at: Some(wire::timestamp(now)),
    };
    unit.emit(&workspace, &event, &cause);
    Ok(())
}

fn line(line: Line) -> ChangeOutcome {
    ChangeOutcome {
        change_id: line.id.to_string(),
        action: wire::action(line.action).into(),
        record: Some(RecordRef {
            object: line.object,
            id: line.record_id,
        }),
        field: line.field,
        state: wire::state(line.state).into(),
        reasons: wire::reasons_public(line.reasons),
    }
}

/// Wakes the executors of all processes.
///
/// # Errors
/// When the workspace is not one.
pub fn approved(
    unit: &mut Unit,
    workspace: &str,
    count: usize,
    cause: &Cause,
) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let id = workspace_id(workspace)?;
    let event = ChangesApproved {
        workspace: workspace.to_owned(),
        count: u32::try_from(count).unwrap_or(u32::MAX),
    };
    unit.emit(&id, &event, cause);
    Ok(())
}
