//! A connection changed: remember it, and read the org at once when it works.

use std::sync::Arc;

use chassis::{Db, Delivery, Failure, Handler, backoff};
use events::crm::v1::ConnectionChanged;
use tokio::sync::Notify;

use crate::app::{SELF, now};
use crate::config::SyncOptions;
use crate::domain::run::Kind;
use crate::domain::schedule;
use crate::service::CONNECTION_CHANGED;
use crate::store::{access, run, workspace};
use crate::wire;

/// Handles `ConnectionChanged`.
pub struct OnConnectionChanged {
    db: Db,
    options: SyncOptions,
    wake: Arc<Notify>,
}

impl OnConnectionChanged {
    /// A handler that wakes the runner through `wake`.
    #[must_use]
    pub fn new(db: Db, options: SyncOptions, wake: Arc<Notify>) -> Self {
        Self { db, options, wake }
    }
}

impl Handler for OnConnectionChanged {
    type Event = ConnectionChanged;

    async fn handle(&self, batch: &[Delivery<ConnectionChanged>]) -> Result<(), Failure> {
        let (mut unit, fresh) = self
            .db
            .begin_batch(CONNECTION_CHANGED, batch.iter().map(Delivery::claim))
            .await?;
        for index in fresh.indexes() {
            let said = wire::connection::connection(&batch[index].event)?;
            let connection = unit.connection();
            let Some(moved) = workspace::save(connection, &said).await? else {
                tracing::info!(
                    workspace = said.workspace,
                    generation = said.generation,
                    "an older connection state was left out"
                );
                continue;
            };
            tracing::info!(
                workspace = said.workspace,
                connected = said.connected,
                connection.epoch = said.epoch,
                "connection changed"
            );
            if moved.epoch || moved.organization {
                workspace::start_over(connection, &said.workspace).await?;
            }
            // That the connection is limited is our own finding: reading again would find the same.
            if said.connected && (!said.limited || moved.epoch) {
                access::ask(connection, &said.workspace, SELF, now()).await?;
                // Both at once: nobody should wait for a schedule after connecting. Another user sees other records, so
                // those are read anew.
                let traceparent = batch[index].cause.traceparent.as_deref();
                let records = if moved.epoch {
                    Kind::RecordsFull
                } else {
                    Kind::Records
                };
                for kind in [Kind::Schema, records] {
                    run::ask(connection, &said.workspace, kind, SELF, traceparent).await?;
                }
                let due =
                    |interval_s| Some(schedule::next_due(now(), interval_s, backoff::jitter()));
                let schema = due(self.options.sync_schema_interval_s);
                let records = due(self.options.sync_records_interval_s);
                workspace::set_due(connection, &said.workspace, schema, records).await?;
            }
        }
        unit.commit().await?;
        self.wake.notify_one();
        Ok(())
    }
}
