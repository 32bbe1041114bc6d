//! A batch of meetings arrives: one query, pure decisions, one transaction with the decisions and their events.

use super::decided::{Decided, Received, Reconsidered, facts_of};
use super::names::Names;
use crate::store::decisions::{self, MeetingRow};
use crate::store::kept as found_again;
use crate::telemetry::Telemetry;
use crate::wire;
use chassis::{Db, Delivery, Failure, Handler};
use chrono::Utc;
use events::meeting::v1::MeetingProcessed;
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Handles `ergo.meeting.processed.v1.*`.
#[derive(Debug)]
pub struct OnMeetingProcessed {
    db: Db,
    names: Arc<Names>,
    reconsidered: Reconsidered,
    telemetry: Telemetry,
}

impl OnMeetingProcessed {
    /// On this database, with the account names held in memory.
    #[must_use]
    pub fn new(
        db: Db,
        names: Arc<Names>,
        reconsidered: Reconsidered,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            db,
            names,
            reconsidered,
            telemetry,
        }
    }
}

/// The consumer's name in the inbox.
const CONSUMER: &str = "matching__meeting_processed";

impl Handler for OnMeetingProcessed {
    type Event = MeetingProcessed;

    async fn handle(&self, batch: &[Delivery<MeetingProcessed>]) -> Result<(), Failure> {
        let mut received = Vec::with_capacity(batch.len());
        for delivery in batch {
            let meeting = wire::meeting(&delivery.workspace, &delivery.event)
                .map_err(|error| Failure::permanent("invalid_meeting", error.to_string()))?;
            received.push(Received {
                event: &delivery.event,
                meeting,
                cause: &delivery.cause,
            });
        }
        let scope = self
            .db
            .workspaces(batch.iter().map(|delivery| &delivery.workspace));
        let facts = facts_of(&scope, &self.names, &received).await?;
        if let Some(unknown) = received
            .iter()
            .find(|received| !facts.contains_key(&received.meeting.workspace))
        {
            let reason = format!(
                "workspace {} is not known; connect Salesforce for it, wait for its first sync, then replay this message",
                unknown.meeting.workspace
            );
            return Err(Failure::permanent("unknown_workspace", reason));
        }

        let now = Utc::now();
        let mut rows = Vec::with_capacity(batch.len());
        let mut decided = Vec::with_capacity(batch.len());
        for received in &received {
            let facts = &facts[&received.meeting.workspace];
            rows.push(MeetingRow {
                workspace: received.meeting.workspace.as_str().to_owned(),
                id: received.meeting.id.clone(),
                revision: i64::try_from(received.meeting.revision).unwrap_or(i64::MAX),
                body: received.event.encode_to_vec(),
                title: received.meeting.title.clone(),
                started_at: received.meeting.started_at,
                decided: facts.loaded,
                traceparent: received.cause.traceparent.clone(),
            });
            decided.push(
                facts.loaded.then(|| {
                    Decided::new(received, facts, 1, Uuid::now_v7(), now, self.reconsidered)
                }),
            );
        }

        let (mut unit, fresh) = self
            .db
            .begin_batch(CONSUMER, batch.iter().map(Delivery::claim))
            .await?;
        let fresh: BTreeSet<usize> = fresh.indexes().collect();
        let rows: Vec<MeetingRow> = rows
            .into_iter()
            .enumerate()
            .filter(|(index, _)| fresh.contains(index))
            .map(|(_, row)| row)
            .collect();
        let mut kept: BTreeSet<_> = decisions::keep_meetings(unit.connection(), &rows)
            .await?
            .into_iter()
            .collect();
        let (mut written, mut found_by) = (Vec::new(), Vec::new());
        for (index, (delivery, decided)) in batch.iter().zip(decided).enumerate() {
            let Some(decided) = decided.filter(|_| fresh.contains(&index)) else {
                continue;
            };
            // The same revision under another event id, or an older one, changes nothing; each kept one is written once.
            if !kept.remove(&(
                decided.row.workspace.clone(),
                decided.row.meeting_id.clone(),
                decided.row.revision,
            )) {
                tracing::info!(
                    parent: delivery.span(),
                    meeting.id = decided.row.meeting_id,
                    meeting.revision = decided.row.revision,
                    "meeting revision is known or superseded, nothing to do"
                );
                continue;
            }
            tracing::info!(
                parent: delivery.span(),
                meeting.id = decided.row.meeting_id,
                match.outcome = decided.row.outcome,
                "meeting matched against the org"
            );
            unit.emit(&decided.workspace, &decided.event, &delivery.cause);
            written.push(decided.row);
            found_by.push(decided.kept);
        }
        decisions::insert(unit.connection(), &written).await?;
        found_again::keep(unit.connection(), &found_by).await?;
        unit.commit().await?;
        self.telemetry
            .decided(written.iter().map(|row| row.outcome));
        Ok(())
    }
}
