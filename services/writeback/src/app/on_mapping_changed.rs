//! A mapping was published, or drift suspended or released an entry: what waits is planned and gated by it.

use chassis::{Db, Delivery, Failure, Handler};
use events::crm::v1::MappingChanged;

use super::wake::Wake;
use crate::store::{config, settings};
use crate::wire;

/// The durable consumer.
pub const DURABLE: &str = "writeback__mapping_changed";

/// Handles published mappings.
pub struct OnMappingChanged {
    db: Db,
    wake: Wake,
}

impl OnMappingChanged {
    /// Over the service's parts.
    #[must_use]
    pub fn new(db: Db, wake: Wake) -> Self {
        Self { db, wake }
    }
}

impl Handler for OnMappingChanged {
    type Event = MappingChanged;

    async fn handle(&self, batch: &[Delivery<MappingChanged>]) -> Result<(), Failure> {
        let (mut unit, fresh) = self
            .db
            .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
            .await?;
        for index in fresh.indexes() {
            let Some(mapping) = &batch[index].event.mapping else {
                return Err(Failure::permanent("invalid", "mapping is missing"));
            };
            // Read once here, so that a mapping no reader understands never becomes the one in use.
            wire::mapping(mapping)
                .map_err(|error| Failure::permanent("invalid", error.to_string()))?;
            settings::ensure(unit.connection(), std::slice::from_ref(&mapping.workspace)).await?;
            if config::mapping(unit.connection(), mapping).await? {
                tracing::info!(
                    workspace.id = mapping.workspace,
                    mapping.version = mapping.version,
                    mapping.revision = mapping.revision,
                    "a mapping is in use"
                );
            }
        }
        unit.commit().await?;
        self.wake.gates();
        Ok(())
    }
}
