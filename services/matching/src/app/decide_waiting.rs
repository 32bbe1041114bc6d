//! Meetings that arrived before their workspace's first load was complete are decided when it is.

use super::decided::{Decided, Received, Reconsidered, facts_of};
use super::names::Names;
use crate::store::decisions::{self, Waiting};
use crate::store::kept;
use crate::telemetry::Telemetry;
use crate::wire;
use chassis::{Cause, Db, Failure};
use chrono::Utc;
use events::WorkspaceId;
use events::meeting::v1::MeetingProcessed;
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Meetings decided in one transaction.
const BATCH_MEETINGS_MAX: i64 = 64;

/// The background duty.
#[derive(Debug)]
pub struct DecideWaiting {
    db: Db,
    loaded: Arc<Notify>,
    interval: Duration,
    names: Arc<Names>,
    reconsidered: Reconsidered,
    telemetry: Telemetry,
}

impl DecideWaiting {
    /// Looks when `loaded` is notified and every `interval_s` seconds: another replica may have taken the load's last event.
    #[must_use]
    pub fn new(
        db: Db,
        names: Arc<Names>,
        loaded: Arc<Notify>,
        interval_s: u64,
        reconsidered: Reconsidered,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            db,
            loaded,
            interval: Duration::from_secs(interval_s),
            names,
            reconsidered,
            telemetry,
        }
    }

    /// Runs until `stop`.
    ///
    /// # Errors
    /// Never: trouble is logged and tried again at the next turn.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            match self.step().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(failure) => tracing::warn!(
                    error = failure.chain(),
                    "waiting meetings could not be decided, trying again"
                ),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.loaded.notified() => {}
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    /// Decides one batch; answers how many meetings were waiting.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn step(&self) -> Result<usize, Failure> {
        // Whose load is complete is not known before; decisions run on the workspaces found.
        let all = self.db.all_workspaces();
        let waiting = decisions::waiting(&all, BATCH_MEETINGS_MAX).await?;
        let found = waiting.len();
        if found == 0 {
            // At its quiet turns only: while batches go through, the next quiet one is near.
            let (meetings, oldest_age_s) = decisions::count_waiting(&all).await?;
            self.telemetry.waiting(meetings, oldest_age_s);
            return Ok(0);
        }
        let mut meetings: Vec<(Waiting, MeetingProcessed, Cause)> =
            Vec::with_capacity(waiting.len());
        // What cannot be read or is not valid is set aside with its reason: it must not hold up its neighbours.
        let mut aside: Vec<(Waiting, String)> = Vec::new();
        for row in waiting {
            match MeetingProcessed::decode(row.body.as_slice()) {
                Ok(event) => {
                    let cause = Cause::restored(row.traceparent.clone(), None);
                    meetings.push((row, event, cause));
                }
                Err(error) => aside.push((row, format!("cannot be decoded: {error}"))),
            }
        }
        let mut received = Vec::with_capacity(meetings.len());
        for (row, event, cause) in &meetings {
            let workspace = event
                .workspace
                .parse::<WorkspaceId>()
                .map_err(|error| error.to_string());
            let read = workspace.and_then(|workspace| {
                wire::meeting(&workspace, event).map_err(|error| error.to_string())
            });
            match read {
                Ok(meeting) => received.push(Received {
                    event,
                    meeting,
                    cause,
                }),
                Err(problem) => aside.push((row.clone(), problem)),
            }
        }
        if !aside.is_empty() {
            for (row, problem) in &aside {
                tracing::error!(
                    meeting.id = row.meeting_id,
                    problem,
                    "waiting meeting set aside, it cannot be decided"
                );
            }
            decisions::set_aside(&all, &aside).await?;
        }
        if received.is_empty() {
            return Ok(found);
        }
        let scope = self
            .db
            .workspaces(received.iter().map(|received| &received.meeting.workspace));
        let facts = facts_of(&scope, &self.names, &received).await?;
        let now = Utc::now();
        let decided: Vec<(Decided, &Cause)> = received
            .iter()
            .filter_map(|received| {
                let facts = facts
                    .get(&received.meeting.workspace)
                    .filter(|facts| facts.loaded)?;
                Some((
                    Decided::new(received, facts, 1, Uuid::now_v7(), now, self.reconsidered),
                    received.cause,
                ))
            })
            .collect();

        let mut unit = scope.begin().await?;
        let revisions: Vec<_> = decided
            .iter()
            .map(|(decided, _)| {
                (
                    decided.row.workspace.clone(),
                    decided.row.meeting_id.clone(),
                    decided.row.revision,
                )
            })
            .collect();
        let claimed: BTreeSet<_> = decisions::claim_waiting(unit.connection(), &revisions)
            .await?
            .into_iter()
            .collect();
        let (mut rows, mut found_by) = (Vec::new(), Vec::new());
        for ((decided, cause), revision) in decided.into_iter().zip(&revisions) {
            if claimed.contains(revision) {
                unit.emit(&decided.workspace, &decided.event, cause);
                rows.push(decided.row);
                found_by.push(decided.kept);
            }
        }
        decisions::insert(unit.connection(), &rows).await?;
        kept::keep(unit.connection(), &found_by).await?;
        unit.commit().await?;
        self.telemetry.decided(rows.iter().map(|row| row.outcome));
        Ok(found)
    }
}
