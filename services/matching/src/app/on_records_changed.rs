//! Records of the org arrive: they go into the projection in the order of the stream.

use crate::store::projection;
use crate::wire;
use chassis::{Db, Delivery, Failure, Handler};
use events::crm::v1::RecordsChanged;
use std::sync::Arc;
use tokio::sync::Notify;

/// Handles `ergo.crm.records.changed.v1.*`.
#[derive(Debug)]
pub struct OnRecordsChanged {
    db: Db,
    loaded: Arc<Notify>,
    changed: Arc<Notify>,
}

impl OnRecordsChanged {
    /// On this database; `loaded` is notified when a load is complete, so that waiting meetings are decided, `changed` after
    /// every change, so that meetings it concerns are decided again.
    #[must_use]
    pub fn new(db: Db, loaded: Arc<Notify>, changed: Arc<Notify>) -> Self {
        Self {
            db,
            loaded,
            changed,
        }
    }
}

/// The consumer's name in the inbox.
const CONSUMER: &str = "matching__records_changed";

impl Handler for OnRecordsChanged {
    type Event = RecordsChanged;

    async fn handle(&self, batch: &[Delivery<RecordsChanged>]) -> Result<(), Failure> {
        let mut all = Vec::with_capacity(batch.len());
        for delivery in batch {
            let records = wire::records(&delivery.event)
                .map_err(|error| Failure::permanent("invalid_records", error.to_string()))?;
            all.push((&delivery.workspace, records));
        }
        let (mut unit, fresh) = self
            .db
            .begin_batch(CONSUMER, batch.iter().map(Delivery::claim))
            .await?;
        let mut complete = false;
        for index in fresh.indexes() {
            let (workspace, records) = &all[index];
            projection::apply(unit.connection(), workspace.as_str(), records).await?;
            complete |= records.load_complete;
        }
        unit.commit().await?;
        self.changed.notify_one();
        if complete {
            self.loaded.notify_one();
        }
        Ok(())
    }
}
