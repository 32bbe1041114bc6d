//! Pulling messages: one inbox, one outstanding request, every answer of the broker understood.
//!
//! The client library's ready-made streams keep requesting ahead into a buffer nobody can see. We must know every
//! message we hold, because each one has to be kept alive while a dependency is away, so the requests are ours.

use std::time::Duration;

use async_nats::{
    Message, StatusCode, Subject, Subscriber,
    jetstream::consumer::{PullConsumer, pull::BatchConfig},
};
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::{Bus, ConsumerSpec};

/// How long a request stays with the broker, in seconds.
const REQUEST_EXPIRES_S: u64 = 10;
/// How often the broker says that it is still there while it has nothing, in seconds.
const HEARTBEAT_S: u64 = 2;
/// Silence after which the binding counts as lost, in seconds: two heartbeats and a little.
const SILENCE_MAX_S: u64 = 5;

/// Why pulling stopped; the loop binds again after a pause.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    #[error("the consumer cannot be bound")]
    Bind(#[source] async_nats::Error),
    #[error("no heartbeat for {SILENCE_MAX_S} s")]
    Silence,
    #[error("the broker answered {status} {description}")]
    Status {
        status: StatusCode,
        description: String,
    },
    #[error("the subscription ended")]
    Ended,
}

/// A bound consumer.
pub(crate) struct Puller {
    consumer: PullConsumer,
    inbox: Subject,
    subscriber: Subscriber,
    /// Messages the current request may still bring.
    outstanding: usize,
    heard: Instant,
}

impl Puller {
    pub(crate) async fn bind(bus: &Bus, spec: &ConsumerSpec) -> Result<Self, PullError> {
        let consumer: PullConsumer = bus
            .jetstream()
            .get_consumer_from_stream(spec.durable, spec.stream)
            .await
            .map_err(|error| PullError::Bind(error.into()))?;
        let inbox = Subject::from(bus.client().new_inbox());
        let subscriber = bus
            .client()
            .subscribe(inbox.clone())
            .await
            .map_err(|error| PullError::Bind(error.into()))?;
        Ok(Self {
            consumer,
            inbox,
            subscriber,
            outstanding: 0,
            heard: Instant::now(),
        })
    }

    /// True when a new request may be made.
    pub(crate) fn is_idle(&self) -> bool {
        self.outstanding == 0
    }

    /// Asks for up to `messages`.
    pub(crate) async fn request(&mut self, messages: usize) -> Result<(), PullError> {
        let request = BatchConfig {
            batch: messages,
            expires: Some(Duration::from_secs(REQUEST_EXPIRES_S)),
            idle_heartbeat: Duration::from_secs(HEARTBEAT_S),
            ..BatchConfig::default()
        };
        self.consumer
            .request_batch(request, self.inbox.clone())
            .await
            .map_err(|error| PullError::Bind(error.into()))?;
        self.outstanding = messages;
        self.heard = Instant::now();
        Ok(())
    }

    /// The next message, or `None` when the request ended without one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Message>, PullError> {
        if self.is_idle() {
            // Nothing was asked for; whoever selects on this waits for its other branches.
            return std::future::pending().await;
        }
        let silence = self.heard + Duration::from_secs(SILENCE_MAX_S);
        let answer = tokio::time::timeout_at(silence, self.subscriber.next())
            .await
            .map_err(|_| PullError::Silence)?
            .ok_or(PullError::Ended)?;
        self.heard = Instant::now();
        self.understand(answer)
    }

    /// A message that is already here, without waiting.
    pub(crate) fn ready(&mut self) -> Option<Result<Option<Message>, PullError>> {
        if self.is_idle() {
            return None;
        }
        let answer = self.subscriber.next().now_or_never()?;
        self.heard = Instant::now();
        Some(match answer {
            Some(answer) => self.understand(answer),
            None => Err(PullError::Ended),
        })
    }

    fn understand(&mut self, answer: Message) -> Result<Option<Message>, PullError> {
        let description = answer.description.as_deref().unwrap_or_default();
        match answer.status {
            None | Some(StatusCode::OK) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                Ok(Some(answer))
            }
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(None),
            // 404 nothing there, 408 the request expired: ask again.
            Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT) => {
                self.outstanding = 0;
                Ok(None)
            }
            Some(status) => {
                self.outstanding = 0;
                // 409 ends a request for reasons of two kinds: the request is used up, or the consumer moved away.
                let used_up = [
                    "Batch Completed",
                    "Message Size Exceeds MaxBytes",
                    "Exceeded MaxWaiting",
                ];
                if status.as_u16() == 409 && used_up.iter().any(|text| description.contains(text)) {
                    return Ok(None);
                }
                Err(PullError::Status {
                    status,
                    description: description.to_owned(),
                })
            }
        }
    }
}
