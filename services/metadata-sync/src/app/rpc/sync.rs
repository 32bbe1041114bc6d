//! Runs and access reviews: asked for, listed.

use chassis::Cause;
use events::metadata::v1::{
    GetAccessReviewRequest, GetAccessReviewResponse, ListSyncRunsRequest, ListSyncRunsResponse,
    StartAccessReviewRequest, StartAccessReviewResponse, StartSyncRequest, StartSyncResponse,
};
use events::rpc::{CallContext, Code, Role, RpcError};

use super::{Rpc, limit, workspace_id};
use crate::app::{broken, internal, now};
use crate::domain::run::Kind;
use crate::store::{access, run, workspace};
use crate::wire;

/// Runs listed when the request names no limit.
const RUNS_DEFAULT: i64 = 20;
/// Most earlier access reviews answered.
const REVIEWS_MAX: u32 = 50;

impl Rpc {
    pub(super) async fn start_sync(
        &self,
        context: &CallContext,
        request: StartSyncRequest,
    ) -> Result<StartSyncResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let kind = wire::run::kind(request.kind())?;
        let known = workspace::load(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        if !known.is_some_and(|known| known.connected) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            ));
        }
        if let Some(running) = run::running(&self.db.workspace(&id), id.as_str(), kind)
            .await
            .map_err(broken)?
        {
            return Ok(StartSyncResponse {
                run: Some(wire::run::message(&running)),
            });
        }
        let mut unit = self.db.begin(&id).await.map_err(internal)?;
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

    pub(super) async fn list_sync_runs(
        &self,
        context: &CallContext,
        request: ListSyncRunsRequest,
    ) -> Result<ListSyncRunsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, RUNS_DEFAULT)?;
        let runs = run::list(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        Ok(ListSyncRunsResponse {
            runs: runs.iter().map(wire::run::message).collect(),
        })
    }

    pub(super) async fn start_access_review(
        &self,
        context: &CallContext,
        request: StartAccessReviewRequest,
    ) -> Result<StartAccessReviewResponse, RpcError> {
        // Who checks that permissions suffice need not be allowed to configure anything.
        context.require(Role::Operator)?;
        let id = workspace_id(&request.workspace)?;
        let mut unit = self.db.begin(&id).await.map_err(internal)?;
        let present = workspace::lock(unit.connection(), id.as_str())
            .await
            .map_err(broken)?;
        if !present.is_some_and(|present| present.connected) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace is not connected; connect Salesforce first",
            ));
        }
        let actor = &context.caller.actor;
        access::ask(unit.connection(), id.as_str(), actor, now())
            .await
            .map_err(broken)?;
        // A run that is under way began before the wish: one more is made.
        let trace = Cause::current();
        run::ask(
            unit.connection(),
            id.as_str(),
            Kind::Schema,
            actor,
            trace.traceparent.as_deref(),
        )
        .await
        .map_err(broken)?;
        let queued = run::queued(&mut *unit.connection(), id.as_str(), Kind::Schema)
            .await
            .map_err(broken)?;
        unit.commit().await.map_err(internal)?;
        self.wake.notify_one();
        Ok(StartAccessReviewResponse {
            run: queued.as_ref().map(wire::run::message),
        })
    }

    pub(super) async fn get_access_review(
        &self,
        context: &CallContext,
        request: GetAccessReviewRequest,
    ) -> Result<GetAccessReviewResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        if request.history_limit > REVIEWS_MAX {
            return Err(RpcError::invalid(
                "history_limit",
                format!("is more than {REVIEWS_MAX}"),
            ));
        }
        let newest = access::newest(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        let rows = i64::from(request.history_limit);
        let history = access::history(&self.db.workspace(&id), id.as_str(), rows)
            .await
            .map_err(broken)?;
        Ok(GetAccessReviewResponse {
            review: newest.map(|stored| wire::access::review(id.as_str(), &stored)),
            history: history.iter().map(wire::access::step).collect(),
        })
    }
}
