//! Protobuf to domain and back. Nothing else names protobuf messages, apart from handlers that pass them through.

pub mod access;
pub mod connection;
pub mod document;
pub mod drift;
pub mod mapping;
pub mod owner;
pub mod records;
pub mod run;
pub mod schema;

use chrono::{DateTime, Utc};
use events::Timestamp;

/// A moment as protobuf writes it.
#[must_use]
pub fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        // A leap second's nanoseconds pass 10^9, which protobuf does not know.
        nanos: i32::try_from(moment.timestamp_subsec_nanos().min(999_999_999)).unwrap_or_default(),
    }
}
