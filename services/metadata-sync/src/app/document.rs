//! Carrying a mapping from one org to another as YAML.

use chassis::Db;
use events::WorkspaceId;
use events::rpc::RpcError;

use super::{broken, internal, mapping as edit};
use crate::domain::publish::Problem;
use crate::store::{mapping, setting, workspace};
use crate::wire::document::{self, Document};

/// A published version as YAML, with what the analysis is told about stages; 0 for the newest version.
///
/// # Errors
/// When there is no such version, or Postgres fails.
pub async fn export(db: &Db, id: &WorkspaceId, version: u64) -> Result<(String, u64), RpcError> {
    let found = match version {
        0 => mapping::published(&db.workspace(id), id.as_str()).await,
        version => mapping::version(&db.workspace(id), id.as_str(), version).await,
    };
    let published = found
        .map_err(broken)?
        .ok_or_else(|| RpcError::not_found("the mapping version"))?;
    let stages = setting::stage_descriptions(&db.workspace(id), id.as_str())
        .await
        .map_err(broken)?;
    let document = Document {
        mapping: published.mapping,
        stages,
    };
    let yaml = document::write(&document).map_err(|error| {
        RpcError::invalid("version", format!("cannot be written as YAML: {error}"))
    })?;
    Ok((yaml, published.version))
}

/// Makes YAML the draft; answers whether it did, and every problem: of the text when it was not stored, of publishing
/// here when it was.
///
/// # Errors
/// When Postgres fails.
pub async fn import(
    db: &Db,
    id: &WorkspaceId,
    yaml: &str,
    by: &str,
) -> Result<(bool, Vec<Problem>), RpcError> {
    let document = match document::read(yaml) {
        Ok(document) => document,
        Err(problems) => return Ok((false, problems)),
    };
    let problems = edit::save_draft(db, id, &document.mapping, by).await?;
    if !document.stages.is_empty() {
        let mut unit = db.begin(id).await.map_err(internal)?;
        workspace::lock(unit.connection(), id.as_str())
            .await
            .map_err(broken)?;
        setting::describe_stages(unit.connection(), id.as_str(), &document.stages, by)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
    }
    Ok((true, problems))
}
