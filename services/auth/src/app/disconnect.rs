//! An admin ends the connection: state and event at once, the tokens destroyed, the grant queued for revocation.

use std::sync::Arc;

use chassis::{Db, Failure};
use chrono::Utc;
use events::WorkspaceId;
use uuid::Uuid;

use super::change;
use crate::domain::connection::Connection;
use crate::domain::grant::GrantKind;
use crate::domain::state::Trigger;
use crate::seal::Ring;
use crate::store::{self, lease, secret};

/// Ends a workspace's connection; `None` when it has none. A refresh that is in the air finds the connection ended and
/// revokes what it brought.
///
/// # Errors
/// When the store refuses or is away.
pub async fn disconnect(
    db: &Db,
    ring: &Arc<Ring>,
    workspace: &WorkspaceId,
    actor: &str,
) -> Result<Option<Connection>, Failure> {
    let mut unit = db.begin(workspace).await?;
    let Some(before) = store::connection::lock(unit.connection(), workspace).await? else {
        return Ok(None);
    };
    let place = |kind| secret::Place {
        workspace,
        kind,
        owner: "",
    };
    let standing = lease::standing_in(unit.connection(), workspace).await?;
    // Of the customer's own app we hold no grant: what can be ended at Salesforce is the session.
    let revocable = match standing.map(|standing| standing.grant.kind()) {
        Some(GrantKind::JwtBearer) => secret::Kind::AccessToken,
        Some(GrantKind::RefreshToken) | None => secret::Kind::RefreshToken,
    };
    match secret::get_in(unit.connection(), ring, place(revocable)).await {
        Ok(Some((_, grant))) => {
            store::revocation::enqueue(
                unit.connection(),
                ring,
                Uuid::new_v4(),
                workspace,
                &before.instance_url,
                &grant,
            )
            .await?;
        }
        Ok(None) => {}
        // Disconnecting must work also when the keys do not: the grant then has to be revoked in Salesforce.
        Err(store::StoreError::Seal { source, .. }) => {
            tracing::error!(%workspace, error = %source, "grant does not open and cannot be revoked from here; revoke it in Salesforce");
        }
        Err(error @ (store::StoreError::Database(_) | store::StoreError::Unknown { .. })) => {
            return Err(error.into());
        }
    }
    for kind in [
        secret::Kind::RefreshToken,
        secret::Kind::AccessToken,
        secret::Kind::SigningKey,
    ] {
        secret::destroy(unit.connection(), place(kind)).await?;
    }
    let after = before.after(Trigger::Disconnected, Utc::now());
    if let Some(after) = &after {
        change::save(&mut unit, &before, after, actor).await?;
    }
    unit.commit().await?;
    Ok(Some(after.unwrap_or(before)))
}
