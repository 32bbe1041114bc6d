//! The connection changed: work waits or goes on, and what was kept of the old one is forgotten.

use chassis::{Db, Delivery, Failure, Handler};
use events::crm::v1::ConnectionChanged;

use super::wake::Wake;
use crate::adapters::orgs::Orgs;
use crate::store::{config, settings};

/// The durable consumer.
pub const DURABLE: &str = "writeback__connection_changed";

/// Handles connection changes.
pub struct OnConnectionChanged {
    db: Db,
    orgs: Orgs,
    wake: Wake,
}

impl OnConnectionChanged {
    /// Over the service's parts.
    #[must_use]
    pub fn new(db: Db, orgs: Orgs, wake: Wake) -> Self {
        Self { db, orgs, wake }
    }
}

impl Handler for OnConnectionChanged {
    type Event = ConnectionChanged;

    async fn handle(&self, batch: &[Delivery<ConnectionChanged>]) -> Result<(), Failure> {
        let (mut unit, fresh) = self
            .db
            .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
            .await?;
        for index in fresh.indexes() {
            let delivery = &batch[index];
            let Some(connection) = &delivery.event.connection else {
                return Err(Failure::permanent("invalid", "connection is missing"));
            };
            settings::ensure(
                unit.connection(),
                std::slice::from_ref(&connection.workspace),
            )
            .await?;
            if config::connection(unit.connection(), connection).await? {
                tracing::info!(
                    workspace.id = connection.workspace,
                    connection.state = connection.state().as_str_name(),
                    "the connection changed"
                );
            }
        }
        unit.commit().await?;
        for delivery in batch {
            self.orgs.forget(&delivery.workspace);
        }
        self.wake.gates();
        self.wake.executor();
        Ok(())
    }
}
