//! How often somebody may ask: by who they are, and by where they come from while that is not known.
//!
//! Counted in this process: with several replicas each allows as much, which is fine for what it is for, to keep one
//! caller from crowding out the others. Guessing passwords has a throttle of its own, in the store.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chassis::CancellationToken;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Requests per minute of one caller when no number is set.
const CALLER_REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(3_000).expect("is not zero");
/// An address may be the way out of a whole office.
const CALLERS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(4).expect("is not zero");
/// Who has been quiet is forgotten this often, in seconds, so that memory has a bound.
const FORGET_S: u64 = 60;

/// The counters.
#[derive(Clone)]
pub(crate) struct Rates {
    callers: Arc<DefaultKeyedRateLimiter<String>>,
    addresses: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Rates {
    /// A minute's worth may come at once.
    pub(crate) fn new(caller_requests_per_minute: Option<NonZeroU32>) -> Self {
        let caller = caller_requests_per_minute.unwrap_or(CALLER_REQUESTS_PER_MINUTE);
        let address = caller.saturating_mul(CALLERS_PER_ADDRESS);
        Self {
            callers: Arc::new(RateLimiter::keyed(Quota::per_minute(caller))),
            addresses: Arc::new(RateLimiter::keyed(Quota::per_minute(address))),
        }
    }

    /// How long the caller has to wait, when they have to.
    pub(super) fn caller(&self, actor: &str) -> Result<(), Duration> {
        self.callers
            .check_key(&actor.to_owned())
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// How long an address has to wait, when it has to.
    pub(super) fn address(&self, address: IpAddr) -> Result<(), Duration> {
        self.addresses
            .check_key(&network(address))
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// Until the token is cancelled.
    pub(crate) async fn forget(self, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(Duration::from_secs(FORGET_S)) => {}
            }
            self.callers.retain_recent();
            self.callers.shrink_to_fit();
            self.addresses.retain_recent();
            self.addresses.shrink_to_fit();
        }
    }
}

/// One household has 2^64 addresses of IPv6: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_s_worth_passes_at_once_and_the_next_waits() {
        let rates = Rates::new(NonZeroU32::new(3));
        for _ in 0..3 {
            assert_eq!(rates.caller("token:a"), Ok(()));
        }
        assert!(rates.caller("token:a").is_err());
        assert_eq!(rates.caller("token:b"), Ok(()));
    }

    #[test]
    fn addresses_count_by_network() {
        for (address, expected) in [
            ("10.0.0.7", "10.0.0.7"),
            ("::ffff:10.0.0.7", "10.0.0.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            let address: IpAddr = address.parse().expect("is an address");
            assert_eq!(network(address).to_string(), expected);
        }
    }
}
