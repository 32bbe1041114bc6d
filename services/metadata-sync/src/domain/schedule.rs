//! When the next run is due. The clock and the jitter are arguments.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Shortest pause after a failed run, in seconds; doubles with each failure in a row.
const FAILURE_DELAY_S: i64 = 5;
/// Longest pause after failed runs, in seconds: Salesforce's own advice for a spent daily limit is 15 to 30 minutes.
const FAILURE_DELAY_S_MAX: i64 = 900;
/// How far two workspaces' schedules spread, as a share of the interval.
const SPREAD: f64 = 0.2;

/// When a run that ended well at `now` is due again: `interval_s`, spread by a fifth so that workspaces connected
/// together do not call together. `jitter` is 0 to 1.
#[must_use]
pub fn next_due(now: DateTime<Utc>, interval_s: u64, jitter: f64) -> DateTime<Utc> {
    let factor = 1.0 - SPREAD / 2.0 + SPREAD * jitter.clamp(0.0, 1.0);
    now + milliseconds(interval_s as f64 * 1000.0 * factor)
}

/// When to try again after `failures` failed runs in a row; never later than the schedule would have been.
#[must_use]
pub fn retry_due(now: DateTime<Utc>, interval_s: u64, failures: u32, jitter: f64) -> DateTime<Utc> {
    let doubled = FAILURE_DELAY_S << failures.saturating_sub(1).min(10);
    let delay_s = doubled.min(FAILURE_DELAY_S_MAX);
    let delay_s = delay_s.min(i64::try_from(interval_s).unwrap_or(i64::MAX).max(1));
    next_due(now, delay_s.unsigned_abs(), jitter)
}

/// How long ago, by our clock, an object must have changed before its Last-Modified may be named in the next read, in
/// seconds. It has a resolution of a second: what changes again within that second would be called unchanged for ever.
/// A minute covers the difference of two clocks.
const UNMODIFIED_S_MIN: i64 = 60;

/// The Last-Modified to name next time an object is read: none while it is so recent that a later change may share it.
#[must_use]
pub fn trusted(last_modified: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    last_modified.filter(|at| now - *at >= TimeDelta::seconds(UNMODIFIED_S_MIN))
}

/// How far a `Date` may lie behind the clock that stamps modifications, in seconds: servers render it once a second.
const DATE_LAG_S_MAX: i64 = 1;

/// How long until no later change can share the second of `last_modified`, by the org's own clock: what is read after that
/// is told apart from whatever changes next. None when that second is over, or when the org tells neither.
#[must_use]
pub fn closes_in(
    last_modified: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
) -> Option<Duration> {
    let open_s = 1 + DATE_LAG_S_MAX - (answered_at? - last_modified?).num_seconds();
    let open_s = u64::try_from(open_s.min(1 + DATE_LAG_S_MAX)).ok()?;
    (open_s > 0).then(|| Duration::from_secs(open_s))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "an interval in milliseconds stays far below 2^53"
)]
fn milliseconds(amount: f64) -> TimeDelta {
    TimeDelta::milliseconds(amount as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delay_ms(due: DateTime<Utc>) -> i64 {
        (due - DateTime::<Utc>::UNIX_EPOCH).num_milliseconds()
    }

    #[test]
    fn failures_back_off_to_the_interval() {
        let at = |interval_s, failures| {
            delay_ms(retry_due(DateTime::UNIX_EPOCH, interval_s, failures, 0.5)) / 1000
        };
        assert_eq!(
            [at(60, 1), at(60, 2), at(60, 3), at(60, 9)],
            [5, 10, 20, 60]
        );
        assert_eq!([at(86_400, 20), at(1, 1)], [900, 1]);
    }

    #[test]
    fn a_modification_of_this_minute_is_read_again() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("in range");
        assert_eq!(trusted(Some(at(1_000)), at(1_059)), None);
        assert_eq!(trusted(Some(at(1_000)), at(1_060)), Some(at(1_000)));
        assert_eq!(trusted(Some(at(1_000)), at(900)), None);
        assert_eq!(trusted(None, at(1_000)), None);
    }

    #[test]
    fn a_modification_of_this_second_is_waited_out() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let wait_s = |modified, answered| closes_in(modified, answered).map(|wait| wait.as_secs());
        assert_eq!(wait_s(at(100), at(100)), Some(2));
        assert_eq!(wait_s(at(100), at(101)), Some(1));
        assert_eq!(wait_s(at(100), at(102)), None);
        assert_eq!(wait_s(at(100), at(90_000)), None);
        // A clock far behind its own stamps is waited for no longer than that.
        assert_eq!(wait_s(at(90_000), at(100)), Some(2));
        assert_eq!((wait_s(None, at(1)), wait_s(at(1), None)), (None, None));
    }

    proptest! {
        #[test]
        fn a_schedule_stays_within_a_tenth_of_its_interval(interval_s in 1_u64..1_000_000, jitter in 0.0_f64..=1.0) {
            let ms = delay_ms(next_due(DateTime::UNIX_EPOCH, interval_s, jitter));
            let interval_ms = i64::try_from(interval_s).expect("small") * 1000;
            prop_assert!(ms >= interval_ms * 9 / 10 - 1 && ms <= interval_ms * 11 / 10 + 1);
        }
    }
}
