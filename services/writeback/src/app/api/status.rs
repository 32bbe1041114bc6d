//! The live switch, and where a workspace stands.

use chassis::Cause;
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1::{
    GetStatusRequest, GetStatusResponse, SetLiveRequest, SetLiveResponse, StateCount,
};

use super::{Api, failed, workspace};
use crate::store::audit::{self, Entry};
use crate::store::{live, review, usage};
use crate::wire;

impl Api {
    /// Going live comes after a passed verification: the order is the system's, not the admin's to remember.
    pub(super) async fn go_live(
        &self,
        context: &CallContext,
        request: SetLiveRequest,
    ) -> Result<SetLiveResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        // Turning it off asks nobody and waits for nothing.
        if request.live && !self.settings.one(workspace).await.map_err(failed)?.verified {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "no passed verification for the present connection, mapping and settings; run one first",
            ));
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let before = live::set(unit.connection(), workspace, request.live)
            .await
            .map_err(failed)?;
        let entry = Entry {
            workspace,
            action: "live.set",
            subject: workspace.to_owned(),
            before: Some(before.to_string()),
            after: Some(request.live.to_string()),
        };
        audit::add(
            unit.connection(),
            &context.caller,
            &Cause::current(),
            vec![entry],
        )
        .await
        .map_err(failed)?;
        unit.commit().await.map_err(failed)?;
        self.wake.executor();
        Ok(SetLiveResponse {})
    }

    pub(super) async fn status(
        &self,
        request: GetStatusRequest,
    ) -> Result<GetStatusResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let scope = self.scope(workspace)?;
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        let counts = review::counts(&scope, workspace).await.map_err(failed)?;
        let budget = usage::budget(&scope, workspace).await.map_err(failed)?;
        let last_applied_at = review::last_applied_at(&scope, workspace)
            .await
            .map_err(failed)?;
        Ok(GetStatusResponse {
            live: live::is_on(&scope, workspace).await.map_err(failed)?,
            verified: settings.verified,
            counts: counts
                .into_iter()
                .map(|(state, count)| StateCount {
                    state: wire::state(state).into(),
                    count,
                })
                .collect(),
            api_calls_used: budget.used,
            api_calls_max: budget.share(self.budget_share),
            last_applied_at: last_applied_at.map(wire::timestamp),
            mapping_version: settings
                .mapping
                .as_ref()
                .map_or(0, |mapping| mapping.version),
        })
    }
}
