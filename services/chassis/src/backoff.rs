//! How long to wait before trying again: capped exponential growth with jitter.
//!
//! Pure, so that every retry in the system can be shown as a table. Jitter is an argument (0 to 1) and comes
//! from [`jitter`], the only impure line here; without it a fleet that lost its broker would return in step.

use std::time::Duration;

/// A growth curve: `base`, doubled per attempt, never above `cap`, each ± 20 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The delay after the first failure, before jitter.
    pub base: Duration,
    /// The largest delay, before jitter.
    pub cap: Duration,
}

impl Backoff {
    /// Redelivery of one message: 0.5 s, 1 s, 2 s ... five minutes (platform guide 2.6).
    pub const REDELIVERY: Self = Self {
        base: Duration::from_millis(500),
        cap: Duration::from_secs(300),
    };
    /// Waiting for a dependency that is away: quick at first, never more than five seconds late on its return.
    pub const RECONNECT: Self = Self {
        base: Duration::from_millis(100),
        cap: Duration::from_secs(5),
    };

    /// The delay after failure number `attempt` (counted from 1; 0 is treated as 1).
    ///
    /// `jitter` in 0..=1 moves the result between 80 % and 120 %; values outside are clamped.
    #[must_use]
    pub fn delay(self, attempt: u64, jitter: f64) -> Duration {
        // 2^20 of the smallest base is far above any cap, so the exponent needs no more room than this.
        let doublings = u32::try_from(attempt.saturating_sub(1).min(20)).unwrap_or(20);
        let grown = self
            .base
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(self.cap);
        let spread = if jitter.is_finite() {
            jitter.clamp(0.0, 1.0)
        } else {
            0.5
        };
        grown.mul_f64(0.8 + 0.4 * spread)
    }
}

/// A fresh jitter in 0..1.
#[must_use]
pub fn jitter() -> f64 {
    rand::random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn delays_double_until_the_cap() {
        let seconds = |attempt| Backoff::REDELIVERY.delay(attempt, 0.5).as_secs_f64();
        for (attempt, expected) in [
            (0, 0.5),
            (1, 0.5),
            (2, 1.0),
            (3, 2.0),
            (8, 64.0),
            (10, 256.0),
            (11, 300.0),
            (u64::MAX, 300.0),
        ] {
            assert!(
                (seconds(attempt) - expected).abs() < 1e-6,
                "attempt {attempt}: {} instead of {expected}",
                seconds(attempt)
            );
        }
    }

    #[test]
    fn a_jitter_that_is_not_a_number_is_the_middle() {
        assert_eq!(
            Backoff::RECONNECT.delay(1, f64::NAN),
            Backoff::RECONNECT.delay(1, 0.5)
        );
    }

    proptest! {
        #[test]
        fn every_delay_lies_within_a_fifth_of_base_and_cap(attempt in 0_u64..10_000, jitter in -1.0_f64..2.0) {
            let delay = Backoff::REDELIVERY.delay(attempt, jitter);
            prop_assert!(delay >= Backoff::REDELIVERY.base.mul_f64(0.799));
            prop_assert!(delay <= Backoff::REDELIVERY.cap.mul_f64(1.201));
        }

        #[test]
        fn a_later_attempt_never_waits_less(attempt in 1_u64..100, jitter in 0.0_f64..1.0) {
            prop_assert!(
                Backoff::REDELIVERY.delay(attempt, jitter) <= Backoff::REDELIVERY.delay(attempt + 1, jitter)
            );
        }
    }
}
