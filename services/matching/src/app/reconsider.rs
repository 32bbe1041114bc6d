//! Meetings are decided again when something under one of their keys changed. What was open is decided; what was matched is
//! never moved silently: a better match becomes a proposal for a person.

use super::calibrate::calibrate;
use super::decided::{Decided, Received, Reconsidered, facts_of};
use super::names::Names;
use crate::domain::reconsider::{Verdict, compare};
use crate::store::reconsider::{self, Due};
use crate::store::{decisions, kept, proposals};
use crate::telemetry::Telemetry;
use crate::wire;
use chassis::{Cause, Db, Failure};
use chrono::Utc;
use events::WorkspaceId;
use events::matching::v1::Decision;
use events::meeting::v1::MeetingProcessed;
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Meetings decided in one transaction.
const BATCH_MEETINGS_MAX: i64 = 64;
/// Rows of closed meetings forgotten at a turn.
const FORGOTTEN_ROWS_MAX: i64 = 1_000;

/// The background duty.
#[derive(Debug)]
pub struct Reconsider {
    db: Db,
    names: Arc<Names>,
    changed: Arc<Notify>,
    interval: Duration,
    reconsidered: Reconsidered,
    telemetry: Telemetry,
}

impl Reconsider {
    /// Looks when `changed` is notified and every `interval_s` seconds: another replica may have taken the change.
    #[must_use]
    pub fn new(
        db: Db,
        names: Arc<Names>,
        changed: Arc<Notify>,
        interval_s: u64,
        reconsidered: Reconsidered,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            db,
            names,
            changed,
            interval: Duration::from_secs(interval_s),
            reconsidered,
            telemetry,
        }
    }

    /// Runs until `stop`.
    ///
    /// # Errors
    /// Never: trouble is logged and tried again at the next turn.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut tidied_at: Option<Instant> = None;
        loop {
            // Under load one batch follows another: what is past its time is not looked for before each.
            if tidied_at.is_none_or(|at| at.elapsed() >= self.interval) {
                tidied_at = Some(Instant::now());
                if let Err(error) = self.tidy().await {
                    tracing::warn!(%error, "closed meetings could not be forgotten, trying again");
                }
            }
            match self.step().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(failure) => tracing::warn!(
                    error = failure.chain(),
                    "meetings could not be decided again, trying again"
                ),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.changed.notified() => {}
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    /// Forgets what is past its time, and fits what got more labels; whose that is is not known before.
    async fn tidy(&self) -> Result<(), sqlx::Error> {
        let all = self.db.all_workspaces();
        reconsider::forget_closed(&all, FORGOTTEN_ROWS_MAX).await?;
        calibrate(&all).await?;
        Ok(())
    }

    /// Looks at one batch again; answers how many there were.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn step(&self) -> Result<usize, Failure> {
        // Whose notes are due is not known before; decisions run on the workspaces found.
        let all = self.db.all_workspaces();
        let due = reconsider::due(&all, BATCH_MEETINGS_MAX).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let mut read: Vec<(&Due, MeetingProcessed, Decision, Cause)> =
            Vec::with_capacity(due.len());
        for row in &due {
            // Both were readable when they were written; what is not any more stays as it was decided.
            let (Ok(event), Ok(before)) = (
                MeetingProcessed::decode(row.body.as_slice()),
                Decision::decode(row.decision.as_slice()),
            ) else {
                tracing::error!(
                    meeting.id = row.meeting_id,
                    "a kept meeting cannot be read and is not decided again"
                );
                continue;
            };
            read.push((
                row,
                event,
                before,
                Cause::restored(row.traceparent.clone(), None),
            ));
        }
        let mut received = Vec::with_capacity(read.len());
        for (row, event, before, cause) in &read {
            let Ok(workspace) = event.workspace.parse::<WorkspaceId>() else {
                continue;
            };
            let Ok(meeting) = wire::meeting(&workspace, event) else {
                continue;
            };
            received.push((
                *row,
                before,
                Received {
                    event,
                    meeting,
                    cause,
                },
            ));
        }
        let only: Vec<Received<'_>> = received
            .iter()
            .map(|(_, _, received)| received.clone())
            .collect();
        let scope = self.db.workspaces(&workspaces_of(&due));
        let facts = facts_of(&scope, &self.names, &only).await?;
        let now = Utc::now();

        let mut unit = scope.begin().await?;
        let taken: BTreeSet<_> = reconsider::take(unit.connection(), &due)
            .await?
            .into_iter()
            .collect();
        let (mut rows, mut found_by) = (Vec::new(), Vec::new());
        for (row, before, received) in &received {
            let workspace = received.meeting.workspace.clone();
            let Some(facts) = facts.get(&workspace) else {
                continue;
            };
            if !taken.contains(&(row.workspace.clone(), row.meeting_id.clone())) {
                continue;
            }
            let id = Uuid::now_v7();
            let decided = Decided::new(received, facts, 1, id, now, self.reconsidered);
            let after = decided.event.decision.clone().unwrap_or_default();
            match compare(&wire::settled(before), &wire::settled(&after)) {
                Verdict::Same => {}
                Verdict::Decide => {
                    let next = decisions::next_sequence(
                        unit.connection(),
                        &row.workspace,
                        &row.meeting_id,
                        row.revision,
                    )
                    .await?;
                    let Some(sequence) = next else { continue };
                    let again = Decided::new(received, facts, sequence, id, now, self.reconsidered);
                    tracing::info!(
                        meeting.id = row.meeting_id,
                        match.outcome = again.row.outcome,
                        reason = row.reason,
                        "meeting decided again"
                    );
                    unit.emit(&workspace, &again.event, received.cause);
                    found_by.push(again.kept);
                    rows.push(again.row);
                }
                Verdict::Propose => {
                    tracing::info!(
                        meeting.id = row.meeting_id,
                        reason = row.reason,
                        "a better match appeared, a move is proposed"
                    );
                    proposals::propose(
                        unit.connection(),
                        &row.workspace,
                        row,
                        id,
                        &after.encode_to_vec(),
                    )
                    .await?;
                }
            }
        }
        decisions::insert(unit.connection(), &rows).await?;
        kept::keep(unit.connection(), &found_by).await?;
        unit.commit().await?;
        self.telemetry.decided(rows.iter().map(|row| row.outcome));
        Ok(due.len())
    }
}

/// A row's workspace was checked when the row was written.
fn workspaces_of(due: &[Due]) -> Vec<WorkspaceId> {
    due.iter()
        .filter_map(|row| row.workspace.parse().ok())
        .collect()
}
