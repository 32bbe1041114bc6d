//! Publishes meetings as an upstream pipeline would: JetStream, CloudEvents headers, a trace of its own.

use crate::fixtures::Publication;
use anyhow::Context;
use async_nats::HeaderMap;
use async_nats::jetstream::{self, context::PublishAckFuture};
use chrono::Utc;
use events::meeting::v1::MeetingProcessed;
use events::{Event, header};
use prost::Message;

/// A W3C trace begun by the publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The header.
    pub traceparent: String,
}

impl Trace {
    /// A new one, sampled.
    #[must_use]
    pub fn begin() -> Self {
        let (trace, span): (u128, u64) = (rand::random(), rand::random());
        let trace_id = format!("{trace:032x}");
        Self {
            traceparent: format!("00-{trace_id}-{span:016x}-01"),
            trace_id,
        }
    }

    /// A new one that its publisher decided not to record.
    #[must_use]
    pub fn unsampled() -> Self {
        let mut trace = Self::begin();
        trace.traceparent.replace_range(53.., "00");
        trace
    }

    /// The publisher's own span, 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        &self.traceparent[36..52]
    }
}

/// Upstream.
#[derive(Debug, Clone)]
pub struct Publisher {
    jetstream: jetstream::Context,
}

impl Publisher {
    /// An upstream pipeline on this connection.
    #[must_use]
    pub fn new(client: async_nats::Client) -> Self {
        Self {
            jetstream: jetstream::new(client),
        }
    }

    /// Publishes and waits until JetStream stored it; answers whether it was dropped as a duplicate.
    ///
    /// # Errors
    /// When JetStream refuses or does not answer.
    pub async fn publish(&self, publication: &Publication, trace: &Trace) -> anyhow::Result<bool> {
        let stored = self.send(publication, trace).await?.await;
        Ok(stored.context("store a meeting")?.duplicate)
    }

    /// Sends without waiting; the answer tells when JetStream stored it.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub async fn send(
        &self,
        publication: &Publication,
        trace: &Trace,
    ) -> anyhow::Result<PublishAckFuture> {
        let event = &publication.event;
        let subject = format!("{}.{}", MeetingProcessed::TYPE, event.workspace);
        let headers = headers(&publication.event_id, trace);
        let payload = event.encode_to_vec().into();
        self.jetstream
            .publish_with_headers(subject, headers, payload)
            .await
            .context("send a meeting")
    }
}

/// The headers of one meeting event.
#[must_use]
pub fn headers(event_id: &str, trace: &Trace) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let now = Utc::now().to_rfc3339();
    let pairs = [
        (header::MESSAGE_ID, event_id),
        (header::CE_ID, event_id),
        (header::CE_TYPE, MeetingProcessed::TYPE),
        (header::CE_SOURCE, "/sample/pipeline"),
        (header::CE_TIME, now.as_str()),
        (header::CE_SPECVERSION, header::CE_SPECVERSION_VALUE),
        (header::CONTENT_TYPE, header::CONTENT_TYPE_VALUE),
        (header::TRACEPARENT, trace.traceparent.as_str()),
    ];
    for (name, value) in pairs {
        headers.insert(name, value);
    }
    headers
}
