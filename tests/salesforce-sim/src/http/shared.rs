//! What the two servers share: the org, its tokens and faults, each under its own lock.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::clock::Clock;
use crate::config::SimConfig;
use crate::faults::Faults;
use crate::oauth::OAuth;
use crate::org::Org;

/// Everything the two servers share.
#[derive(Debug)]
pub struct Shared {
    org: RwLock<Org>,
    oauth: Mutex<OAuth>,
    faults: Mutex<Faults>,
    /// The clock, also inside the org.
    pub clock: Arc<Clock>,
    /// API calls in the current day.
    pub calls: AtomicU64,
    /// API calls since the start.
    pub calls_total: AtomicU64,
    /// API calls allowed a day.
    pub calls_max: AtomicU64,
    /// Requests seen, for numbering.
    pub requests: AtomicU64,
    /// Answers at least this long are compressed when the caller accepts it.
    pub gzip_min_bytes: usize,
}

impl Shared {
    /// Shares an org.
    pub fn new(config: &SimConfig, org: Org, clock: Arc<Clock>) -> Shared {
        let oauth = OAuth::new(config.session_ttl_s, config.rotate_refresh_tokens);
        Shared {
            org: RwLock::new(org),
            oauth: Mutex::new(oauth),
            faults: Mutex::default(),
            clock,
            calls: AtomicU64::new(0),
            calls_total: AtomicU64::new(0),
            calls_max: AtomicU64::new(config.api_requests_max),
            requests: AtomicU64::new(0),
            gzip_min_bytes: config.gzip_min_bytes,
        }
    }

    /// The org, to read. A panic elsewhere leaves usable data behind, so poisoning is ignored.
    pub fn read(&self) -> RwLockReadGuard<'_, Org> {
        self.org.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The org, to change.
    pub fn write(&self) -> RwLockWriteGuard<'_, Org> {
        self.org.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tokens.
    pub fn oauth(&self) -> MutexGuard<'_, OAuth> {
        self.oauth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Faults.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
