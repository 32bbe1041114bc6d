//! Where a message is in its stream: JetStream writes it into the reply subject of each delivery.

use async_nats::{Message, jetstream};
use chrono::{DateTime, Utc};

use super::Bus;

/// Where a message is in its stream, read from its reply subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) attempt: u64,
    pub(super) published_at: DateTime<Utc>,
}

impl Place {
    pub(super) fn of(bus: &Bus, message: &Message) -> Self {
        let wrapped = jetstream::Message {
            message: message.clone(),
            context: bus.jetstream().clone(),
        };
        match wrapped.info() {
            Ok(info) => Self {
                sequence: info.stream_sequence,
                attempt: u64::try_from(info.delivered).unwrap_or(1),
                published_at: i64::try_from(info.published.unix_timestamp_nanos())
                    .map_or(DateTime::UNIX_EPOCH, DateTime::from_timestamp_nanos),
            },
            // Only JetStream writes to our inbox; without a place a message is treated as a first delivery.
            Err(_) => Self {
                sequence: 0,
                attempt: 1,
                published_at: DateTime::UNIX_EPOCH,
            },
        }
    }
}
