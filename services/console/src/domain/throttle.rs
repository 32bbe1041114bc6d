//! How long somebody has to wait before the next sign-in.
//!
//! A person who mistypes never notices. A guesser of one account is slowed to one try in five minutes; one who tries
//! many accounts from one address is stopped for a while. No account is ever locked: that would let a stranger lock
//! people out for good.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures older than this are forgotten, in minutes.
pub(crate) const WINDOW_MINUTES: i64 = 15;
/// Failures on one account before the first wait.
const ACCOUNT_FAILURES_FREE: i64 = 5;
/// Longest wait for one account, in seconds.
const ACCOUNT_WAIT_S_MAX: i64 = 300;
/// Failures from one address before it waits.
const ADDRESS_FAILURES_MAX: i64 = 100;
/// Wait of an address, in seconds.
const ADDRESS_WAIT_S: i64 = 60;

/// Failures of one key within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Failures {
    /// How many.
    pub(crate) count: i64,
    /// The latest.
    pub(crate) latest: Option<DateTime<Utc>>,
}

/// Whole seconds to wait from `now`; `None` when the next try is allowed.
pub(crate) fn wait_s(account: Failures, address: Failures, now: DateTime<Utc>) -> Option<i64> {
    let by_account = match account.count - ACCOUNT_FAILURES_FREE {
        ..0 => 0,
        over => (1_i64 << over.min(16)).min(ACCOUNT_WAIT_S_MAX),
    };
    let by_address = if address.count >= ADDRESS_FAILURES_MAX {
        ADDRESS_WAIT_S
    } else {
        0
    };
    let left = |failures: Failures, wait_s: i64| {
        let until = failures.latest? + TimeDelta::seconds(wait_s);
        let left = (until - now).num_milliseconds();
        (left > 0).then_some((left + 999) / 1000)
    };
    left(account, by_account).max(left(address, by_address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_failures_and_end_with_time() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("is a time");
        let failures = |count, seconds_ago| Failures {
            count,
            latest: Some(now - TimeDelta::seconds(seconds_ago)),
        };
        let none = Failures::default();
        for (account, address, expected) in [
            (none, none, None),
            (failures(4, 0), none, None),
            (failures(5, 0), none, Some(1)),
            (failures(5, 1), none, None),
            (failures(8, 0), none, Some(8)),
            (failures(8, 6), none, Some(2)),
            (failures(60, 0), none, Some(300)),
            (none, failures(99, 0), None),
            (none, failures(100, 0), Some(60)),
            (failures(6, 0), failures(100, 0), Some(60)),
        ] {
            assert_eq!(
                wait_s(account, address, now),
                expected,
                "{account:?} {address:?}"
            );
        }
    }
}
