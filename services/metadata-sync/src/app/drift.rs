//! A person's decision about one difference.

use chassis::{Cause, Db, Failure};
use events::WorkspaceId;
use events::crm::v1::DriftDetected;
use events::rpc::{Code, RpcError};
use uuid::Uuid;

use super::mapping::{Outcome, publish_in};
use super::{internal, now, suspend};
use crate::domain::impact;
use crate::domain::item::{Item, Status};
use crate::store::{drift, mapping, snapshot, workspace};
use crate::wire;

/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 2_000;

/// Decides about an item and releases or keeps its entries accordingly.
///
/// # Errors
/// When the item is unknown or decided already, the reason is missing, or what was called repaired does not work.
pub async fn resolve(
    db: &Db,
    id: &WorkspaceId,
    item: Uuid,
    decision: Status,
    reason: &str,
    by: &str,
) -> Result<Item, RpcError> {
    let reason = reason.trim();
    if decision == Status::Ignored && reason.is_empty() {
        return Err(RpcError::invalid(
            "reason",
            "is missing; say why it is ignored",
        ));
    }
    if reason.contains('\0') || reason.chars().count() > REASON_CHARACTERS_MAX {
        return Err(RpcError::invalid(
            "reason",
            format!("is longer than {REASON_CHARACTERS_MAX} characters or contains a NUL"),
        ));
    }
    decide(db, id, item, decision, reason, by)
        .await
        .map_err(internal)?
}

async fn decide(
    db: &Db,
    id: &WorkspaceId,
    item: Uuid,
    decision: Status,
    reason: &str,
    by: &str,
) -> Result<Result<Item, RpcError>, Failure> {
    let mut unit = db.begin(id).await?;
    workspace::lock(unit.connection(), id.as_str()).await?;
    let Some(item) = drift::lock(unit.connection(), id.as_str(), item).await? else {
        return Ok(Err(RpcError::not_found("the drift item")));
    };
    if item.status != Status::Open {
        return Ok(Err(RpcError::new(
            Code::FailedPrecondition,
            format!(
                "the item is {} already, by {}",
                item.status.as_str(),
                item.resolved_by
            ),
        )));
    }
    let schema = snapshot::schema(&mut *unit.connection(), id.as_str()).await?;
    if decision == Status::Repaired
        && let Some(published) = mapping::published(&mut *unit.connection(), id.as_str()).await?
    {
        let broken = impact::suspended(&published.mapping, &schema, []);
        let still: Vec<&String> = item
            .entry_ids
            .iter()
            .filter_map(|entry| broken.get(entry))
            .collect();
        if let Some(first) = still.first() {
            return Ok(Err(RpcError::new(
                Code::FailedPrecondition,
                format!("it is not repaired: {first}"),
            )));
        }
    }
    let item = item.resolved(decision, by, reason, now());
    drift::resolve(unit.connection(), id.as_str(), &item).await?;
    let cause = Cause::current();
    suspend::refresh(&mut unit, id, &schema, &cause).await?;
    let event = DriftDetected {
        workspace: id.as_str().to_owned(),
        items: vec![wire::drift::message(&item)],
    };
    unit.emit(id, &event, &cause);
    unit.commit().await?;
    tracing::info!(workspace = %id, drift.id = %item.id, decision = decision.as_str(), "drift decided");
    Ok(Ok(item))
}

/// Makes the repair that follows from a difference: publishes the mapping with it. The draft stays as it is.
///
/// # Errors
/// When the item is unknown, decided already or not repairable, or nothing is published.
pub async fn repair(
    db: &Db,
    id: &WorkspaceId,
    item: Uuid,
    by: &str,
) -> Result<(Item, Outcome), RpcError> {
    repair_in(db, id, item, by).await.map_err(internal)?
}

async fn repair_in(
    db: &Db,
    id: &WorkspaceId,
    item: Uuid,
    by: &str,
) -> Result<Result<(Item, Outcome), RpcError>, Failure> {
    let refused = |message: &str| Ok(Err(RpcError::new(Code::FailedPrecondition, message)));
    let mut unit = db.begin(id).await?;
    workspace::lock(unit.connection(), id.as_str()).await?;
    let Some(item) = drift::lock(unit.connection(), id.as_str(), item).await? else {
        return Ok(Err(RpcError::not_found("the drift item")));
    };
    if item.status != Status::Open {
        return refused("the item is decided already");
    }
    let Some(published) = mapping::published(&mut *unit.connection(), id.as_str()).await? else {
        return refused("no mapping is published");
    };
    let Some(mended) = impact::applied(&item.change, &published.mapping) else {
        return refused(
            "the repair does not follow from the difference; change the mapping and publish it",
        );
    };
    let schema = snapshot::schema(&mut *unit.connection(), id.as_str()).await?;
    let cause = Cause::current();
    let outcome = match publish_in(&mut unit, id, &mended, &schema, by, &cause).await? {
        Outcome::Problems(problems) => return Ok(Ok((item, Outcome::Problems(problems)))),
        published => published,
    };
    // A repair that broke no entry (a text now cut) is not closed by publishing, but by having been made.
    let reason = "the proposed repair was made";
    let item = item.resolved(Status::Repaired, by, reason, now());
    drift::resolve(unit.connection(), id.as_str(), &item).await?;
    let event = DriftDetected {
        workspace: id.as_str().to_owned(),
        items: vec![wire::drift::message(&item)],
    };
    unit.emit(id, &event, &cause);
    suspend::refresh(&mut unit, id, &schema, &cause).await?;
    unit.commit().await?;
    tracing::info!(workspace = %id, drift.id = %item.id, "drift repaired");
    Ok(Ok((item, outcome)))
}
