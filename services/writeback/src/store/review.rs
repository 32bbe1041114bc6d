//! Reads changes for people, and writes what they decide.

use std::collections::BTreeMap;

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{reasons_from, unreadable};
use crate::domain::change::{Action, Reason, State};
use crate::domain::meeting::Evidence;
use crate::domain::rehearsal::Rehearsed;
use crate::domain::risk::Risk;

/// One change with everything known about it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The change.
    pub id: Uuid,
    /// Its set.
    pub change_set_id: Uuid,
    /// The meeting.
    pub meeting_id: String,
    /// What it does.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// The record.
    pub record_id: String,
    /// The field.
    pub field: String,
    /// The mapping entry.
    pub entry_id: String,
    /// Version of the mapping.
    pub mapping_version: i64,
    /// JSON.
    pub baseline: Option<String>,
    /// JSON.
    pub proposed: Option<String>,
    /// JSON.
    pub observed: Option<String>,
    /// 0 to 1.
    pub confidence: f64,
    /// What was said.
    pub evidence: Vec<Evidence>,
    /// Where it stands.
    pub state: State,
    /// Everything said of it.
    pub reasons: Vec<Reason>,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// When its state last changed.
    pub changed_at: DateTime<Utc>,
    /// Who decided.
    pub decided_by: String,
    /// The meeting's trace.
    pub traceparent: Option<String>,
    /// Grows with each change of state.
    pub version: i64,
    /// Its lane.
    pub lane: String,
    /// From history.
    pub priority: i16,
    /// What its newest rehearsal showed.
    pub rehearsal: Option<Rehearsed>,
    /// The change it takes back.
    pub undoes: Option<Uuid>,
    /// How risky it is.
    pub risk: Risk,
    /// Owner of the record when it was judged; empty when not read.
    pub owner_id: String,
    /// The backfill it belongs to.
    pub backfill_id: Option<Uuid>,
}

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) change_set_id: Uuid,
    pub(super) meeting_id: String,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) record_id: String,
    pub(super) field: String,
    pub(super) entry_id: String,
    pub(super) mapping_version: i64,
    pub(super) baseline: Option<String>,
    pub(super) proposed: Option<String>,
    pub(super) observed: Option<String>,
    pub(super) confidence: f64,
    pub(super) evidence: String,
    pub(super) state: String,
    pub(super) reasons: String,
    pub(super) proposed_at: DateTime<Utc>,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) decided_by: String,
    pub(super) traceparent: Option<String>,
    pub(super) version: i64,
    pub(super) lane: String,
    pub(super) priority: i16,
    pub(super) rehearsal: Option<String>,
    pub(super) undoes: Option<Uuid>,
    pub(super) risk: i16,
    pub(super) owner_id: String,
    pub(super) backfill_id: Option<Uuid>,
}

impl Row {
    pub(super) fn shown(self) -> Result<Shown, Failure> {
        Ok(Shown {
            action: Action::parse(&self.action).ok_or_else(|| unreadable("action"))?,
            state: State::parse(&self.state).ok_or_else(|| unreadable("state"))?,
            reasons: reasons_from(&self.reasons)?,
            evidence: serde_json::from_str(&self.evidence).map_err(|_| unreadable("evidence"))?,
            id: self.id,
            change_set_id: self.change_set_id,
            meeting_id: self.meeting_id,
            object: self.object,
            record_id: self.record_id,
            field: self.field,
            entry_id: self.entry_id,
            mapping_version: self.mapping_version,
            baseline: self.baseline,
            proposed: self.proposed,
            observed: self.observed,
            confidence: self.confidence,
            proposed_at: self.proposed_at,
            changed_at: self.changed_at,
            decided_by: self.decided_by,
            traceparent: self.traceparent,
            version: self.version,
            lane: self.lane,
            priority: self.priority,
            undoes: self.undoes,
            risk: Risk::from_score(self.risk),
            owner_id: self.owner_id,
            backfill_id: self.backfill_id,
            rehearsal: self
                .rehearsal
                .map(|json| serde_json::from_str(&json).map_err(|_| unreadable("rehearsal")))
                .transpose()?,
        })
    }
}

/// The changes of sets, by set and in order.
///
/// # Errors
/// When Postgres fails.
pub async fn of_sets(
    scope: &Scope,
    workspace: &str,
    sets: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Shown>>, Failure> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, change_set_id, meeting_id, action, object, record_id, field, entry_id, mapping_version,
             baseline::text as baseline, proposed::text as proposed, observed::text as observed, confidence,
             evidence::text as "evidence!", state, reasons::text as "reasons!", proposed_at, changed_at, decided_by,
             traceparent, version, lane, priority, rehearsal::text as rehearsal, undoes, risk, owner_id, backfill_id
           from writeback.change where workspace = $1 and change_set_id = any($2) order by id"#,
        workspace,
        sets
    )
    .fetch_all(scope)
    .await?;
    let mut by_set: BTreeMap<Uuid, Vec<Shown>> = BTreeMap::new();
    for row in rows {
        let shown = row.shown()?;
        by_set.entry(shown.change_set_id).or_default().push(shown);
    }
    Ok(by_set)
}

/// Changes by id, locked for a decision.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(
    connection: &mut PgConnection,
    workspace: &str,
    ids: &[Uuid],
) -> Result<Vec<Shown>, Failure> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, change_set_id, meeting_id, action, object, record_id, field, entry_id, mapping_version,
             baseline::text as baseline, proposed::text as proposed, observed::text as observed, confidence,
             evidence::text as "evidence!", state, reasons::text as "reasons!", proposed_at, changed_at, decided_by,
             traceparent, version, lane, priority, rehearsal::text as rehearsal, undoes, risk, owner_id, backfill_id
           from writeback.change where workspace = $1 and id = any($2) order by id for update"#,
        workspace,
        ids
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::shown).collect()
}

/// Changes by id.
///
/// # Errors
/// When Postgres fails.
pub async fn by_ids(scope: &Scope, workspace: &str, ids: &[Uuid]) -> Result<Vec<Shown>, Failure> {
    let mut tx = scope.transaction().await?;
    let shown = lock(&mut tx, workspace, ids).await;
    tx.rollback().await?;
    shown
}

/// How many changes are in each state.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(scope: &Scope, workspace: &str) -> Result<Vec<(State, u64)>, Failure> {
    let rows = sqlx::query!(
        r#"select state, count(*) as "count!" from writeback.change where workspace = $1 group by state"#,
        workspace
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = State::parse(&row.state).ok_or_else(|| unreadable("state"))?;
            Ok((state, u64::try_from(row.count).unwrap_or(0)))
        })
        .collect()
}

/// A person's decision about one change.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The change.
    pub id: Uuid,
    /// Approved or dismissed.
    pub state: State,
    /// The value instead, JSON; `None` keeps it.
    pub edited: Option<String>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Writes decisions.
///
/// # Errors
/// When Postgres fails.
pub async fn decide(connection: &mut PgConnection, decided: &[Decided]) -> Result<(), Failure> {
    if decided.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = decided.iter().map(|row| row.id).collect();
    let states: Vec<String> = decided
        .iter()
        .map(|row| row.state.as_str().to_owned())
        .collect();
    let edited: Vec<Option<String>> = decided.iter().map(|row| row.edited.clone()).collect();
    let by: Vec<String> = decided.iter().map(|row| row.by.clone()).collect();
    let reasons: Vec<String> = decided.iter().map(|row| row.reason.clone()).collect();
    sqlx::query!(
        "update writeback.change c set state = row.state, version = c.version + 1, regate = false,
           piece = coalesce(row.edited::jsonb, c.proposed, c.piece), proposed = coalesce(row.edited::jsonb, c.proposed),
           decided_by = row.decided_by, decision_reason = row.reason, decided_at = now(), changed_at = now(),
           not_before = now(), attempts = 0,
           -- What was rehearsed is what was proposed.
           rehearsal = case when row.edited is null then c.rehearsal end
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
           as row (id, state, edited, decided_by, reason)
         where c.id = row.id",
        &ids,
        &states,
        &edited as &[Option<String>],
        &by,
        &reasons,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When a write was last confirmed, and the version of the mapping in use.
///
/// # Errors
/// When Postgres fails.
pub async fn last_applied_at(
    scope: &Scope,
    workspace: &str,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let row = sqlx::query_scalar!(
        "select last_applied_at from writeback.usage where workspace = $1",
        workspace
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.flatten())
}
