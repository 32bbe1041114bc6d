//! Notes when each meeting was queued and when it was applied, from the outcomes the product publishes.

use events::writeback::v1::{ChangeSetOutcome, ChangeSetState, ChangeState};
use futures::StreamExt;
use prost::Message;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// What was seen of one meeting.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// The first outcome: gated, and queued where allowed.
    pub(crate) queued: Option<Instant>,
    /// Everything ended.
    pub(crate) ended: Option<Instant>,
    /// How many changes were applied at the end.
    pub(crate) applied: usize,
}

/// Listens until it is dropped.
pub(crate) struct Watch {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    _listening: AbortOnDropHandle<()>,
}

impl Watch {
    /// Listens to the outcomes of one workspace.
    pub(crate) async fn start(
        client: &async_nats::Client,
        workspace: &str,
    ) -> anyhow::Result<Self> {
        let subject = format!("ergo.writeback.outcome.v1.{workspace}");
        let mut outcomes = client.subscribe(subject).await?;
        client.flush().await?;
        let seen = Arc::new(Mutex::new(HashMap::new()));
        let noted = Arc::clone(&seen);
        let listening = tokio::spawn(async move {
            while let Some(message) = outcomes.next().await {
                if let Ok(outcome) = ChangeSetOutcome::decode(message.payload) {
                    note(&noted, &outcome);
                }
            }
        });
        Ok(Self {
            seen,
            _listening: AbortOnDropHandle::new(listening),
        })
    }

    /// What was seen of a meeting so far.
    pub(crate) fn of(&self, meeting_id: &str) -> Seen {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(meeting_id).copied().unwrap_or_default()
    }

    /// Waits until all these meetings ended, at most for `limit`; answers how many have not.
    pub(crate) async fn ended(&self, meeting_ids: &[String], limit: Duration) -> usize {
        let open = || {
            meeting_ids
                .iter()
                .filter(|id| self.of(id).ended.is_none())
                .count()
        };
        let done =
            testkit::eventually::within(limit, || std::future::ready((open() == 0).then_some(())));
        done.await;
        open()
    }
}

fn note(seen: &Mutex<HashMap<String, Seen>>, outcome: &ChangeSetOutcome) {
    let now = Instant::now();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let meeting = seen.entry(outcome.meeting_id.clone()).or_default();
    meeting.queued.get_or_insert(now);
    let ended = match outcome.state() {
        ChangeSetState::Waiting | ChangeSetState::Done | ChangeSetState::Empty => true,
        ChangeSetState::Unspecified | ChangeSetState::Executing | ChangeSetState::Superseded => {
            false
        }
    };
    if ended {
        meeting.ended.get_or_insert(now);
        meeting.applied = outcome
            .changes
            .iter()
            .filter(|change| change.state() == ChangeState::Applied)
            .count();
    }
}
