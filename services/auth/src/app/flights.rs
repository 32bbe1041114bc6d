//! One flight per connection and process: callers that find the token refused queue here instead of in Postgres.
//!
//! Purely an economy. What makes the refresh single across replicas is the lease.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use events::WorkspaceId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Entries beyond which forgotten ones are swept out.
const SWEEP_ABOVE: usize = 1024;

/// The flights in the air.
#[derive(Debug, Default)]
pub(super) struct Flights {
    by_workspace: Mutex<HashMap<WorkspaceId, Weak<AsyncMutex<()>>>>,
}

impl Flights {
    /// Waits for the workspace's turn; it ends when the guard is dropped.
    pub(super) async fn enter(&self, workspace: &WorkspaceId) -> OwnedMutexGuard<()> {
        let lane = {
            let mut lanes = self
                .by_workspace
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if lanes.len() > SWEEP_ABOVE {
                lanes.retain(|_, lane| lane.strong_count() > 0);
            }
            match lanes.get(workspace).and_then(Weak::upgrade) {
                Some(lane) => lane,
                None => {
                    let lane = Arc::new(AsyncMutex::new(()));
                    lanes.insert(workspace.clone(), Arc::downgrade(&lane));
                    lane
                }
            }
        };
        lane.lock_owned().await
    }
}
