//! The connection changed: work waits or goes on, and what was kept of the old one is forgotten.

use chassis::{Db, Delivery, Failure, Handler, Unit};
use chrono::Utc;
use events::crm::v1::{Connection, ConnectionChanged};
use uuid::Uuid;

use super::announce;
use super::wake::Wake;
use crate::adapters::orgs::Orgs;
use crate::domain::change::{Reason, Verdict};
use crate::domain::missed::{self, Course};
use crate::store::{config, gap, reasons_json, settings};
use crate::wire;

/// The durable consumer.
pub const DURABLE: &str = "writeback__connection_changed";

/// Handles connection changes.
pub struct OnConnectionChanged {
    db: Db,
    orgs: Orgs,
    wake: Wake,
    missed_after_s: u32,
}

impl OnConnectionChanged {
    /// Over the service's parts; what waited in one gap for longer than `missed_after_s` is not written by itself.
    #[must_use]
    pub fn new(db: Db, orgs: Orgs, wake: Wake, missed_after_s: u32) -> Self {
        Self {
            db,
            orgs,
            wake,
            missed_after_s,
        }
    }
}

impl OnConnectionChanged {
    /// What the time without a connection, or another org, means for the changes that waited.
    async fn moved(
        &self,
        unit: &mut Unit,
        before: &gap::Before,
        now: &Connection,
    ) -> Result<(), Failure> {
        let workspace = now.workspace.as_str();
        let state = wire::connection_state(now.state());
        let other_org = !before.organization_id.is_empty()
            && !now.organization_id.is_empty()
            && before.organization_id != now.organization_id;
        if other_org {
            let reason = [Reason::new(
                "connection",
                Verdict::Block,
                "another_org",
                "the workspace started over with another Salesforce org; the record is not there",
            )];
            let reason = reasons_json(&reason);
            let sets = gap::end_of_org(unit.connection(), workspace, &reason).await?;
            announce::sets(unit, sets, Utc::now()).await?;
        }
        let (was, is) = (wire::is_usable(&before.state), wire::is_usable(state));
        match missed::course(was, is, before.unusable_since) {
            Course::Same => Ok(()),
            Course::Begins => {
                let since =
                    wire::moment(now.since.as_ref(), "since").unwrap_or_else(|_| Utc::now());
                gap::begin(unit.connection(), workspace, since, state, &now.detail).await
            }
            Course::Ends(since) => {
                let id = Uuid::now_v7();
                let after_s = f64::from(self.missed_after_s);
                let reason = reasons_json(&[missed::reason()]);
                let (missed, sets) =
                    gap::end(unit.connection(), workspace, id, since, after_s, &reason).await?;
                announce::sets(unit, sets, Utc::now()).await?;
                if missed > 0 {
                    tracing::warn!(
                        workspace.id = workspace,
                        gap.id = %id,
                        changes = missed,
                        "changes waited too long without a connection and wait for a person"
                    );
                }
                Ok(())
            }
        }
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
            let before = gap::before(unit.connection(), &connection.workspace).await?;
            if config::connection(unit.connection(), connection).await? {
                if let Some(before) = before {
                    self.moved(&mut unit, &before, connection).await?;
                }
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
