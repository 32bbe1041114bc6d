//! When the approved part of a backfill will be written, from what was written lately and from the calls of the day.

use chrono::{DateTime, TimeDelta, Utc};

use super::estimate;

/// Longest forecast, in days: beyond that a date means nothing.
const DAYS_MAX: u64 = 3_650;

/// How a backfill goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Changes approved and not written.
    pub left: u64,
    /// Changes of it written in the last hour.
    pub written_last_hour: u64,
    /// Our calls of the last 24 hours.
    pub used: u64,
    /// Calls history may bring us to in 24 hours; `None` while not known.
    pub history_max: Option<u64>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// When it is done; `None` when nothing is left, or nothing can be told.
#[must_use]
pub fn finish(pace: Pace) -> Option<DateTime<Utc>> {
    if pace.left == 0 {
        return None;
    }
    // Updates cost most, so the forecast does not promise too much.
    let calls = estimate::calls(pace.left, 0, 0, 0);
    let by_calls = match pace.history_max {
        None => None,
        Some(0) => return None,
        Some(max) => {
            let missing = calls.saturating_sub(max.saturating_sub(pace.used));
            Some(missing.div_ceil(max).min(DAYS_MAX) * 24 * 60)
        }
    };
    let by_rate = match pace.written_last_hour {
        0 => None,
        an_hour => Some(pace.left.saturating_mul(60).div_ceil(an_hour)),
    };
    let minutes = by_calls.into_iter().chain(by_rate).max()?;
    let minutes = i64::try_from(minutes.min(DAYS_MAX * 24 * 60)).ok()?;
    pace.now.checked_add_signed(TimeDelta::minutes(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_pace_and_budget_decides() {
        let pace = Pace {
            left: 6_000,
            written_last_hour: 3_000,
            used: 0,
            history_max: Some(90),
            now: DateTime::UNIX_EPOCH,
        };
        for (name, pace, hours) in [
            ("by pace", pace, Some(2)),
            (
                "by budget",
                Pace {
                    history_max: Some(40),
                    ..pace
                },
                Some(48),
            ),
            ("calls used already", Pace { used: 90, ..pace }, Some(24)),
            ("nothing left", Pace { left: 0, ..pace }, None),
            (
                "no calls at all",
                Pace {
                    history_max: Some(0),
                    ..pace
                },
                None,
            ),
            (
                "nothing known",
                Pace {
                    history_max: None,
                    written_last_hour: 0,
                    ..pace
                },
                None,
            ),
            (
                "pace alone",
                Pace {
                    history_max: None,
                    ..pace
                },
                Some(2),
            ),
        ] {
            let expected = hours.map(|hours| pace.now + TimeDelta::hours(hours));
            assert_eq!(finish(pace), expected, "{name}");
        }
    }
}
