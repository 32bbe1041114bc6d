//! What others may ask. Reading needs a viewer, changing an admin.

use std::sync::Arc;

use chassis::{Cause, Db};
use events::WorkspaceId;
use events::metadata::v1::{
    GetMappingRequest, GetMappingResponse, GetObjectRequest, GetObjectResponse, ListDriftRequest,
    ListDriftResponse, ListObjectsRequest, ListObjectsResponse, ListSyncRunsRequest,
    ListSyncRunsResponse, MetadataSync, ObjectSummary, PublishMappingRequest,
    PublishMappingResponse, ResolveDriftRequest, ResolveDriftResponse, SaveMappingDraftRequest,
    SaveMappingDraftResponse, StartSyncRequest, StartSyncResponse,
};
use events::rpc::{CallContext, Code, Role, RpcError};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{broken, internal};
use crate::app::{drift as decide, mapping as edit};
use crate::store::{drift, mapping, run, snapshot, workspace};
use crate::wire;

/// Runs listed when the request names no limit.
const RUNS_DEFAULT: i64 = 20;
/// Drift items listed when the request names no limit.
const DRIFT_DEFAULT: i64 = 100;
/// Most rows listed.
const ROWS_MAX: i64 = 200;

/// Answers requests.
pub struct Rpc {
    db: Db,
    wake: Arc<Notify>,
}

impl Rpc {
    /// Answers from `db`, and wakes the runner through `wake`.
    #[must_use]
    pub fn new(db: Db, wake: Arc<Notify>) -> Self {
        Self { db, wake }
    }
}

fn workspace_id(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|_| {
        RpcError::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })
}

fn limit(asked: u32, default: i64) -> Result<i64, RpcError> {
    match i64::from(asked) {
        0 => Ok(default),
        rows if rows <= ROWS_MAX => Ok(rows),
        _ => Err(RpcError::invalid(
            "limit",
            format!("is more than {ROWS_MAX}"),
        )),
    }
}

impl MetadataSync for Rpc {
    async fn start_sync(
        &self,
        context: &CallContext,
        request: StartSyncRequest,
    ) -> Result<StartSyncResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let kind = wire::run::kind(request.kind())?;
        let known = workspace::load(self.db.pool(), id.as_str())
            .await
            .map_err(broken)?;
        if !known.is_some_and(|known| known.connected) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            ));
        }
        if let Some(running) = run::running(self.db.pool(), id.as_str(), kind)
            .await
            .map_err(broken)?
        {
            return Ok(StartSyncResponse {
                run: Some(wire::run::message(&running)),
            });
        }
        let mut unit = self.db.begin().await.map_err(internal)?;
        let (actor, trace) = (&context.caller.actor, Cause::current());
        run::ask(
            unit.connection(),
            id.as_str(),
            kind,
            actor,
            trace.traceparent.as_deref(),
        )
        .await
        .map_err(broken)?;
        let queued = run::queued(&mut *unit.connection(), id.as_str(), kind)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
        self.wake.notify_one();
        let queued = queued.ok_or_else(|| {
            RpcError::new(
                Code::Unavailable,
                "the run started meanwhile; list the runs",
            )
        })?;
        Ok(StartSyncResponse {
            run: Some(wire::run::message(&queued)),
        })
    }

    async fn list_sync_runs(
        &self,
        context: &CallContext,
        request: ListSyncRunsRequest,
    ) -> Result<ListSyncRunsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, RUNS_DEFAULT)?;
        let runs = run::list(self.db.pool(), id.as_str(), rows)
            .await
            .map_err(broken)?;
        Ok(ListSyncRunsResponse {
            runs: runs.iter().map(wire::run::message).collect(),
        })
    }

    async fn get_object(
        &self,
        context: &CallContext,
        request: GetObjectRequest,
    ) -> Result<GetObjectResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let found = snapshot::one(self.db.pool(), id.as_str(), &request.object)
            .await
            .map_err(broken)?;
        let (object, version) = found.ok_or_else(|| RpcError::not_found("the object"))?;
        Ok(GetObjectResponse {
            object: Some(wire::schema::object(&object)),
            version: version.unsigned_abs(),
        })
    }

    async fn list_objects(
        &self,
        context: &CallContext,
        request: ListObjectsRequest,
    ) -> Result<ListObjectsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let known = snapshot::summaries(self.db.pool(), id.as_str())
            .await
            .map_err(broken)?;
        let summary = |known: snapshot::Summary| ObjectSummary {
            name: known.object,
            label: known.label,
            version: known.version.unsigned_abs(),
            fields: known.fields.unsigned_abs(),
            updateable: known.updateable,
            createable: known.createable,
        };
        Ok(ListObjectsResponse {
            objects: known.into_iter().map(summary).collect(),
        })
    }

    async fn get_mapping(
        &self,
        context: &CallContext,
        request: GetMappingRequest,
    ) -> Result<GetMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let draft = mapping::draft(self.db.pool(), id.as_str())
            .await
            .map_err(broken)?;
        let published = mapping::published(self.db.pool(), id.as_str())
            .await
            .map_err(broken)?;
        Ok(GetMappingResponse {
            draft: draft.map(|draft| wire::mapping::draft_message(id.as_str(), &draft)),
            published: published.map(|published| wire::mapping::message(id.as_str(), &published)),
        })
    }

    async fn save_mapping_draft(
        &self,
        context: &CallContext,
        request: SaveMappingDraftRequest,
    ) -> Result<SaveMappingDraftResponse, RpcError> {
        context.require(Role::Admin)?;
        let sent = request
            .draft
            .ok_or_else(|| RpcError::invalid("draft", "is missing; send the whole draft"))?;
        let id = workspace_id(&sent.workspace)?;
        let draft = wire::mapping::draft(&sent)?;
        let problems = edit::save_draft(&self.db, &id, &draft, &context.caller.actor).await?;
        Ok(SaveMappingDraftResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }

    async fn publish_mapping(
        &self,
        context: &CallContext,
        request: PublishMappingRequest,
    ) -> Result<PublishMappingResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        Ok(
            match edit::publish(&self.db, &id, &context.caller.actor).await? {
                Ok(published) => PublishMappingResponse {
                    mapping: Some(wire::mapping::message(id.as_str(), &published)),
                    problems: vec![],
                },
                Err(problems) => PublishMappingResponse {
                    mapping: None,
                    problems: problems.iter().map(wire::mapping::problem).collect(),
                },
            },
        )
    }

    async fn list_drift(
        &self,
        context: &CallContext,
        request: ListDriftRequest,
    ) -> Result<ListDriftResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, DRIFT_DEFAULT)?;
        let items = drift::list(self.db.pool(), id.as_str(), request.include_resolved, rows)
            .await
            .map_err(broken)?;
        Ok(ListDriftResponse {
            items: items.iter().map(wire::drift::message).collect(),
        })
    }

    async fn resolve_drift(
        &self,
        context: &CallContext,
        request: ResolveDriftRequest,
    ) -> Result<ResolveDriftResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let decision = wire::drift::decision(request.status())?;
        let item =
            Uuid::parse_str(&request.id).map_err(|_| RpcError::invalid("id", "is not a UUID"))?;
        let actor = &context.caller.actor;
        let item = decide::resolve(&self.db, &id, item, decision, &request.reason, actor).await?;
        Ok(ResolveDriftResponse {
            item: Some(wire::drift::message(&item)),
        })
    }
}
