//! Saving and publishing a mapping.

use chassis::{Cause, Db, Failure};
use events::WorkspaceId;
use events::crm::v1::DriftDetected;
use events::rpc::{Code, RpcError};

use super::{broken, internal, now, suspend};
use crate::domain::item::{Item, Status};
use crate::domain::mapping::{Mapping, Published};
use crate::domain::publish::{self, Problem};
use crate::store::{drift, mapping, snapshot, workspace};
use crate::wire;

/// Stores a draft and says what would stand in its way.
///
/// # Errors
/// When Postgres fails.
pub async fn save_draft(
    db: &Db,
    id: &WorkspaceId,
    draft: &Mapping,
    by: &str,
) -> Result<Vec<Problem>, RpcError> {
    mapping::save_draft(db.pool(), id.as_str(), draft, by)
        .await
        .map_err(broken)?;
    let schema = snapshot::schema(db.pool(), id.as_str())
        .await
        .map_err(broken)?;
    Ok(publish::check(draft, &schema))
}

/// Publishes the draft, or says everything that stands in its way.
///
/// # Errors
/// When there is no draft, or Postgres fails.
pub async fn publish(
    db: &Db,
    id: &WorkspaceId,
    by: &str,
) -> Result<Result<Published, Vec<Problem>>, RpcError> {
    if mapping::draft(db.pool(), id.as_str())
        .await
        .map_err(broken)?
        .is_none()
    {
        return Err(RpcError::new(
            Code::FailedPrecondition,
            "there is no draft; save one first",
        ));
    }
    publish_draft(db, id, by).await.map_err(internal)
}

async fn publish_draft(
    db: &Db,
    id: &WorkspaceId,
    by: &str,
) -> Result<Result<Published, Vec<Problem>>, Failure> {
    let mut unit = db.begin().await?;
    // Held against a schema run that would judge the mapping by an older snapshot than the one it is checked against.
    workspace::lock(unit.connection(), id.as_str()).await?;
    let Some(draft) = mapping::draft(&mut *unit.connection(), id.as_str()).await? else {
        return Err(Failure::transient(
            "the draft was published by somebody else",
        ));
    };
    let schema = snapshot::schema(&mut *unit.connection(), id.as_str()).await?;
    let problems = publish::check(&draft, &schema);
    if !problems.is_empty() {
        tracing::info!(workspace = %id, problems = problems.len(), "mapping not published");
        return Ok(Err(problems));
    }
    let published = mapping::publish(unit.connection(), id.as_str(), &draft, by, now()).await?;
    mapping::delete_draft(unit.connection(), id.as_str()).await?;
    let cause = Cause::current();
    let repaired = repair(unit.connection(), id, &published, by).await?;
    if !repaired.is_empty() {
        let event = DriftDetected {
            workspace: id.as_str().to_owned(),
            items: repaired.iter().map(wire::drift::message).collect(),
        };
        unit.emit(id, &event, &cause);
    }
    suspend::announce(&mut unit, id, &published, &cause);
    unit.commit().await?;
    tracing::info!(workspace = %id, mapping.version = published.version, mapping.entries = published.mapping.entries.len(), "mapping published");
    Ok(Ok(published))
}

/// Drift that had broken entries is mended by a mapping that passes the check.
async fn repair(
    connection: &mut sqlx::PgConnection,
    id: &WorkspaceId,
    published: &Published,
    by: &str,
) -> Result<Vec<Item>, sqlx::Error> {
    let mut repaired = Vec::new();
    for item in drift::open(&mut *connection, id.as_str()).await? {
        if item.entry_ids.is_empty() {
            continue;
        }
        let item = Item {
            status: Status::Repaired,
            resolved_by: by.to_owned(),
            reason: format!("mapping version {} was published", published.version),
            ..item
        };
        drift::resolve(connection, id.as_str(), &item).await?;
        repaired.push(item);
    }
    Ok(repaired)
}
