//! What has to be well before traffic is welcome: named checks, asked when `/readyz` is.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::{BoxFuture, join_all};

/// Longest time one check may take, in seconds; then it counts as failed.
const CHECK_TIMEOUT_S: u64 = 3;

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks of one service.
#[derive(Default)]
pub(crate) struct Readiness {
    checks: Mutex<Vec<(&'static str, Check)>>,
}

impl Readiness {
    /// Adds a check; its error text says what is missing.
    pub(crate) fn add<F, Fut>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, Arc::new(move || Box::pin(check()))));
    }

    /// Every failed check with its problem; empty means ready.
    pub(crate) async fn missing(&self) -> Vec<(&'static str, String)> {
        let checks = self
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let limit = Duration::from_secs(CHECK_TIMEOUT_S);
        let asked = checks.into_iter().map(|(name, check)| async move {
            match tokio::time::timeout(limit, check()).await {
                Ok(Ok(())) => None,
                Ok(Err(problem)) => Some((name, problem)),
                Err(_) => Some((name, format!("did not answer within {CHECK_TIMEOUT_S} s"))),
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_missing_is_named() {
        let readiness = Readiness::default();
        assert!(readiness.missing().await.is_empty());
        readiness.add("fine", || async { Ok(()) });
        readiness.add("postgres", || async {
            Err("connection refused".to_owned())
        });
        assert_eq!(
            readiness.missing().await,
            [("postgres", "connection refused".to_owned())]
        );
    }
}
