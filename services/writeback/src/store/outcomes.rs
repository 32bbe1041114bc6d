//! Recomputes where change sets stand and reads what an outcome says, set rows locked so that sequences never repeat.

use std::collections::BTreeMap;

use chassis::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{reasons_from, unreadable};
use crate::domain::change::{Action, Reason, State};
use crate::domain::set_state::{self, SetState};

/// What an outcome says of one set.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The set.
    pub id: Uuid,
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub meeting_revision: i64,
    /// Number of this outcome.
    pub sequence: i64,
    /// Where the set stands.
    pub state: SetState,
    /// The meeting's trace.
    pub traceparent: Option<String>,
    /// Its changes.
    pub changes: Vec<Line>,
}

/// What an outcome says of one change.
#[derive(Debug, Clone)]
pub struct Line {
    /// The change.
    pub id: Uuid,
    /// What it does.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// The record; empty until a creation was applied.
    pub record_id: String,
    /// The field.
    pub field: String,
    /// Where it stands.
    pub state: State,
    /// Everything said.
    pub reasons: Vec<Reason>,
}

/// The next outcome of each set, its state and sequence moved on.
///
/// # Errors
/// When Postgres fails.
pub async fn next(
    connection: &mut PgConnection,
    mut ids: Vec<Uuid>,
) -> Result<Vec<Outcome>, Failure> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sets = sqlx::query!(
        "select id, workspace, meeting_id, meeting_revision, outcome_sequence, planned, traceparent
         from writeback.change_set where id = any($1) order by id for update",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let lines = sqlx::query!(
        r#"select id, change_set_id, action, object, record_id, field, state, reasons::text as "reasons!"
           from writeback.change where change_set_id = any($1) order by id"#,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut by_set: BTreeMap<Uuid, Vec<Line>> = BTreeMap::new();
    for line in lines {
        by_set.entry(line.change_set_id).or_default().push(Line {
            id: line.id,
            action: Action::parse(&line.action).ok_or_else(|| unreadable("action"))?,
            object: line.object,
            record_id: line.record_id,
            field: line.field,
            state: State::parse(&line.state).ok_or_else(|| unreadable("state"))?,
            reasons: reasons_from(&line.reasons)?,
        });
    }
    let outcomes: Vec<Outcome> = sets
        .into_iter()
        .map(|set| {
            let changes = by_set.remove(&set.id).unwrap_or_default();
            Outcome {
                id: set.id,
                workspace: set.workspace,
                meeting_id: set.meeting_id,
                meeting_revision: set.meeting_revision,
                sequence: set.outcome_sequence + 1,
                state: set_state::of(set.planned, changes.iter().map(|line| line.state)),
                traceparent: set.traceparent,
                changes,
            }
        })
        .collect();
    let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.id).collect();
    let states: Vec<String> = outcomes
        .iter()
        .map(|outcome| outcome.state.as_str().to_owned())
        .collect();
    sqlx::query!(
        "update writeback.change_set s set outcome_sequence = s.outcome_sequence + 1, state = row.state
         from unnest($1::uuid[], $2::text[]) as row (id, state) where s.id = row.id",
        &ids,
        &states
    )
    .execute(connection)
    .await?;
    Ok(outcomes)
}
