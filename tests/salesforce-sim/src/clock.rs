//! The org's clock: the machine's, plus an offset a test may move.
//!
//! One place, so that expiry, time-based validation rules and archived activities can be tested
//! without waiting.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};

/// A clock that can be moved.
#[derive(Debug, Default)]
pub struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        Utc::now().timestamp_millis() + self.offset_ms.load(Ordering::Relaxed)
    }

    /// Today in UTC, which is the org's time zone here.
    pub fn today(&self) -> NaiveDate {
        datetime(self.now_ms()).date_naive()
    }

    /// Moves the clock forward (or back, when negative).
    pub fn advance_ms(&self, by_ms: i64) {
        self.offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }
}

/// The moment `ms` milliseconds after 1970; saturates outside chrono's range.
pub(crate) fn datetime(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
