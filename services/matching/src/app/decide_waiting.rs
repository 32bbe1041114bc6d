//! Meetings that arrived before their workspace's first load was complete are decided when it is.

use super::decided::{Decided, Received, facts_of};
use crate::store::decisions;
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
}

impl DecideWaiting {
    /// Looks when `loaded` is notified and every `interval_s` seconds: another replica may have taken the load's last event.
    #[must_use]
    pub fn new(db: Db, loaded: Arc<Notify>, interval_s: u64) -> Self {
        Self {
            db,
            loaded,
            interval: Duration::from_secs(interval_s),
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
        let waiting = decisions::waiting(self.db.pool(), BATCH_MEETINGS_MAX).await?;
        let mut meetings: Vec<(MeetingProcessed, Cause)> = Vec::with_capacity(waiting.len());
        for row in waiting {
            let event = MeetingProcessed::decode(row.body.as_slice())
                .map_err(|error| Failure::permanent("undecodable_meeting", error.to_string()))?;
            meetings.push((event, Cause::restored(row.traceparent, None)));
        }
        if meetings.is_empty() {
            return Ok(0);
        }
        let mut received = Vec::with_capacity(meetings.len());
        for (event, cause) in &meetings {
            let workspace: WorkspaceId =
                event
                    .workspace
                    .parse()
                    .map_err(|error: events::id::IdError| {
                        Failure::permanent("invalid_meeting", error.to_string())
                    })?;
            let meeting = wire::meeting(&workspace, event)
                .map_err(|error| Failure::permanent("invalid_meeting", error.to_string()))?;
            received.push(Received {
                event,
                meeting,
                cause,
            });
        }
        let facts = facts_of(self.db.pool(), &received).await?;
        let now = Utc::now();
        let decided: Vec<(Decided, &Cause)> = received
            .iter()
            .filter_map(|received| {
                let facts = facts
                    .get(&received.meeting.workspace)
                    .filter(|facts| facts.loaded)?;
                Some((
                    Decided::new(received, facts, 1, Uuid::now_v7(), now),
                    received.cause,
                ))
            })
            .collect();

        let mut unit = self.db.begin().await?;
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
        let mut rows = Vec::new();
        for ((decided, cause), revision) in decided.into_iter().zip(&revisions) {
            if claimed.contains(revision) {
                unit.emit(&decided.workspace, &decided.event, cause);
                rows.push(decided.row);
            }
        }
        decisions::insert(unit.connection(), &rows).await?;
        unit.commit().await?;
        Ok(meetings.len())
    }
}
