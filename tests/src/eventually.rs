//! Waiting for what happens by itself, without sleeping longer than needed or for ever.

use std::time::Duration;
use tokio::time::Instant;

/// First pause between two looks; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// Longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Calls `check` until it answers `Some`, at most for `limit`.
///
/// # Panics
/// When the limit is over, naming the caller.
#[track_caller]
pub fn eventually<T, F, Fut>(limit: Duration, check: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let caller = std::panic::Location::caller();
    async move {
        match within(limit, check).await {
            Some(value) => value,
            None => panic!("not so within {limit:?}, asked at {caller}"),
        }
    }
}

/// Calls `check` until it answers `Some`, at most for `limit`; `None` when the limit is over.
pub async fn within<T, F, Fut>(limit: Duration, mut check: F) -> Option<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    let mut pause = PAUSE_MIN;
    loop {
        if let Some(value) = check().await {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
