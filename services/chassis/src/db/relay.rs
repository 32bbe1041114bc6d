//! The outbox relay: publishes what units have committed, in order of their rows, and forgets what JetStream confirmed.
//!
//! One relay per schema works at a time, over all replicas: it holds a session advisory lock on the very connection it
//! reads and deletes with, so losing the lock and losing the ability to act are one event. The others stand by and
//! pass on wake-ups. No transaction is open while the network is used. A crash after publishing and before deleting
//! publishes again with the same `Nats-Msg-Id`; JetStream or the reader's inbox drops the second.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use async_nats::HeaderMap;
use events::header;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Db, assume_role};
use crate::{
    backoff,
    backoff::Backoff,
    bus::{Bus, Outgoing, publish_all},
    telemetry::{self, Cause, Metrics},
};

/// Rows published at once: pipelining beyond this gains nothing measurable (platform guide 1).
const BATCH_ROWS_MAX: i64 = 256;
/// Longest time a row waits when no wake-up arrived, in milliseconds.
const POLL_MS: u64 = 100;
/// How often a standby tries to take over, in milliseconds.
const STANDBY_MS: u64 = 1_000;
/// Wake-ups passed on by a standby are at least this far apart, in milliseconds.
const NUDGE_MS: u64 = 10;
/// Longest time one pass may take, in seconds: a connection that died silently must not hold the relay for ever.
const PASS_TIMEOUT_S: u64 = 30;
/// How often depth and age of the backlog are measured, in seconds.
const MEASURE_S: u64 = 5;

/// The relay of one service.
pub(crate) struct Relay {
    pub(crate) db: Db,
    pub(crate) bus: Bus,
    pub(crate) connect: PgConnectOptions,
    pub(crate) metrics: Metrics,
}

impl Relay {
    /// Runs until `stop`, then publishes what is left before it returns.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut failures = 0_u64;
        while !stop.is_cancelled() {
            let began = Instant::now();
            if let Err(error) = self.session(&stop).await {
                failures = if began.elapsed() > Duration::from_secs(30) {
                    1
                } else {
                    failures + 1
                };
                let delay = Backoff::RECONNECT.delay(failures, backoff::jitter());
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the relay stopped, trying again"
                );
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(delay) => {}
                }
            }
        }
        Ok(())
    }

    /// One database session: stand by until the lock is ours, then relay until something breaks.
    async fn session(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect_with(&self.connect)
            .await
            .context("postgres cannot be reached")?;
        assume_role(&mut connection, self.db.schema())
            .await
            .context("the relay may not act as the service's role")?;
        let nudge_subject = format!("ergo.nudge.{}", self.db.schema());
        loop {
            let leads: bool =
                sqlx::query_scalar(AssertSqlSafe(Arc::clone(&self.db.statements().lead)))
                    .fetch_one(&mut connection)
                    .await
                    .context("the relay's lock cannot be asked for")?;
            if leads {
                tracing::debug!(schema = self.db.schema(), "this process relays the outbox");
                return self.lead(&mut connection, &nudge_subject, stop).await;
            }
            let until = Instant::now() + Duration::from_millis(STANDBY_MS);
            loop {
                tokio::select! {
                    // Another replica relays what is left.
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep_until(until) => break,
                    () = self.db.wake().notified() => {
                        // Lost nudges do no harm: the leader polls.
                        self.bus.client().publish(nudge_subject.clone(), bytes::Bytes::new()).await.ok();
                        tokio::time::sleep(Duration::from_millis(NUDGE_MS)).await;
                    }
                }
            }
        }
    }

    async fn lead(
        &self,
        connection: &mut PgConnection,
        nudge_subject: &str,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut nudges = self
            .bus
            .client()
            .subscribe(nudge_subject.to_owned())
            .await
            .context("nudges cannot be subscribed to")?;
        let mut measured: Option<Instant> = None;
        let mut failures = 0_u64;
        loop {
            if measured.is_none_or(|at| at.elapsed() >= Duration::from_secs(MEASURE_S)) {
                self.measure(connection).await?;
                measured = Some(Instant::now());
            }
            let limit = Duration::from_secs(PASS_TIMEOUT_S);
            let pass = tokio::time::timeout(limit, self.pass(connection))
                .await
                .context("a pass over the outbox took too long")??;
            if pass.failed == 0 {
                failures = 0;
                if pass.sent == usize::try_from(BATCH_ROWS_MAX).unwrap_or(usize::MAX) {
                    continue;
                }
                if stop.is_cancelled() {
                    return Ok(());
                }
            } else {
                failures += 1;
                if stop.is_cancelled() {
                    // The rows stay; the next start or another replica publishes them.
                    return Ok(());
                }
            }
            let pause = if pass.failed == 0 {
                Duration::from_millis(POLL_MS)
            } else {
                Backoff::RECONNECT.delay(failures, backoff::jitter())
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
                () = self.db.wake().notified(), if pass.failed == 0 => {}
                Some(_) = futures::StreamExt::next(&mut nudges), if pass.failed == 0 => {}
            }
        }
    }

    /// Reads the oldest rows, publishes them, deletes the confirmed ones.
    async fn pass(&self, connection: &mut PgConnection) -> anyhow::Result<Pass> {
        let rows = sqlx::query(AssertSqlSafe(Arc::clone(&self.db.statements().unsent)))
            .bind(BATCH_ROWS_MAX)
            .fetch_all(&mut *connection)
            .await
            .context("the outbox cannot be read")?;
        if rows.is_empty() {
            return Ok(Pass::default());
        }
        let mut ids = Vec::with_capacity(rows.len());
        let mut spans = Vec::with_capacity(rows.len());
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, outgoing, span) = read(&row).context("an outbox row cannot be read")?;
            ids.push(id);
            messages.push(outgoing);
            spans.push(span);
        }
        let answers = publish_all(&self.bus, messages)
            .instrument(tracing::debug_span!("relay", rows = ids.len()))
            .await;
        let mut confirmed = Vec::with_capacity(ids.len());
        let mut first_failure = None;
        for (id, answer) in ids.iter().zip(answers) {
            match answer {
                Ok(_) => confirmed.push(*id),
                Err(failure) => first_failure = first_failure.or(Some(failure)),
            }
        }
        drop(spans);
        let pass = Pass {
            sent: confirmed.len(),
            failed: ids.len() - confirmed.len(),
        };
        if !confirmed.is_empty() {
            sqlx::query(AssertSqlSafe(Arc::clone(&self.db.statements().sent)))
                .bind(&confirmed)
                .execute(&mut *connection)
                .await
                .context("published rows cannot be removed, they will be published again")?;
        }
        let count = |events: usize| u64::try_from(events).unwrap_or(u64::MAX);
        self.metrics.relayed("ok", count(pass.sent));
        if let Some(failure) = first_failure {
            self.metrics.relayed("failed", count(pass.failed));
            tracing::warn!(
                events = pass.failed,
                reason = failure.chain(),
                "events could not be published, they wait in the outbox"
            );
        }
        Ok(pass)
    }

    async fn measure(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let row = sqlx::query(AssertSqlSafe(Arc::clone(&self.db.statements().backlog)))
            .fetch_one(connection)
            .await
            .context("the outbox cannot be measured")?;
        self.metrics
            .backlog(row.try_get("depth")?, row.try_get("age_s")?);
        Ok(())
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Pass {
    sent: usize,
    failed: usize,
}

/// A row as a message, inside a publish span of the trace that caused it. The span lives until the answers are in.
fn read(row: &sqlx::postgres::PgRow) -> anyhow::Result<(i64, Outgoing, tracing::Span)> {
    let event_id: String = row.try_get("event_id")?;
    let stored: BTreeMap<String, String> = serde_json::from_str(row.try_get("headers")?)?;
    let subject: String = row.try_get("subject")?;
    let template = stored.get(header::CE_TYPE).map_or("", String::as_str);
    let span = tracing::info_span!(
        parent: None,
        "publish",
        otel.name = %format_args!("publish {template}"),
        otel.kind = "producer",
        messaging.system = "nats",
        messaging.operation.name = "publish",
        messaging.operation.type = "send",
        messaging.destination.template = template,
        messaging.message.id = event_id,
    );
    let cause = Cause {
        traceparent: stored.get(header::TRACEPARENT).cloned(),
        tracestate: stored.get(header::TRACESTATE).cloned(),
        event_id: None,
    };
    cause.adopt(&span);
    let mut headers = HeaderMap::new();
    for (name, value) in &stored {
        headers.insert(name.as_str(), value.as_str());
    }
    if let Some(traceparent) = telemetry::current(&span, Some(&cause)).traceparent {
        headers.insert(header::TRACEPARENT, traceparent.as_str());
    }
    let outgoing = Outgoing {
        subject,
        message_id: event_id,
        headers,
        payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
    };
    Ok((row.try_get("id")?, outgoing, span))
}
