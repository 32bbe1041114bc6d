//! Saving and publishing a mapping.

use chassis::{Cause, Db, Failure, Unit};
use events::WorkspaceId;
use events::crm::v1::DriftDetected;
use events::rpc::{Code, RpcError};
use events::topology::EVENT_BYTES_MAX;
use prost::Message;

use super::{access, broken, internal, now, suspend};
use crate::domain::item::{Item, Status};
use crate::domain::mapping::{Mapping, Published};
use crate::domain::publish::{self, Problem};
use crate::domain::schema::Schema;
use crate::store::{drift, mapping, snapshot, workspace};
use crate::wire;

/// Largest mapping that is published: every reader gets it whole in one message.
const MAPPING_BYTES_MAX: usize = EVENT_BYTES_MAX - 64 * 1024;

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
    mapping::save_draft(&db.workspace(id), id.as_str(), draft, by)
        .await
        .map_err(broken)?;
    check(db, id, draft).await
}

/// What would stand in the way of a mapping in the org as it is.
///
/// # Errors
/// When Postgres fails.
pub async fn check(db: &Db, id: &WorkspaceId, draft: &Mapping) -> Result<Vec<Problem>, RpcError> {
    let schema = snapshot::schema(&db.workspace(id), id.as_str())
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
    if mapping::draft(&db.workspace(id), id.as_str())
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
    let mut unit = db.begin(id).await?;
    // Held against a schema run that would judge the mapping by an older snapshot than the one it is checked against.
    workspace::lock(unit.connection(), id.as_str()).await?;
    let Some(draft) = mapping::draft(&mut *unit.connection(), id.as_str()).await? else {
        return Err(Failure::transient(
            "the draft was published by somebody else",
        ));
    };
    let schema = snapshot::schema(&mut *unit.connection(), id.as_str()).await?;
    let cause = Cause::current();
    let published = match publish_in(&mut unit, id, &draft, &schema, by, &cause).await? {
        Outcome::Problems(problems) => return Ok(Err(problems)),
        Outcome::Published(published) => published,
    };
    mapping::delete_draft(unit.connection(), id.as_str()).await?;
    unit.commit().await?;
    Ok(Ok(published))
}

/// What came of publishing.
pub enum Outcome {
    /// It is published.
    Published(Published),
    /// Everything that stands in its way; nothing was stored.
    Problems(Vec<Problem>),
}

/// Publishes `content` within a unit that holds the workspace's lock.
///
/// # Errors
/// When Postgres fails.
pub(super) async fn publish_in(
    unit: &mut Unit,
    id: &WorkspaceId,
    content: &Mapping,
    schema: &Schema,
    by: &str,
    cause: &Cause,
) -> Result<Outcome, Failure> {
    let mut problems = publish::check(content, schema);
    let bytes = wire::mapping::draft_message(id.as_str(), content).encoded_len();
    if bytes > MAPPING_BYTES_MAX {
        problems.push(Problem {
            entry_id: String::new(),
            field: "",
            message: format!(
                "the mapping takes {bytes} bytes and a message holds {MAPPING_BYTES_MAX}"
            ),
            fix: "shorten descriptions of properties, or remove synonyms".into(),
        });
    }
    if !problems.is_empty() {
        tracing::info!(workspace = %id, problems = problems.len(), "mapping not published");
        return Ok(Outcome::Problems(problems));
    }
    let published = mapping::publish(unit.connection(), id.as_str(), content, by, now()).await?;
    let repaired = repair(unit.connection(), id, &published, by).await?;
    if !repaired.is_empty() {
        let event = DriftDetected {
            workspace: id.as_str().to_owned(),
            items: repaired.iter().map(wire::drift::message).collect(),
        };
        unit.emit(id, &event, cause);
    }
    suspend::announce(unit, id, &published, cause);
    // The lock is held already; reading it again tells which connection the mapping is compared with.
    if let Some(present) = workspace::lock(unit.connection(), id.as_str()).await? {
        access::published(unit, id, &present, schema).await?;
    }
    tracing::info!(workspace = %id, mapping.version = published.version, mapping.entries = published.mapping.entries.len(), "mapping published");
    Ok(Outcome::Published(published))
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
        let reason = format!("mapping version {} was published", published.version);
        let item = item.resolved(Status::Repaired, by, &reason, now());
        drift::resolve(connection, id.as_str(), &item).await?;
        repaired.push(item);
    }
    Ok(repaired)
}
