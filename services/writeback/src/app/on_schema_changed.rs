//! An object's schema changed: once every part of a version is there, what waits is judged by it.

use chassis::{Db, Delivery, Failure, Handler};
use events::crm::v1::SchemaChanged;

use super::wake::Wake;
use crate::store::{config, settings};

/// The durable consumer.
pub const DURABLE: &str = "writeback__schema_changed";

/// Handles schema changes.
pub struct OnSchemaChanged {
    db: Db,
    wake: Wake,
}

impl OnSchemaChanged {
    /// Over the service's parts.
    #[must_use]
    pub fn new(db: Db, wake: Wake) -> Self {
        Self { db, wake }
    }
}

impl Handler for OnSchemaChanged {
    type Event = SchemaChanged;

    async fn handle(&self, batch: &[Delivery<SchemaChanged>]) -> Result<(), Failure> {
        let (mut unit, fresh) = self
            .db
            .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
            .await?;
        let mut complete = false;
        for index in fresh.indexes() {
            let event = &batch[index].event;
            let named = event
                .object
                .as_ref()
                .is_some_and(|object| !object.name.is_empty());
            if !named || event.parts > 1_000 || event.part > event.parts.max(1) {
                return Err(Failure::permanent(
                    "invalid",
                    "object.name is missing, or part is not within parts (1 to 1,000)",
                ));
            }
            settings::ensure(unit.connection(), std::slice::from_ref(&event.workspace)).await?;
            complete |= config::schema_part(unit.connection(), event).await?;
        }
        unit.commit().await?;
        if complete {
            self.wake.gates();
        }
        Ok(())
    }
}
