//! Publishing with confirmation. Services emit through a `Unit`; this is what the relay, the quarantine and tools use.

use std::{future::IntoFuture, time::Duration};

use async_nats::{HeaderMap, jetstream::message::PublishMessage};
use bytes::Bytes;
use chrono::{SecondsFormat, Utc};
use events::{Event, EventId, WorkspaceId, header};

use super::{Bus, JETSTREAM_TIMEOUT_S};
use crate::{failure::Failure, telemetry::Cause};

/// One message on its way to JetStream.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

impl Bus {
    /// Publishes one event and waits until JetStream has stored it. True when it was new.
    ///
    /// For tools and tests: what a service announces goes through its `Unit`, or a crash loses it.
    ///
    /// # Errors
    /// When JetStream cannot be reached or refuses.
    pub async fn publish<E: Event>(
        &self,
        workspace: &WorkspaceId,
        event: &E,
        id: &EventId,
        cause: &Cause,
    ) -> Result<bool, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CE_SPECVERSION, header::CE_SPECVERSION_VALUE);
        headers.insert(header::CE_ID, id.as_str());
        headers.insert(header::CE_TYPE, E::TYPE);
        headers.insert(header::CE_SOURCE, "/ergo");
        headers.insert(
            header::CE_TIME,
            Utc::now()
                .to_rfc3339_opts(SecondsFormat::Millis, true)
                .as_str(),
        );
        headers.insert(header::CONTENT_TYPE, header::CONTENT_TYPE_VALUE);
        if let Some(traceparent) = &cause.traceparent {
            headers.insert(header::TRACEPARENT, traceparent.as_str());
        }
        let outgoing = Outgoing {
            subject: events::subject::<E>(workspace),
            message_id: id.as_str().to_owned(),
            headers,
            payload: event.encode_to_vec().into(),
        };
        publish_all(self, vec![outgoing])
            .await
            .pop()
            .expect("one message has one answer")
    }
}

/// Publishes all, pipelined, and waits for each confirmation; answers in the order given.
///
/// `Ok(true)` = stored, `Ok(false)` = JetStream knew the id already.
pub(crate) async fn publish_all(bus: &Bus, messages: Vec<Outgoing>) -> Vec<Result<bool, Failure>> {
    // A message handed to the client while it is disconnected waits in the client's memory; refusing here keeps
    // the outbox the only place where unsent events wait.
    if !bus.is_connected() {
        return messages
            .iter()
            .map(|_| Err(Failure::unavailable("nats", "not connected")))
            .collect();
    }
    let limit = Duration::from_secs(JETSTREAM_TIMEOUT_S);
    let mut sent = Vec::with_capacity(messages.len());
    for message in messages {
        let publish = PublishMessage::build()
            .payload(message.payload)
            .headers(message.headers)
            .message_id(&message.message_id);
        let send = bus.jetstream().send_publish(message.subject, publish);
        sent.push(tokio::time::timeout(limit, send).await);
    }
    let mut answers = Vec::with_capacity(sent.len());
    for attempt in sent {
        answers.push(match attempt {
            Ok(Ok(stored)) => match stored.into_future().await {
                Ok(ack) => Ok(!ack.duplicate),
                Err(error) => Err(Failure::unavailable("nats", error)),
            },
            Ok(Err(error)) => Err(Failure::unavailable("nats", error)),
            Err(_) => Err(Failure::unavailable("nats", "sending took too long")),
        });
    }
    answers
}
