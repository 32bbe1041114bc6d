//! What an admin sees of meetings: decisions, change sets, and when nothing is on its way any more.

use super::admin::Admin;
use crate::eventually::within;
use crate::rpc::as_admin;
use anyhow::bail;
use events::matching::v1::{Decision, GetDecisionRequest, MatchingClient};
use events::rpc::{Code, RpcError};
use events::writeback::v1::{
    ChangeSet, ChangeSetState, ChangeState, GetChangeSetRequest, GetStatusRequest,
    GetStatusResponse, WritebackClient,
};
use std::time::Duration;

impl Admin {
    /// How the workspace is doing.
    ///
    /// # Errors
    /// When writeback does not answer.
    pub async fn status(&self) -> Result<GetStatusResponse, RpcError> {
        let request = GetStatusRequest {
            workspace: self.workspace.clone(),
        };
        WritebackClient::new(self.rpc.clone())
            .get_status(&as_admin(), request)
            .await
    }

    /// A meeting's newest change set; `None` when there is none yet.
    ///
    /// # Errors
    /// When writeback does not answer.
    pub async fn change_set(&self, meeting_id: &str) -> Result<Option<ChangeSet>, RpcError> {
        let request = GetChangeSetRequest {
            meeting_id: meeting_id.to_owned(),
            ..GetChangeSetRequest::default()
        };
        self.get_change_set(request).await
    }

    /// A change set by its own id; `None` when there is none.
    ///
    /// # Errors
    /// When writeback does not answer.
    pub async fn change_set_by_id(&self, id: &str) -> Result<Option<ChangeSet>, RpcError> {
        let request = GetChangeSetRequest {
            change_set_id: id.to_owned(),
            ..GetChangeSetRequest::default()
        };
        self.get_change_set(request).await
    }

    async fn get_change_set(
        &self,
        request: GetChangeSetRequest,
    ) -> Result<Option<ChangeSet>, RpcError> {
        let request = GetChangeSetRequest {
            workspace: self.workspace.clone(),
            ..request
        };
        let answer = WritebackClient::new(self.rpc.clone())
            .get_change_set(&as_admin(), request)
            .await;
        match answer {
            Ok(answer) => Ok(answer.change_set),
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until nothing of a meeting's revision is on its way any more.
    ///
    /// # Errors
    /// When it is not settled within `limit`, saying where it stands.
    pub async fn settled(
        &self,
        meeting_id: &str,
        revision: u64,
        limit: Duration,
    ) -> anyhow::Result<ChangeSet> {
        let settled = within(limit, || async {
            let set = self.change_set(meeting_id).await.ok()??;
            (set.meeting_revision >= revision && is_settled(&set)).then_some(set)
        });
        if let Some(set) = settled.await {
            return Ok(set);
        }
        match self.change_set(meeting_id).await {
            Ok(Some(set)) => {
                let states: Vec<String> = set
                    .changes
                    .iter()
                    .map(|c| format!("{} {:?}", c.field, c.state()))
                    .collect();
                bail!(
                    "meeting {meeting_id} is still {:?} after {limit:?}: {}",
                    set.state(),
                    states.join(", ")
                )
            }
            Ok(None) => bail!("meeting {meeting_id} has no change set after {limit:?}"),
            Err(error) => bail!("meeting {meeting_id}: writeback does not answer: {error}"),
        }
    }

    /// A meeting's newest match decision, with the trace it belongs to; `None` when there is none yet.
    ///
    /// # Errors
    /// When matching does not answer.
    pub async fn decision(&self, meeting_id: &str) -> Result<Option<(Decision, String)>, RpcError> {
        let request = GetDecisionRequest {
            workspace: self.workspace.clone(),
            meeting_id: meeting_id.to_owned(),
        };
        match MatchingClient::new(self.rpc.clone())
            .get_decision(&as_admin(), request)
            .await
        {
            Ok(answer) => Ok(answer.decision.map(|decision| (decision, answer.trace_id))),
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether nothing of it is on its way.
fn is_settled(set: &ChangeSet) -> bool {
    let on_its_way = |state: ChangeState| match state {
        ChangeState::Proposed
        | ChangeState::Approved
        | ChangeState::Executing
        | ChangeState::Uncertain => true,
        ChangeState::Unspecified
        | ChangeState::Held
        | ChangeState::Blocked
        | ChangeState::Applied
        | ChangeState::Refused
        | ChangeState::Failed
        | ChangeState::Dismissed
        | ChangeState::Expired
        | ChangeState::Superseded
        | ChangeState::Undone => false,
    };
    set.state() != ChangeSetState::Executing
        && !set.changes.iter().any(|change| on_its_way(change.state()))
}
