//! An upstream pipeline that publishes at a steady pace and repeats what was not confirmed, as its own id lets it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::fixtures::Publication;
use testkit::publish::{Publisher, Trace};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for JetStream's confirmation before the same message is sent again.
const CONFIRMED_MAX: Duration = Duration::from_secs(5);
/// Pause before it is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What is published, and how fast.
pub(crate) struct Plan {
    /// Meetings that are published at most; each with a customer of its own, so that none competes for a field.
    pub(crate) meetings_max: usize,
    /// Pause between two meetings.
    pub(crate) pace: Duration,
    /// The meeting of a number.
    pub(crate) meeting: Box<dyn Fn(usize) -> Publication + Send>,
}

/// The pipeline at work; stops with [`Upstream::stop`].
pub(crate) struct Upstream {
    published: Arc<AtomicUsize>,
    repeated: Arc<AtomicUsize>,
    enough: CancellationToken,
    working: JoinHandle<()>,
}

impl Upstream {
    pub(crate) fn start(publisher: Publisher, plan: Plan) -> Self {
        let (published, repeated) = (Arc::default(), Arc::default());
        let enough = CancellationToken::new();
        let work = work(
            publisher,
            plan,
            Arc::clone(&published),
            Arc::clone(&repeated),
            enough.clone(),
        );
        Self {
            working: tokio::spawn(work),
            published,
            repeated,
            enough,
        }
    }

    /// Meetings JetStream confirmed so far.
    pub(crate) fn published(&self) -> usize {
        self.published.load(Ordering::Relaxed)
    }

    /// Times a meeting had to be sent again so far: what upstream sees of the trouble.
    pub(crate) fn repeated(&self) -> usize {
        self.repeated.load(Ordering::Relaxed)
    }

    /// Waits until every meeting is published.
    pub(crate) async fn finished(self) -> anyhow::Result<()> {
        Ok(self.working.await?)
    }

    /// Finishes the meeting at hand; answers how many were published.
    pub(crate) async fn stop(self) -> anyhow::Result<usize> {
        self.enough.cancel();
        self.working.await?;
        Ok(self.published.load(Ordering::Relaxed))
    }
}

async fn work(
    publisher: Publisher,
    plan: Plan,
    published: Arc<AtomicUsize>,
    repeated: Arc<AtomicUsize>,
    enough: CancellationToken,
) {
    for number in 0..plan.meetings_max {
        let (meeting, trace) = ((plan.meeting)(number), Trace::begin());
        loop {
            let sent = tokio::time::timeout(CONFIRMED_MAX, publisher.publish(&meeting, &trace));
            if matches!(sent.await, Ok(Ok(_))) {
                break;
            }
            repeated.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        published.fetch_add(1, Ordering::Relaxed);
        if enough.is_cancelled() {
            return;
        }
        tokio::time::sleep(plan.pace).await;
    }
}
