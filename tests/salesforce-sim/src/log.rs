//! What was written: every committed save, and separately every attempt that left nothing behind.
//!
//! Entries share the row versions of the store and are turned into names and text only when read,
//! so logging costs a save next to nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::id::Id;
use crate::org::Org;
use crate::store::Row;

/// Kind of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A row was created.
    Create,
    /// A row was changed.
    Update,
    /// A row went to the recycle bin.
    Delete,
    /// A row came back from the recycle bin.
    Undelete,
}

/// Who saved, and under which request.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// User name.
    pub username: String,
    /// `client=` of `Sforce-Call-Options`, or the connected app.
    pub client: String,
    /// `X-Request-Id` of the request, or a number of our own.
    pub request_id: String,
    /// `traceparent` of the request.
    pub traceparent: String,
}

/// A committed save, compact.
#[derive(Debug)]
pub struct Entry {
    /// Position in the log, from 1.
    pub seq: u64,
    at_ms: i64,
    user: Id,
    origin: Arc<Origin>,
    object: u16,
    operation: Operation,
    id: Id,
    before: Option<Arc<Row>>,
    after: Option<Arc<Row>>,
    sent: Vec<u16>,
    caused_by_save: bool,
}

/// A save as handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteLogEntry {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// User id.
    pub user_id: String,
    /// User name.
    pub username: String,
    /// Client name.
    pub client: String,
    /// Request id.
    pub request_id: String,
    /// Trace context of the request, empty when none came.
    pub traceparent: String,
    /// Object name.
    pub object: String,
    /// Record id.
    pub id: String,
    /// Kind of save.
    pub operation: Operation,
    /// Changed fields before; empty for a create.
    pub before: Map<String, Json>,
    /// Changed fields after; empty for a delete.
    pub after: Map<String, Json>,
    /// Fields the caller sent.
    pub sent: Vec<String>,
    /// Fields changed by the org itself.
    pub side_effects: Vec<String>,
    /// The whole row was written by the org itself as a consequence of another save.
    pub automatic: bool,
}

/// A save that left nothing behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Position in the attempts log, from 1.
    pub seq: u64,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// User name.
    pub username: String,
    /// Client name.
    pub client: String,
    /// Request id.
    pub request_id: String,
    /// Object name.
    pub object: String,
    /// Record id, when known.
    pub id: Option<String>,
    /// Kind of save.
    pub operation: Operation,
    /// Fields the caller sent.
    pub sent: Vec<String>,
    /// Error codes; empty when the save itself was fine and was rolled back with its neighbours.
    pub codes: Vec<String>,
    /// Whether the save had succeeded before the rollback.
    pub rolled_back: bool,
}

/// A save that is part of a transaction and not yet committed.
#[derive(Debug)]
pub struct Pending {
    /// Object number.
    pub object: u16,
    /// Record.
    pub id: Id,
    /// Kind of save.
    pub operation: Operation,
    /// Version before.
    pub before: Option<Arc<Row>>,
    /// Version after.
    pub after: Option<Arc<Row>>,
    /// Slots the caller sent.
    pub sent: Vec<u16>,
    /// Written by the org itself.
    pub automatic: bool,
}

/// Both logs.
#[derive(Debug)]
pub struct WriteLog {
    entries: VecDeque<Entry>,
    attempts: VecDeque<Attempt>,
    entries_max: usize,
    next_entry: u64,
    next_attempt: u64,
}

impl WriteLog {
    /// Empty logs that keep the newest `entries_max` entries each.
    pub fn new(entries_max: usize) -> WriteLog {
        WriteLog {
            entries: VecDeque::new(),
            attempts: VecDeque::new(),
            entries_max,
            next_entry: 1,
            next_attempt: 1,
        }
    }

    /// Appends a committed save.
    pub fn commit(&mut self, pending: Pending, user: Id, origin: &Arc<Origin>, at_ms: i64) {
        if self.entries.len() >= self.entries_max {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            seq: self.next_entry,
            at_ms,
            user,
            origin: Arc::clone(origin),
            object: pending.object,
            operation: pending.operation,
            id: pending.id,
            before: pending.before,
            after: pending.after,
            sent: pending.sent,
            caused_by_save: pending.automatic,
        });
        self.next_entry += 1;
    }

    /// Appends an attempt that left nothing behind.
    pub fn attempt(&mut self, mut attempt: Attempt) {
        if self.attempts.len() >= self.entries_max {
            self.attempts.pop_front();
        }
        attempt.seq = self.next_attempt;
        self.next_attempt += 1;
        self.attempts.push_back(attempt);
    }

    /// Number of saves committed since the start.
    pub fn committed(&self) -> u64 {
        self.next_entry - 1
    }

    /// Attempts after `seq`, oldest first, at most `limit`.
    pub fn attempts(&self, after_seq: u64, limit: usize) -> Vec<Attempt> {
        self.attempts
            .iter()
            .filter(|attempt| attempt.seq > after_seq)
            .take(limit)
            .cloned()
            .collect()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.attempts.clear();
    }
}

/// Committed saves after `seq`, oldest first, at most `limit`.
pub fn entries(org: &Org, after_seq: u64, limit: usize) -> Vec<WriteLogEntry> {
    let from = org
        .log
        .entries
        .partition_point(|entry| entry.seq <= after_seq);
    org.log
        .entries
        .iter()
        .skip(from)
        .take(limit)
        .map(|entry| render(org, entry))
        .collect()
}

fn render(org: &Org, entry: &Entry) -> WriteLogEntry {
    let object = org.schema.object(entry.object);
    let (mut before, mut after, mut side_effects) = (Map::new(), Map::new(), Vec::new());
    for (slot, field) in object.fields.iter().enumerate() {
        let slot = slot as u16;
        if field.computed.is_some() {
            continue;
        }
        let old = entry.before.as_deref().map(|row| row.get(slot));
        let new = entry.after.as_deref().map(|row| row.get(slot));
        if old == new
            || (old.is_none_or(|old| old.is_null()) && new.is_none_or(|new| new.is_null()))
        {
            continue;
        }
        if let Some(old) = old {
            before.insert(field.name.clone(), old.to_json());
        }
        if let Some(new) = new {
            after.insert(field.name.clone(), new.to_json());
        }
        if !entry.sent.contains(&slot) {
            side_effects.push(field.name.clone());
        }
    }
    WriteLogEntry {
        seq: entry.seq,
        at_ms: entry.at_ms,
        user_id: entry.user.to_string(),
        username: entry.origin.username.clone(),
        client: entry.origin.client.clone(),
        request_id: entry.origin.request_id.clone(),
        traceparent: entry.origin.traceparent.clone(),
        object: object.name.clone(),
        id: entry.id.to_string(),
        operation: entry.operation,
        before,
        after,
        sent: entry
            .sent
            .iter()
            .map(|slot| object.fields[usize::from(*slot)].name.clone())
            .collect(),
        side_effects,
        automatic: entry.caused_by_save,
    }
}
