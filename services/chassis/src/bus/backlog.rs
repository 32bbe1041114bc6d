//! How much a consumer has not finished, and how long the oldest of it has waited: what a dead loop cannot hide.
//!
//! The broker counts what is left; nobody but us knows how old it is. The age is the larger of two things seen: the
//! age of the oldest message this process holds, and the time for which the broker's floor of finished messages has
//! not moved while something was left. The second grows also when nothing is held at all.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Bus, ConsumerHealth, ConsumerSpec};
use crate::telemetry::Metrics;

/// Time between two looks, in seconds: the interval of a usual scrape.
const EVERY_S: u64 = 15;

/// What the broker said last, and since when its floor stands.
struct Seen {
    left: u64,
    floor: u64,
    since: Instant,
}

impl Seen {
    /// Nothing is left, as far as is known.
    fn nothing() -> Self {
        Self {
            left: 0,
            floor: 0,
            since: Instant::now(),
        }
    }

    /// Takes in a new answer.
    fn update(&mut self, left: u64, floor: u64, now: Instant) {
        if self.left == 0 || floor != self.floor {
            self.since = now;
        }
        (self.left, self.floor) = (left, floor);
    }

    /// Age of the oldest unfinished message.
    fn age(&self, held: Option<Duration>, now: Instant) -> Duration {
        if self.left == 0 {
            return Duration::ZERO;
        }
        let standing = now.saturating_duration_since(self.since);
        held.unwrap_or_default().max(standing)
    }
}

/// Looks until `stop`. While the broker is away the last answer stands and its age grows.
pub(crate) async fn watch(
    bus: Bus,
    spec: ConsumerSpec,
    metrics: Metrics,
    health: std::sync::Arc<ConsumerHealth>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut seen = Seen::nothing();
    let mut bound: Option<PullConsumer> = None;
    loop {
        if bound.is_none() {
            bound = bus
                .jetstream()
                .get_consumer_from_stream(spec.durable, spec.stream)
                .await
                .ok();
        }
        if let Some(consumer) = &mut bound {
            match consumer.info().await {
                Ok(info) => {
                    let pending = u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX);
                    let left = info.num_pending.saturating_add(pending);
                    seen.update(left, info.ack_floor.stream_sequence, Instant::now());
                }
                // The loop of the consumer says it in the log; here it only shows as age.
                Err(_) => bound = None,
            }
        }
        let held = health.oldest_held().map(since);
        metrics.unfinished(spec.durable, seen.left, seen.age(held, Instant::now()));
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(EVERY_S)) => {}
        }
    }
}

fn since(published_at: DateTime<Utc>) -> Duration {
    (Utc::now() - published_at).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn age_is_that_of_what_is_held_or_the_time_nothing_was_finished() {
        let start = Instant::now();
        let at = |seconds: u32| start + SECOND * seconds;
        let mut seen = Seen::nothing();
        seen.update(0, 7, at(0));
        assert_eq!(seen.age(None, at(60)), Duration::ZERO);
        seen.update(3, 7, at(60));
        assert_eq!(seen.age(None, at(60)), Duration::ZERO);
        // Nothing moves, and nobody holds anything.
        seen.update(5, 7, at(75));
        assert_eq!(seen.age(None, at(90)), SECOND * 30);
        // What is held is older than that.
        assert_eq!(seen.age(Some(SECOND * 400), at(90)), SECOND * 400);
        // Something was finished: the rest is as old as what is held.
        seen.update(4, 8, at(90));
        assert_eq!(seen.age(Some(SECOND * 5), at(91)), SECOND * 5);
        // All was finished.
        seen.update(0, 12, at(105));
        assert_eq!(seen.age(Some(SECOND), at(105)), Duration::ZERO);
    }
}
