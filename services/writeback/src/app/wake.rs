//! Wakes the executor and the gates of this process at once; other processes hear of it over the bus or by polling.

use std::sync::Arc;

use tokio::sync::Notify;

/// Two bells. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    /// Lanes became ready.
    executor: Arc<Notify>,
    /// Something the gates look at moved.
    gates: Arc<Notify>,
}

impl Wake {
    /// Lanes became ready.
    pub fn executor(&self) {
        self.executor.notify_one();
    }

    /// Something the gates look at moved.
    pub fn gates(&self) {
        self.gates.notify_one();
    }

    /// Until lanes become ready.
    pub async fn executor_woken(&self) {
        self.executor.notified().await;
    }

    /// Until something moves.
    pub async fn gates_woken(&self) {
        self.gates.notified().await;
    }
}
