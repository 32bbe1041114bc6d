//! Drift: listed with how far it reaches, decided, repaired.

use events::metadata::v1::{
    ListDriftRequest, ListDriftResponse, RepairDriftRequest, RepairDriftResponse,
    ResolveDriftRequest, ResolveDriftResponse,
};
use events::rpc::{CallContext, Role, RpcError};
use uuid::Uuid;

use super::{Rpc, limit, workspace_id};
use crate::app::mapping::Outcome;
use crate::app::{broken, drift as decide};
use crate::domain::drift_target;
use crate::domain::item::Status;
use crate::store::drift;
use crate::wire;

/// Drift items listed when the request names no limit.
const DRIFT_DEFAULT: i64 = 100;

impl Rpc {
    pub(super) async fn list_drift(
        &self,
        context: &CallContext,
        request: ListDriftRequest,
    ) -> Result<ListDriftResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, DRIFT_DEFAULT)?;
        let items = drift::list(
            &self.db.workspace(&id),
            id.as_str(),
            request.include_resolved,
            rows,
        )
        .await
        .map_err(broken)?;
        let mut messages: Vec<_> = items.iter().map(wire::drift::message).collect();
        // How much waits is writeback's to know, and of interest while somebody can still decide.
        let open: Vec<usize> = (0..items.len())
            .filter(|at| items[*at].status == Status::Open)
            .collect();
        let targets = open
            .iter()
            .map(|at| drift_target::of(&items[*at].change))
            .collect();
        if let Some(counts) = self.writeback.queued(&id, targets).await {
            for (at, count) in open.into_iter().zip(counts) {
                messages[at].queued_changes = count;
                messages[at].queued_changes_known = true;
            }
        }
        Ok(ListDriftResponse { items: messages })
    }

    pub(super) async fn resolve_drift(
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

    pub(super) async fn repair_drift(
        &self,
        context: &CallContext,
        request: RepairDriftRequest,
    ) -> Result<RepairDriftResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let item =
            Uuid::parse_str(&request.id).map_err(|_| RpcError::invalid("id", "is not a UUID"))?;
        let (item, outcome) = decide::repair(&self.db, &id, item, &context.caller.actor).await?;
        let (mapping, problems) = match outcome {
            Outcome::Published(published) => (
                Some(wire::mapping::message(id.as_str(), &published)),
                vec![],
            ),
            Outcome::Problems(problems) => {
                (None, problems.iter().map(wire::mapping::problem).collect())
            }
        };
        Ok(RepairDriftResponse {
            item: Some(wire::drift::message(&item)),
            mapping,
            problems,
        })
    }
}
