//! Another process approved changes: look at the queue now instead of at the next poll.

use chassis::{Delivery, Failure, Handler};
use events::writeback::v1::ChangesApproved;

use super::wake::Wake;

/// The durable consumer.
pub const DURABLE: &str = "writeback__changes_approved";

/// Wakes the executor. It keeps no inbox: a bell that rings twice does no harm.
pub struct OnApproved {
    wake: Wake,
}

impl OnApproved {
    /// Over the bells.
    #[must_use]
    pub fn new(wake: Wake) -> Self {
        Self { wake }
    }
}

impl Handler for OnApproved {
    type Event = ChangesApproved;

    async fn handle(&self, _batch: &[Delivery<ChangesApproved>]) -> Result<(), Failure> {
        self.wake.executor();
        Ok(())
    }
}
