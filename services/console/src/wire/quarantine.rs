//! Messages that were set aside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::bus::quarantine;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// One message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct QuarantineItem {
    pub(crate) sequence: u64,
    pub(crate) service: String,
    pub(crate) code: String,
    pub(crate) reason: String,
    pub(crate) subject: String,
    pub(crate) stream: String,
    pub(crate) stream_sequence: u64,
    pub(crate) consumer: String,
    pub(crate) attempts: u64,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) event_id: Option<String>,
    pub(crate) traceparent: Option<String>,
}

impl From<quarantine::Item> for QuarantineItem {
    fn from(item: quarantine::Item) -> Self {
        Self {
            sequence: item.sequence,
            service: item.service,
            code: item.code,
            reason: item.reason,
            subject: item.subject,
            stream: item.stream,
            stream_sequence: item.stream_sequence,
            consumer: item.consumer,
            attempts: item.attempts,
            at: item.at,
            event_id: item.event_id,
            traceparent: item.traceparent,
        }
    }
}

/// One message with its payload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantineEntry {
    #[serde(flatten)]
    pub(crate) item: QuarantineItem,
    pub(crate) payload_bytes: usize,
    /// As it came, for somebody who has to find out what is wrong with it.
    pub(crate) payload_base64: String,
}

impl From<quarantine::Entry> for QuarantineEntry {
    fn from(entry: quarantine::Entry) -> Self {
        Self {
            payload_bytes: entry.payload.len(),
            payload_base64: STANDARD.encode(&entry.payload),
            item: entry.item.into(),
        }
    }
}
