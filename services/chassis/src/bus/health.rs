//! Whether one consumer is really consuming: several systems "looked healthy" for days with a dead loop.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use crate::telemetry::Metrics;

/// A consumer that heard nothing from the broker for this long is not ready, in seconds (platform guide 2.5).
const SILENCE_MAX_S: u64 = 60;

/// What the loop knows about itself, read by `/readyz`.
#[derive(Debug)]
pub(crate) struct ConsumerHealth {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    heard: Instant,
    bound: bool,
    /// When the oldest message held was published, as last looked at.
    oldest_held: Option<DateTime<Utc>>,
    /// Dependencies that batches wait for, with the number of batches.
    waiting: BTreeMap<&'static str, usize>,
}

impl ConsumerHealth {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                heard: Instant::now(),
                bound: false,
                oldest_held: None,
                waiting: BTreeMap::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is plain data, valid after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The broker sent something: a message, a heartbeat, or "nothing there".
    pub(crate) fn heard(&self) {
        let mut state = self.state();
        state.heard = Instant::now();
        state.bound = true;
    }

    /// The binding was lost; the loop is trying again.
    pub(crate) fn unbound(&self) {
        self.state().bound = false;
    }

    /// What the loop holds was looked through.
    pub(crate) fn holds_since(&self, oldest: Option<DateTime<Utc>>) {
        self.state().oldest_held = oldest;
    }

    /// When the oldest message held was published, if any is held.
    pub(crate) fn oldest_held(&self) -> Option<DateTime<Utc>> {
        self.state().oldest_held
    }

    /// A batch waits for `what`.
    fn wait_for(&self, what: &'static str) {
        *self.state().waiting.entry(what).or_default() += 1;
    }

    /// That batch waits no longer. Returns true when nothing waits any more.
    fn stop_waiting(&self, what: &'static str) -> bool {
        let mut state = self.state();
        if let Some(count) = state.waiting.get_mut(what) {
            *count -= 1;
            if *count == 0 {
                state.waiting.remove(what);
            }
        }
        state.waiting.is_empty()
    }

    /// The readiness check.
    pub(crate) fn check(&self) -> Result<(), String> {
        let state = self.state();
        if let Some(what) = state.waiting.keys().next() {
            return Err(format!("waits for {what}"));
        }
        if !state.bound {
            return Err("not bound to its consumer".into());
        }
        let silence = state.heard.elapsed();
        if silence > Duration::from_secs(SILENCE_MAX_S) {
            return Err(format!("no answer to a pull for {} s", silence.as_secs()));
        }
        Ok(())
    }
}

/// A batch that waits for a dependency; while one exists the service is not ready.
pub(super) struct Waiting<'a> {
    health: &'a ConsumerHealth,
    metrics: &'a Metrics,
    durable: &'static str,
    pub(super) what: &'static str,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(
        health: &'a ConsumerHealth,
        metrics: &'a Metrics,
        durable: &'static str,
        what: &'static str,
    ) -> Self {
        health.wait_for(what);
        metrics.held(durable, true);
        Self {
            health,
            metrics,
            durable,
            what,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.health.stop_waiting(self.what) {
            self.metrics.held(self.durable, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_ready_when_bound_and_waiting_for_nothing() {
        let health = ConsumerHealth::new();
        assert_eq!(health.check(), Err("not bound to its consumer".into()));
        health.heard();
        assert_eq!(health.check(), Ok(()));
        health.wait_for("postgres");
        health.wait_for("postgres");
        assert!(!health.stop_waiting("postgres"));
        assert_eq!(health.check(), Err("waits for postgres".into()));
        assert!(health.stop_waiting("postgres"));
        assert_eq!(health.check(), Ok(()));
        health.unbound();
        assert!(health.check().is_err());
    }
}
