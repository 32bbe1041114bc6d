//! metadata-sync reviewed what the connected user can reach: the connection becomes limited, or whole again.

use chassis::{Db, Delivery, Failure, Handler};
use chrono::Utc;
use events::crm::v1::AccessReviewed;

use super::change;
use crate::domain::access;
use crate::{store, wire};

/// The durable consumer.
pub const DURABLE: &str = "auth__access_reviewed";
/// Who the history names.
const ACTOR: &str = "service:metadata-sync/access-review";

/// Handles access reviews.
pub struct OnAccessReviewed {
    db: Db,
}

impl OnAccessReviewed {
    /// Over the store.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

impl Handler for OnAccessReviewed {
    type Event = AccessReviewed;

    async fn handle(&self, batch: &[Delivery<AccessReviewed>]) -> Result<(), Failure> {
        let (mut unit, fresh) = self
            .db
            .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
            .await?;
        for index in fresh.indexes() {
            let delivery = &batch[index];
            let review = wire::review(&delivery.event)?;
            let workspace = &delivery.workspace;
            let Some(before) = store::connection::lock(unit.connection(), workspace).await? else {
                continue;
            };
            let applied = store::connection::access_revision(unit.connection(), workspace).await?;
            if !access::speaks_of(&review, before.epoch, applied) {
                tracing::info!(%workspace, access.revision = review.revision, "an access review of another time was left out");
                continue;
            }
            let revision = review.revision;
            if let Some(after) = before.reviewed(review.missing, Utc::now()) {
                change::save(&mut unit, &before, &after, ACTOR).await?;
            }
            store::connection::set_access_revision(unit.connection(), workspace, revision).await?;
        }
        unit.commit().await
    }
}
