//! The unit of work: what a handler changes and what it announces commit in one transaction.
//!
//! `emit` only buffers. `commit` writes all buffered events with one statement, commits, and wakes the relay.
//! Dropping a unit rolls everything back, claims included, so the message is simply new again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chrono::{SecondsFormat, Utc};
use events::{Event, EventId, WorkspaceId, header};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use tokio::sync::Notify;

use super::{Db, Statements};
use crate::{failure::Failure, telemetry::Cause};

/// Largest event payload we publish, in bytes: the streams' limit (`topology::MESSAGE_BYTES_MAX`) less room for headers.
/// Larger content travels as a claim check.
pub const EMITTED_BYTES_MAX: usize = 980_000;

/// CloudEvents extension attribute: the event that led to this one.
const CE_CAUSATION_ID: &str = "ce-causationid";

/// Which messages of a batch are new to this consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    flags: Vec<bool>,
}

impl Fresh {
    /// A position is fresh when its id was claimed and no earlier position has the same id.
    pub(crate) fn new<'a>(ids: impl Iterator<Item = &'a str>, claimed: Vec<String>) -> Self {
        let mut claimed: HashSet<String> = claimed.into_iter().collect();
        Self {
            flags: ids.map(|id| claimed.remove(id)).collect(),
        }
    }

    /// True when the message at `index` has to be handled.
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        self.flags.get(index).copied().unwrap_or(false)
    }

    /// The positions that have to be handled, in order.
    pub fn indexes(&self) -> impl Iterator<Item = usize> + '_ {
        self.flags
            .iter()
            .enumerate()
            .filter_map(|(index, fresh)| fresh.then_some(index))
    }

    /// True when every message was done before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.flags.contains(&true)
    }

    /// How many messages are new.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flags.iter().filter(|fresh| **fresh).count()
    }
}

/// One open transaction and the events it will publish.
#[derive(Debug)]
pub struct Unit {
    tx: Transaction<'static, Postgres>,
    schema: &'static str,
    statements: Arc<Statements>,
    wake: Arc<Notify>,
    outbox: Outbox,
    refused: Option<String>,
}

#[derive(Debug, Default)]
struct Outbox {
    event_ids: Vec<String>,
    subjects: Vec<String>,
    payloads: Vec<Vec<u8>>,
    headers: Vec<String>,
}

impl Unit {
    pub(crate) fn new(tx: Transaction<'static, Postgres>, db: &Db) -> Self {
        Self {
            tx,
            schema: db.schema(),
            statements: Arc::clone(db.statements()),
            wake: Arc::clone(db.wake()),
            outbox: Outbox::default(),
            refused: None,
        }
    }

    /// The transaction's connection, for the store's statements.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Buffers an event; it is stored by [`Unit::commit`] and published by the relay afterwards.
    ///
    /// `workspace` must be the event's own, and the payload at most [`EMITTED_BYTES_MAX`]; otherwise the commit is
    /// refused, because every consumer would refuse the event.
    pub fn emit<E: Event>(&mut self, workspace: &WorkspaceId, event: &E, cause: &Cause) -> EventId {
        let id = EventId::from_uuid(uuid::Uuid::now_v7());
        let payload = event.encode_to_vec();
        if event.workspace() != workspace.as_str() {
            self.refused = Some(format!(
                "event {} names workspace {:?} but is emitted for {workspace}",
                E::TYPE,
                event.workspace()
            ));
        } else if payload.len() > EMITTED_BYTES_MAX {
            self.refused = Some(format!(
                "event {} has {} bytes and the limit is {EMITTED_BYTES_MAX}: use a claim check",
                E::TYPE,
                payload.len()
            ));
        }
        let headers = self.headers::<E>(&id, cause);
        self.outbox.event_ids.push(id.as_str().to_owned());
        self.outbox.subjects.push(events::subject::<E>(workspace));
        self.outbox.payloads.push(payload);
        self.outbox
            .headers
            .push(serde_json::to_string(&headers).expect("a map of strings always serialises"));
        id
    }

    fn headers<E: Event>(&self, id: &EventId, cause: &Cause) -> BTreeMap<&'static str, String> {
        let mut headers = BTreeMap::from([
            (
                header::CE_SPECVERSION,
                header::CE_SPECVERSION_VALUE.to_owned(),
            ),
            (header::CE_ID, id.as_str().to_owned()),
            (header::CE_TYPE, E::TYPE.to_owned()),
            (header::CE_SOURCE, format!("/ergo/{}", self.schema)),
            (
                header::CE_TIME,
                Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            ),
            (header::CONTENT_TYPE, header::CONTENT_TYPE_VALUE.to_owned()),
        ]);
        if let Some(event_id) = &cause.event_id {
            headers.insert(CE_CAUSATION_ID, event_id.as_str().to_owned());
        }
        if let Some(traceparent) = &cause.traceparent {
            headers.insert(header::TRACEPARENT, traceparent.clone());
            if let Some(tracestate) = &cause.tracestate {
                headers.insert(header::TRACESTATE, tracestate.clone());
            }
        }
        headers
    }

    /// Stores the buffered events with one statement, commits, and wakes the relay.
    ///
    /// # Errors
    /// When Postgres fails or refuses, or an emitted event broke a rule; nothing is stored then. A connection
    /// lost during the commit itself is reported as unavailable although the commit may have happened: the
    /// repetition finds the claims in the inbox and does nothing.
    pub async fn commit(mut self) -> Result<(), Failure> {
        if let Some(reason) = self.refused.take() {
            return Err(Failure::permanent("event_refused", reason));
        }
        let emitted = !self.outbox.event_ids.is_empty();
        if emitted {
            sqlx::query(AssertSqlSafe(Arc::clone(&self.statements.append)))
                .bind(&self.outbox.event_ids)
                .bind(&self.outbox.subjects)
                .bind(&self.outbox.payloads)
                .bind(&self.outbox.headers)
                .execute(&mut *self.tx)
                .await?;
        }
        self.tx.commit().await?;
        if emitted {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Undoes everything now instead of when the connection is reused.
    ///
    /// # Errors
    /// When Postgres cannot be reached; the server then rolls back by itself.
    pub async fn rollback(self) -> Result<(), Failure> {
        Ok(self.tx.rollback().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::Fresh;

    #[test]
    fn a_repeated_id_is_fresh_once() {
        let fresh = Fresh::new(
            ["a", "b", "a", "c"].into_iter(),
            vec!["a".into(), "c".into()],
        );
        assert_eq!(fresh.indexes().collect::<Vec<_>>(), [0, 3]);
        assert_eq!((fresh.len(), fresh.is_empty()), (2, false));
        assert!(fresh.contains(0) && !fresh.contains(1) && !fresh.contains(2));
        assert!(!fresh.contains(99));
    }

    #[test]
    fn a_batch_done_before_is_empty() {
        assert!(Fresh::new(["a"].into_iter(), vec![]).is_empty());
    }
}
