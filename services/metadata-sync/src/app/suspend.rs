//! Keeps the suspended entries of the published mapping in step with the org and the decisions about drift.

use chassis::{Cause, Failure, Unit};
use events::WorkspaceId;
use events::crm::v1::MappingChanged;

use crate::domain::impact;
use crate::domain::mapping::Published;
use crate::domain::schema::Schema;
use crate::store::{drift, mapping};
use crate::wire;

/// Suspends and releases entries as `schema` and the open drift demand, and tells the others when anything moved. The
/// caller holds the workspace's lock.
///
/// # Errors
/// When Postgres fails.
pub async fn refresh(
    unit: &mut Unit,
    workspace: &WorkspaceId,
    schema: &Schema,
    cause: &Cause,
) -> Result<(), Failure> {
    let Some(published) = mapping::published(&mut *unit.connection(), workspace.as_str()).await?
    else {
        return Ok(());
    };
    let open = drift::open(&mut *unit.connection(), workspace.as_str()).await?;
    let hits = open
        .iter()
        .map(|item| (&item.change, item.entry_ids.as_slice()));
    let suspended = impact::suspended(&published.mapping, schema, hits);
    if suspended == published.suspended {
        return Ok(());
    }
    for (entry, reason) in &suspended {
        if !published.suspended.contains_key(entry) {
            tracing::warn!(workspace = %workspace, mapping.entry = entry, reason, "mapping entry suspended");
        }
    }
    for entry in published
        .suspended
        .keys()
        .filter(|entry| !suspended.contains_key(*entry))
    {
        tracing::info!(workspace = %workspace, mapping.entry = entry, "mapping entry released");
    }
    let revision = mapping::suspend(
        unit.connection(),
        workspace.as_str(),
        published.version,
        &suspended,
    )
    .await?;
    announce(
        unit,
        workspace,
        &Published {
            revision,
            suspended,
            ..published
        },
        cause,
    );
    Ok(())
}

/// Tells the others about a published mapping.
pub fn announce(unit: &mut Unit, workspace: &WorkspaceId, published: &Published, cause: &Cause) {
    let event = MappingChanged {
        mapping: Some(wire::mapping::message(workspace.as_str(), published)),
    };
    unit.emit(workspace, &event, cause);
}
