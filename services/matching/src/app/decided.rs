//! From received meetings to decisions ready to be written: one query for all of them, then pure.

use crate::domain::decide::decide;
use crate::domain::facts::Facts;
use crate::domain::keys::keys;
use crate::domain::meeting::Meeting;
use crate::store::decisions::DecisionRow;
use crate::store::facts::{Question, load};
use crate::wire;
use chassis::Cause;
use chrono::{DateTime, Utc};
use events::matching::v1::MatchDecided;
use events::meeting::v1::MeetingProcessed;
use events::{Event, WorkspaceId};
use prost::Message;
use sqlx::PgPool;
use std::collections::HashMap;
use uuid::Uuid;

/// A meeting that was received: as upstream sent it and as matching reads it.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    /// As sent.
    pub event: &'a MeetingProcessed,
    /// As read.
    pub meeting: Meeting,
    /// What ties it to its trace.
    pub cause: &'a Cause,
}

/// A decision with the event that announces it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The row.
    pub row: DecisionRow,
    /// The event.
    pub event: MatchDecided,
    /// The workspace it is emitted for.
    pub workspace: WorkspaceId,
}

impl Decided {
    /// Decides one meeting against `facts`. The time and the id are arguments: the decision itself has neither.
    #[must_use]
    pub fn new(
        received: &Received<'_>,
        facts: &Facts,
        sequence: i64,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Self {
        let meeting = &received.meeting;
        let decision = wire::decided(meeting, &decide(meeting, facts), id, sequence, now);
        let row = DecisionRow {
            workspace: meeting.workspace.as_str().to_owned(),
            meeting_id: meeting.id.clone(),
            revision: i64::try_from(meeting.revision).unwrap_or(i64::MAX),
            sequence,
            id,
            outcome: wire::outcome_word(decision.outcome()),
            body: decision.encode_to_vec(),
            trace_id: received.cause.trace_id().unwrap_or_default().to_owned(),
            decided_at: now,
        };
        let event = MatchDecided {
            decision: Some(decision),
            meeting: Some(received.event.clone()),
        };
        debug_assert_eq!(event.workspace(), meeting.workspace.as_str());
        Self {
            row,
            event,
            workspace: meeting.workspace.clone(),
        }
    }
}

/// What is known about all of them, with one query.
///
/// # Errors
/// When Postgres does not answer.
pub async fn facts_of(
    pool: &PgPool,
    received: &[Received<'_>],
) -> Result<HashMap<WorkspaceId, Facts>, sqlx::Error> {
    let questions: Vec<Question> = received
        .iter()
        .map(|received| Question {
            workspace: received.meeting.workspace.clone(),
            meeting_id: received.meeting.id.clone(),
            started_at: received.meeting.started_at,
            keys: keys(&received.meeting),
        })
        .collect();
    load(pool, &questions).await
}
