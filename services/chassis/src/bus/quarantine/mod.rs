//! Where messages go that cannot be handled, and how a person brings them back.
//!
//! A quarantined message keeps its payload and all its headers and gains `Ergo-Quarantine-*`: who refused it, why,
//! and where it came from. Replaying publishes it again on its own subject with its own `ce-id`, so consumers that
//! were content with it notice nothing, and removes it from here.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
    },
};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use events::header;
use futures::StreamExt;

mod put;

pub(crate) use put::{Origin, put};
use put::{one_line, token};

use super::{Bus, JETSTREAM_TIMEOUT_S, Outgoing, publish_all};

/// The stream's name.
pub const STREAM: &str = "QUARANTINE";
/// Most items one list returns.
pub const LIST_ITEMS_MAX: usize = 500;
/// When a message was replayed, RFC 3339, on the replayed message.
pub const REPLAYED_AT: &str = "Ergo-Replayed-At";
/// Set when the payload was too large to be kept here; it is still in its stream under its sequence.
pub const PAYLOAD_OMITTED: &str = "Ergo-Quarantine-Payload-Omitted";
/// The original `Nats-Msg-Id`, which the quarantined message cannot keep as its own.
const ORIGINAL_MESSAGE_ID: &str = "Ergo-Quarantine-Message-Id";

/// One message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place in the quarantine: the handle for show, replay and forget.
    pub sequence: u64,
    /// The service that refused it.
    pub service: String,
    /// The machine-readable reason.
    pub code: String,
    /// The reason for a person.
    pub reason: String,
    /// Subject it came on.
    pub subject: String,
    /// Stream it came from.
    pub stream: String,
    /// Its sequence there.
    pub stream_sequence: u64,
    /// The consumer that refused it.
    pub consumer: String,
    /// How often it was delivered.
    pub attempts: u64,
    /// When it was set aside.
    pub at: Option<DateTime<Utc>>,
    /// The event's id, when it had one.
    pub event_id: Option<String>,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
    /// Size of the payload kept, in bytes; 0 in lists.
    pub payload_bytes: usize,
}

/// An item with its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is known about it.
    pub item: Item,
    /// The payload as it came: customer content, never to be logged.
    pub payload: Bytes,
}

/// Reads, replays and forgets what was set aside.
#[derive(Debug, Clone)]
pub struct Store {
    bus: Bus,
}

impl Store {
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Items after `after_sequence` (0 for the oldest), oldest first, at most `items_max` (and [`LIST_ITEMS_MAX`]);
    /// of one service, or of all.
    ///
    /// # Errors
    /// When JetStream cannot be read.
    pub async fn list(
        &self,
        service: Option<&str>,
        after_sequence: u64,
        items_max: usize,
    ) -> anyhow::Result<Vec<Item>> {
        let items_max = items_max.min(LIST_ITEMS_MAX);
        let service = service.map_or_else(|| "*".to_owned(), token);
        let config = pull::Config {
            filter_subject: format!("ergo.quarantine.{service}.*"),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: after_sequence + 1,
            },
            ack_policy: AckPolicy::None,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(30),
            ..pull::Config::default()
        };
        let consumer: PullConsumer = self
            .bus
            .jetstream()
            .create_consumer_on_stream(config, STREAM)
            .await
            .context("the quarantine cannot be listed")?;
        let wanted = usize::try_from(consumer.cached_info().num_pending)
            .unwrap_or(usize::MAX)
            .min(items_max);
        let mut items = Vec::with_capacity(wanted);
        if wanted > 0 {
            let mut messages = consumer
                .fetch()
                .max_messages(wanted)
                .expires(Duration::from_secs(JETSTREAM_TIMEOUT_S))
                .messages()
                .await
                .context("the quarantine cannot be listed")?;
            while let Some(message) = messages.next().await {
                let message = message
                    .map_err(|error| anyhow::anyhow!("the quarantine cannot be listed: {error}"))?;
                let sequence = message
                    .info()
                    .map_err(|error| anyhow::anyhow!("a listed message has no sequence: {error}"))?
                    .stream_sequence;
                items.push(item(
                    sequence,
                    message.subject.as_str(),
                    message.headers.as_ref(),
                    0,
                ));
            }
        }
        let name = consumer.cached_info().name.clone();
        self.bus
            .jetstream()
            .delete_consumer_from_stream(name, STREAM)
            .await
            .ok();
        Ok(items)
    }

    /// One item with its payload, or `None` when it is not there (any more).
    ///
    /// # Errors
    /// When JetStream cannot be read.
    pub async fn show(&self, sequence: u64) -> anyhow::Result<Option<Entry>> {
        let Some(raw) = self.raw(sequence).await? else {
            return Ok(None);
        };
        Ok(Some(Entry {
            item: item(
                sequence,
                raw.subject.as_str(),
                Some(&raw.headers),
                raw.payload.len(),
            ),
            payload: raw.payload,
        }))
    }

    /// Publishes the original again, on its own subject and with its own event id, and removes it from here.
    ///
    /// `actor` is who asked, as in audit records; it travels with the message. Returns the item replayed.
    ///
    /// # Errors
    /// When the item is gone, its payload was not kept, or JetStream refuses.
    pub async fn replay(&self, sequence: u64, actor: &str) -> anyhow::Result<Item> {
        let raw = self
            .raw(sequence)
            .await?
            .with_context(|| format!("quarantine item {sequence} is not there"))?;
        let found = item(
            sequence,
            raw.subject.as_str(),
            Some(&raw.headers),
            raw.payload.len(),
        );
        anyhow::ensure!(
            raw.headers.get(PAYLOAD_OMITTED).is_none(),
            "quarantine item {sequence} was too large to keep: publish it again at its source"
        );
        anyhow::ensure!(
            !found.subject.is_empty(),
            "quarantine item {sequence} does not name its subject"
        );
        let mut headers = HeaderMap::new();
        for (name, values) in raw.headers.iter() {
            let name: &str = name.as_ref();
            if !name.starts_with("Nats-") && !name.starts_with("Ergo-Quarantine-") {
                for value in values {
                    headers.append(name, value.as_str());
                }
            }
        }
        // Without `ce-id` the event's identity was its message id, which changes now.
        if headers.get(header::CE_ID).is_none()
            && let Some(id) = &found.event_id
        {
            headers.insert(header::CE_ID, id.as_str());
        }
        headers.insert(header::REPLAYED_BY, one_line(actor).as_str());
        headers.insert(
            REPLAYED_AT,
            Utc::now()
                .to_rfc3339_opts(SecondsFormat::Millis, true)
                .as_str(),
        );
        let outgoing = Outgoing {
            subject: found.subject.clone(),
            // The same for every press of the button, so that two presses replay once.
            message_id: format!("replay.{sequence}"),
            headers,
            payload: raw.payload,
        };
        publish_all(&self.bus, vec![outgoing])
            .await
            .pop()
            .expect("one message has one answer")
            .map_err(|failure| anyhow::anyhow!("replay was not stored: {}", failure.chain()))?;
        self.forget(sequence).await?;
        tracing::info!(
            quarantine.sequence = sequence,
            event.id = found.event_id,
            actor,
            "quarantined message replayed"
        );
        Ok(found)
    }

    /// Removes an item for good. False when it was not there.
    ///
    /// # Errors
    /// When JetStream refuses.
    pub async fn forget(&self, sequence: u64) -> anyhow::Result<bool> {
        if self.raw(sequence).await?.is_none() {
            return Ok(false);
        }
        self.stream()
            .await?
            .delete_message(sequence)
            .await
            .context("the quarantine item cannot be removed")
    }

    async fn stream(&self) -> anyhow::Result<jetstream::stream::Stream<()>> {
        self.bus
            .jetstream()
            .get_stream_no_info(STREAM)
            .await
            .context("stream QUARANTINE cannot be read")
    }

    async fn raw(
        &self,
        sequence: u64,
    ) -> anyhow::Result<Option<jetstream::message::StreamMessage>> {
        use jetstream::stream::RawMessageErrorKind;
        match self.stream().await?.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error).context("the quarantine item cannot be read"),
        }
    }
}

fn item(sequence: u64, subject: &str, headers: Option<&HeaderMap>, payload_bytes: usize) -> Item {
    let text = |name: &str| {
        headers
            .and_then(|headers| headers.get(name))
            .map(|value| value.as_str().to_owned())
    };
    let number = |name: &str| text(name).and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut tokens = subject.split('.').skip(2);
    Item {
        sequence,
        service: tokens.next().unwrap_or_default().to_owned(),
        code: tokens.next().unwrap_or_default().to_owned(),
        reason: text(header::QUARANTINE_REASON).unwrap_or_default(),
        subject: text(header::QUARANTINE_SUBJECT).unwrap_or_default(),
        stream: text(header::QUARANTINE_STREAM).unwrap_or_default(),
        stream_sequence: number(header::QUARANTINE_SEQUENCE),
        consumer: text(header::QUARANTINE_CONSUMER).unwrap_or_default(),
        attempts: number(header::QUARANTINE_ATTEMPTS),
        at: text(header::QUARANTINE_AT)
            .and_then(|value| DateTime::parse_from_rfc3339(&value).ok())
            .map(|at| at.with_timezone(&Utc)),
        event_id: text(header::CE_ID).or_else(|| text(ORIGINAL_MESSAGE_ID)),
        traceparent: text(header::TRACEPARENT),
        payload_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_from_headers_and_subject() {
        let mut headers = HeaderMap::new();
        headers.insert(header::QUARANTINE_SEQUENCE, "42");
        headers.insert(header::QUARANTINE_REASON, "no id");
        headers.insert(ORIGINAL_MESSAGE_ID, "m1");
        let item = item(7, "ergo.quarantine.matching.missing_id", Some(&headers), 3);
        assert_eq!(
            (
                item.service.as_str(),
                item.code.as_str(),
                item.stream_sequence
            ),
            ("matching", "missing_id", 42)
        );
        assert_eq!(item.event_id.as_deref(), Some("m1"));
    }
}
