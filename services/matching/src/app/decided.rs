//! From received meetings to decisions ready to be written: one query for all of them, then pure.

use super::names::Names;
use crate::domain::affected::keys_kept;
use crate::domain::decide::decide;
use crate::domain::facts::Facts;
use crate::domain::keys::keys;
use crate::domain::meeting::Meeting;
use crate::domain::named::named;
use crate::domain::series::series_keys;
use crate::store::decisions::DecisionRow;
use crate::store::facts::{Loaded, Question, load};
use crate::store::kept::Kept;
use crate::wire;
use chassis::{Cause, Scope};
use chrono::{DateTime, TimeDelta, Utc};
use events::matching::v1::MatchDecided;
use events::meeting::v1::MeetingProcessed;
use events::{Event, WorkspaceId};
use prost::Message;
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
    /// What finds the meeting again when something changes.
    pub kept: Kept,
}

/// How long a meeting is decided again when something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconsidered {
    /// Days from the decision.
    pub days: i64,
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
        reconsidered: Reconsidered,
    ) -> Self {
        let meeting = &received.meeting;
        let outcome = decide(meeting, facts);
        let decision = wire::decided(meeting, &outcome, id, sequence, now);
        let word = wire::outcome_word(decision.outcome());
        let row = DecisionRow {
            workspace: meeting.workspace.as_str().to_owned(),
            meeting_id: meeting.id.clone(),
            revision: i64::try_from(meeting.revision).unwrap_or(i64::MAX),
            sequence,
            id,
            outcome: word,
            body: decision.encode_to_vec(),
            trace_id: received.cause.trace_id().unwrap_or_default().to_owned(),
            decided_at: now,
        };
        let kept = Kept {
            workspace: row.workspace.clone(),
            meeting_id: row.meeting_id.clone(),
            keys: keys_kept(meeting, &keys(meeting), &outcome)
                .into_iter()
                .collect(),
            outcome: word,
            open_until: (reconsidered.days > 0).then(|| now + TimeDelta::days(reconsidered.days)),
            started_at: meeting.started_at,
            series: series_keys(meeting).into_iter().collect(),
            account_id: outcome.account_id.clone(),
            opportunity_id: outcome.opportunity_id.clone(),
            by_person: outcome.chosen_by.is_some(),
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
            kept,
        }
    }
}

/// What is known about all of them, with one query; a second only where account names have changed since they were read.
///
/// # Errors
/// When Postgres does not answer.
pub async fn facts_of(
    scope: &Scope,
    names: &Names,
    received: &[Received<'_>],
) -> Result<HashMap<WorkspaceId, Facts>, sqlx::Error> {
    let meetings: Vec<&Meeting> = received.iter().map(|received| &received.meeting).collect();
    let mut loaded = asked(scope, names, &meetings).await?;
    let mut outdated = false;
    for (workspace, loaded) in &loaded {
        outdated |= names
            .outdated(workspace.as_str(), loaded.names_version)
            .await;
    }
    if outdated {
        loaded = asked(scope, names, &meetings).await?;
    }
    Ok(loaded
        .into_iter()
        .map(|(workspace, loaded)| (workspace, loaded.facts))
        .collect())
}

async fn asked(
    scope: &Scope,
    names: &Names,
    meetings: &[&Meeting],
) -> Result<HashMap<WorkspaceId, Loaded>, sqlx::Error> {
    let mut questions = Vec::with_capacity(meetings.len());
    let mut found = Vec::new();
    for meeting in meetings {
        let mut question = Question {
            workspace: meeting.workspace.clone(),
            meeting_id: meeting.id.clone(),
            started_at: meeting.started_at,
            keys: keys(meeting),
        };
        if let Some(names) = names.of(scope, meeting.workspace.as_str()).await? {
            let hits = named(meeting, &names.index, |number| names.id(number));
            let said = names.phrases.found(meeting);
            let keys = &mut question.keys;
            keys.named_accounts = hits.iter().map(|hit| hit.account_id.clone()).collect();
            for phrase in &said {
                keys.named_accounts.extend(some(&phrase.account_id));
                keys.named_opportunities
                    .extend(some(&phrase.opportunity_id));
            }
            found.push((meeting.workspace.clone(), meeting.id.clone(), hits, said));
        }
        questions.push(question);
    }
    let mut loaded = load(scope, &questions).await?;
    for (workspace, meeting, hits, said) in found {
        if let Some(loaded) = loaded.get_mut(&workspace) {
            loaded.facts.phrases.insert(meeting.clone(), said);
            loaded.facts.named.insert(meeting, hits);
        }
    }
    Ok(loaded)
}

fn some(id: &str) -> Option<String> {
    (!id.is_empty()).then(|| id.to_owned())
}
