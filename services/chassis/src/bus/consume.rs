//! The loop of one consumer: pull, gather what is there, hand batches to workers, keep everything held alive.
//!
//! ```text
//! broker -> waiting (<= one batch more than the workers take) -> workers (<= concurrency) -> settled
//! ```
//! One task owns all of it, so there are no locks and no message it does not know. Batches are adaptive: the first
//! message starts one, and it takes whatever has arrived by then, so an idle system is fast and a busy one efficient.
//! Every message held is renewed with Progress every third of `ack_wait`; a dependency may be away for hours
//! without the broker counting a single delivery.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_nats::{Message, jetstream::AckKind};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{
    Bus, ConsumerHealth, ConsumerSpec, Handler,
    place::Place,
    pull::{PullError, Puller},
    settle,
    work::{Work, Worker},
};
use crate::{backoff, backoff::Backoff, telemetry::Metrics};

/// Everything one consumer needs to run.
pub(crate) struct Engine<H> {
    pub(crate) bus: Bus,
    pub(crate) spec: ConsumerSpec,
    pub(crate) handler: H,
    pub(crate) service: &'static str,
    pub(crate) metrics: Metrics,
    pub(crate) health: Arc<ConsumerHealth>,
}

impl<H: Handler> Engine<H> {
    /// Runs until `stop`; then stops pulling, lets the workers finish, and hands back what was not begun.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let spec = self.spec;
        let worker = Arc::new(Worker {
            bus: self.bus.clone(),
            spec: spec.clone(),
            handler: self.handler,
            service: self.service,
            metrics: self.metrics.clone(),
            health: Arc::clone(&self.health),
            stop: stop.clone(),
        });
        let mut state = Loop {
            bus: self.bus,
            worker,
            metrics: self.metrics,
            health: self.health,
            waiting: VecDeque::new(),
            held: HashMap::new(),
            workers: JoinSet::new(),
            next_key: 0,
            spec,
        };
        let mut failures = 0_u64;
        while !stop.is_cancelled() {
            let began = Instant::now();
            match state.session(&stop).await {
                Ok(()) => break,
                Err(error) => {
                    state.health.unbound();
                    // A session that worked for a while starts the backoff anew.
                    failures = if began.elapsed() > Duration::from_secs(30) {
                        1
                    } else {
                        failures + 1
                    };
                    let delay = Backoff::RECONNECT.delay(failures, backoff::jitter());
                    tracing::warn!(
                        consumer = state.spec.durable,
                        error = format!("{:#}", anyhow::Error::from(error)),
                        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                        "pulling stopped, binding again"
                    );
                    state.pause(delay, &stop).await;
                }
            }
        }
        state.drain().await;
        Ok(())
    }
}

struct Loop<H: Handler> {
    bus: Bus,
    spec: ConsumerSpec,
    worker: Arc<Worker<H>>,
    metrics: Metrics,
    health: Arc<ConsumerHealth>,
    /// Pulled, not yet given to a worker.
    waiting: VecDeque<u64>,
    /// Everything pulled and not settled, by a key of ours.
    held: HashMap<u64, Message>,
    /// Each yields the keys it settled.
    workers: JoinSet<Vec<u64>>,
    next_key: u64,
}

impl<H: Handler> Loop<H> {
    /// One binding. Returns when `stop` is cancelled, fails when the binding is lost.
    async fn session(&mut self, stop: &CancellationToken) -> Result<(), PullError> {
        let mut connections = self.bus.connections();
        connections.mark_unchanged();
        let mut puller = Puller::bind(&self.bus, &self.spec).await?;
        self.health.heard();
        let mut renew = tokio::time::interval(self.spec.ack_wait() / 3);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.dispatch();
            let room =
                self.spec.held_messages_max() - self.held.len().min(self.spec.held_messages_max());
            if puller.is_idle() && room >= self.spec.batch_messages_max {
                puller.request(room).await?;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(done) = self.workers.join_next(), if !self.workers.is_empty() => self.release(done),
                _ = renew.tick() => self.renew().await,
                // The connection was lost and came back: the request died with it, so bind again at once.
                Ok(()) = connections.changed() => puller = Puller::bind(&self.bus, &self.spec).await?,
                answer = puller.next() => {
                    let answer = answer?;
                    self.health.heard();
                    self.hold(answer);
                    while self.waiting.len() < self.spec.batch_messages_max {
                        match puller.ready() {
                            Some(more) => self.hold(more?),
                            None => break,
                        }
                    }
                }
            }
        }
    }

    fn hold(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            self.next_key += 1;
            self.held.insert(self.next_key, message);
            self.waiting.push_back(self.next_key);
            self.metrics.inflight(self.spec.durable, 1);
        }
    }

    /// Gives waiting messages to free workers.
    fn dispatch(&mut self) {
        while !self.waiting.is_empty() && self.workers.len() < self.spec.concurrency {
            let count = self.waiting.len().min(self.spec.batch_messages_max);
            let batch: Vec<Work> = self
                .waiting
                .drain(..count)
                .filter_map(|key| {
                    let message = self.held.get(&key)?.clone();
                    Some(Work { key, message })
                })
                .collect();
            let worker = Arc::clone(&self.worker);
            self.workers.spawn(async move { worker.run(batch).await });
        }
    }

    fn release(&mut self, done: Result<Vec<u64>, tokio::task::JoinError>) {
        match done {
            Ok(keys) => {
                for key in &keys {
                    self.held.remove(key);
                }
                self.metrics.inflight(
                    self.spec.durable,
                    -i64::try_from(keys.len()).unwrap_or(i64::MAX),
                );
            }
            // Handlers' panics are caught in the worker; this one is ours, and the messages come again by
            // themselves when they are no longer renewed.
            Err(error) => {
                tracing::error!(consumer = self.spec.durable, %error, "a worker died");
                let waiting: std::collections::HashSet<u64> =
                    self.waiting.iter().copied().collect();
                if self.workers.is_empty() {
                    let before = self.held.len();
                    self.held.retain(|key, _| waiting.contains(key));
                    let lost = i64::try_from(before - self.held.len()).unwrap_or(i64::MAX);
                    self.metrics.inflight(self.spec.durable, -lost);
                }
            }
        }
    }

    async fn renew(&self) {
        let published = self
            .held
            .values()
            .map(|message| Place::of(&self.bus, message).published_at);
        self.health.holds_since(published.min());
        if self.bus.is_connected() {
            for message in self.held.values() {
                settle::tell(&self.bus, message, AckKind::Progress).await;
            }
        }
    }

    /// Waits before binding again, while workers go on and their messages stay alive.
    async fn pause(&mut self, delay: Duration, stop: &CancellationToken) {
        let until = Instant::now() + delay;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep_until(until) => break,
                Some(done) = self.workers.join_next(), if !self.workers.is_empty() => self.release(done),
            }
        }
        self.dispatch();
        self.renew().await;
    }

    /// Lets begun work finish; what was not begun goes back for others to take at once.
    async fn drain(&mut self) {
        for key in std::mem::take(&mut self.waiting) {
            if let Some(message) = self.held.remove(&key) {
                settle::tell(&self.bus, &message, AckKind::Nak(None)).await;
                self.metrics.inflight(self.spec.durable, -1);
            }
        }
        let mut renew = tokio::time::interval(self.spec.ack_wait() / 3);
        while !self.workers.is_empty() {
            tokio::select! {
                Some(done) = self.workers.join_next() => self.release(done),
                _ = renew.tick() => self.renew().await,
            }
        }
    }
}
