//! What writeback answers over the bus. Reading needs the role viewer, settings and decisions the role admin, and each
//! of those leaves an audit row in its own transaction.

mod alike;
mod audit;
mod backfill;
mod changes;
mod conclude;
mod decide;
mod missed;
mod permissions;
mod predictions;
mod queued;
mod refusals;
mod rehearse;
mod sets;
mod show;
mod slice;
mod stages;
mod status;
mod undo;
mod verify;
mod why;

pub(crate) use decide::judge;
pub(crate) use refusals::permitted;

use chassis::{Db, Failure, Scope};
use events::rpc::{CallContext, Code, Role, RpcError};
use events::writeback::v1 as proto;
use uuid::Uuid;

use super::wake::Wake;
use crate::adapters::orgs::Orgs;
use crate::store::{self, settings::SettingsCache};
use crate::telemetry::Telemetry;
use crate::wire;

/// Rows of a page when nobody says how many.
const PAGE_ROWS_DEFAULT: u32 = 50;
/// Most rows of a page.
const PAGE_ROWS_MAX: u32 = 200;

/// Answers requests.
pub struct Api {
    db: Db,
    settings: SettingsCache,
    orgs: Orgs,
    wake: Wake,
    budget_share: f64,
    telemetry: Telemetry,
}

impl Api {
    /// Over the service's parts.
    #[must_use]
    pub fn new(
        db: Db,
        settings: SettingsCache,
        orgs: Orgs,
        wake: Wake,
        budget_share: f64,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            db,
            settings,
            orgs,
            wake,
            budget_share,
            telemetry,
        }
    }
}

/// A store's failure as the caller sees it; the cause is logged here, never sent.
fn failed(failure: Failure) -> RpcError {
    tracing::error!(error = failure.chain(), "a request could not be answered");
    match failure {
        Failure::Unavailable { .. } | Failure::Transient { .. } => RpcError::new(
            Code::Unavailable,
            "the store does not answer right now; try again",
        ),
        Failure::Permanent { reason, .. } => RpcError::new(Code::InvalidArgument, reason),
    }
}

/// A message that cannot be read, as the caller sees it.
fn invalid(problem: wire::Invalid) -> RpcError {
    RpcError::invalid(problem.field, problem.problem)
}

/// The workspace a request names.
fn workspace(text: &str) -> Result<&str, RpcError> {
    match text.parse::<events::WorkspaceId>() {
        Ok(_) => Ok(text),
        Err(error) => Err(RpcError::new(Code::InvalidArgument, error.to_string())),
    }
}

impl Api {
    /// The rows of the workspace a request names.
    fn scope(&self, workspace: &str) -> Result<Scope, RpcError> {
        store::scope(&self.db, [workspace]).map_err(failed)
    }
}

/// How many rows a page has.
fn rows(page_size: u32) -> Result<i64, RpcError> {
    match page_size {
        0 => Ok(i64::from(PAGE_ROWS_DEFAULT)),
        1..=PAGE_ROWS_MAX => Ok(i64::from(page_size)),
        _ => Err(RpcError::invalid(
            "page_size",
            format!("is above {PAGE_ROWS_MAX}"),
        )),
    }
}

/// Where a page begins.
fn token(text: &str, first: Uuid) -> Result<Uuid, RpcError> {
    if text.is_empty() {
        return Ok(first);
    }
    text.parse()
        .map_err(|_| RpcError::invalid("page_token", "is not one of ours"))
}

impl proto::Writeback for Api {
    async fn get_permissions(
        &self,
        context: &CallContext,
        request: proto::GetPermissionsRequest,
    ) -> Result<proto::GetPermissionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.permissions(request).await
    }

    async fn set_permissions(
        &self,
        context: &CallContext,
        request: proto::SetPermissionsRequest,
    ) -> Result<proto::SetPermissionsResponse, RpcError> {
        context.require(Role::Admin)?;
        self.change_permissions(context, request).await
    }

    async fn get_stage_controls(
        &self,
        context: &CallContext,
        request: proto::GetStageControlsRequest,
    ) -> Result<proto::GetStageControlsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.stages(request).await
    }

    async fn set_stage_controls(
        &self,
        context: &CallContext,
        request: proto::SetStageControlsRequest,
    ) -> Result<proto::SetStageControlsResponse, RpcError> {
        context.require(Role::Admin)?;
        self.change_stages(context, request).await
    }

    async fn list_change_sets(
        &self,
        context: &CallContext,
        request: proto::ListChangeSetsRequest,
    ) -> Result<proto::ListChangeSetsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.sets(request).await
    }

    async fn get_change_set(
        &self,
        context: &CallContext,
        request: proto::GetChangeSetRequest,
    ) -> Result<proto::GetChangeSetResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.set(request).await
    }

    async fn list_changes(
        &self,
        context: &CallContext,
        request: proto::ListChangesRequest,
    ) -> Result<proto::ListChangesResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.changes(request).await
    }

    async fn decide_changes(
        &self,
        context: &CallContext,
        request: proto::DecideChangesRequest,
    ) -> Result<proto::DecideChangesResponse, RpcError> {
        context.require(Role::Admin)?;
        self.decide(context, request).await
    }

    async fn decide_alike(
        &self,
        context: &CallContext,
        request: proto::DecideAlikeRequest,
    ) -> Result<proto::DecideAlikeResponse, RpcError> {
        context.require(Role::Admin)?;
        self.alike(context, request).await
    }

    async fn list_refusal_groups(
        &self,
        context: &CallContext,
        request: proto::ListRefusalGroupsRequest,
    ) -> Result<proto::ListRefusalGroupsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.refusals(request).await
    }

    async fn release_refusals(
        &self,
        context: &CallContext,
        request: proto::ReleaseRefusalsRequest,
    ) -> Result<proto::ReleaseRefusalsResponse, RpcError> {
        context.require(Role::Admin)?;
        self.release_group(context, request).await
    }

    async fn create_backfill(
        &self,
        context: &CallContext,
        request: proto::CreateBackfillRequest,
    ) -> Result<proto::CreateBackfillResponse, RpcError> {
        context.require(Role::Admin)?;
        self.draft_backfill(context, request).await
    }

    async fn list_backfills(
        &self,
        context: &CallContext,
        request: proto::ListBackfillsRequest,
    ) -> Result<proto::ListBackfillsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.backfills(request).await
    }

    async fn get_backfill(
        &self,
        context: &CallContext,
        request: proto::GetBackfillRequest,
    ) -> Result<proto::GetBackfillResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.backfill(request).await
    }

    async fn move_backfill(
        &self,
        context: &CallContext,
        request: proto::MoveBackfillRequest,
    ) -> Result<proto::MoveBackfillResponse, RpcError> {
        context.require(Role::Admin)?;
        self.shift_backfill(context, request).await
    }

    async fn approve_slice(
        &self,
        context: &CallContext,
        request: proto::ApproveSliceRequest,
    ) -> Result<proto::ApproveSliceResponse, RpcError> {
        context.require(Role::Admin)?;
        self.slice(context, request).await
    }

    async fn undo_backfill(
        &self,
        context: &CallContext,
        request: proto::UndoBackfillRequest,
    ) -> Result<proto::UndoBackfillResponse, RpcError> {
        context.require(Role::Admin)?;
        self.take_back(context, request).await
    }

    async fn why_value(
        &self,
        context: &CallContext,
        request: proto::WhyValueRequest,
    ) -> Result<proto::WhyValueResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.why(request).await
    }

    async fn undo_changes(
        &self,
        context: &CallContext,
        request: proto::UndoChangesRequest,
    ) -> Result<proto::UndoChangesResponse, RpcError> {
        context.require(Role::Admin)?;
        self.undo(context, request).await
    }

    async fn rehearse_changes(
        &self,
        context: &CallContext,
        request: proto::RehearseChangesRequest,
    ) -> Result<proto::RehearseChangesResponse, RpcError> {
        context.require(Role::Admin)?;
        self.rehearse(context, request).await
    }

    async fn list_predictions(
        &self,
        context: &CallContext,
        request: proto::ListPredictionsRequest,
    ) -> Result<proto::ListPredictionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.predictions(request).await
    }

    async fn start_verification(
        &self,
        context: &CallContext,
        request: proto::StartVerificationRequest,
    ) -> Result<proto::StartVerificationResponse, RpcError> {
        context.require(Role::Admin)?;
        self.verify(context, request).await
    }

    async fn get_verification(
        &self,
        context: &CallContext,
        request: proto::GetVerificationRequest,
    ) -> Result<proto::GetVerificationResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.verification(request).await
    }

    async fn set_live(
        &self,
        context: &CallContext,
        request: proto::SetLiveRequest,
    ) -> Result<proto::SetLiveResponse, RpcError> {
        context.require(Role::Admin)?;
        self.go_live(context, request).await
    }

    async fn get_status(
        &self,
        context: &CallContext,
        request: proto::GetStatusRequest,
    ) -> Result<proto::GetStatusResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.status(request).await
    }

    async fn count_queued_changes(
        &self,
        context: &CallContext,
        request: proto::CountQueuedChangesRequest,
    ) -> Result<proto::CountQueuedChangesResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.queued(request).await
    }

    async fn list_missed(
        &self,
        context: &CallContext,
        request: proto::ListMissedRequest,
    ) -> Result<proto::ListMissedResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.missed(request).await
    }

    async fn release_missed(
        &self,
        context: &CallContext,
        request: proto::ReleaseMissedRequest,
    ) -> Result<proto::ReleaseMissedResponse, RpcError> {
        // What waited passes the gates an admin set: releasing it configures nothing.
        context.require(Role::Operator)?;
        self.release(context, request).await
    }

    async fn list_audit(
        &self,
        context: &CallContext,
        request: proto::ListAuditRequest,
    ) -> Result<proto::ListAuditResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.audit(request).await
    }
}
