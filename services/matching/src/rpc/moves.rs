//! Moves proposed for matched meetings.

use super::{MatchingRpc, decoded, failed, store, workspace};
use crate::store::proposals;
use crate::wire;
use events::WorkspaceId;
use events::matching::v1 as proto;
use events::rpc::{CallContext, Code, RpcError};
use uuid::Uuid;

/// Proposals listed.
const PROPOSALS_MAX: i64 = 200;

impl MatchingRpc {
    pub(super) async fn moves(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<proto::ListMoveProposalsResponse, RpcError> {
        let rows = proposals::open(
            &self.db.workspace(workspace),
            workspace.as_str(),
            PROPOSALS_MAX,
        )
        .await
        .map_err(store)?;
        let mut listed = Vec::with_capacity(rows.len());
        for row in rows {
            let (current, proposed): (proto::Decision, proto::Decision) =
                (decoded(&row.current)?, decoded(&row.body)?);
            listed.push(proto::MoveProposal {
                id: row.id.to_string(),
                meeting_id: row.meeting_id,
                title: row.title,
                reason: row.reason,
                changes: changes(&current, &proposed),
                current: Some(current),
                proposed: Some(proposed),
                proposed_at: Some(wire::timestamp(row.proposed_at)),
            });
        }
        Ok(proto::ListMoveProposalsResponse { proposals: listed })
    }

    pub(super) async fn settle_move(
        &self,
        context: &CallContext,
        request: proto::SettleMoveProposalRequest,
    ) -> Result<proto::SettleMoveProposalResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let open = proposals::of_meeting(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| RpcError::not_found("an open proposal for this meeting"))?;
        if !request.accept {
            self.decline(context, &workspace, &request.meeting_id, open.id)
                .await?;
            return Ok(proto::SettleMoveProposalResponse { decision: None });
        }
        let proposed: proto::Decision = decoded(&open.body)?;
        if proposed.account_id.is_empty() {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the proposal moves the meeting to a lead; convert the lead or choose an account",
            ));
        }
        // A person's choice from here on: it sticks, becomes an example, and can be taken back. It settles the proposal in its
        // own transaction: a meeting is never moved and still asked about.
        let choice = proto::CorrectDecisionRequest {
            workspace: request.workspace.clone(),
            meeting_id: request.meeting_id.clone(),
            account_id: proposed.account_id,
            opportunity_id: proposed.opportunity_id,
            revert: false,
        };
        let chosen = self.choose(context, choice, Some(&open)).await?;
        Ok(proto::SettleMoveProposalResponse {
            decision: chosen.decision,
        })
    }

    async fn decline(
        &self,
        context: &CallContext,
        workspace: &WorkspaceId,
        meeting_id: &str,
        looked_at: Uuid,
    ) -> Result<(), RpcError> {
        let mut unit = self.db.begin(workspace).await.map_err(failed)?;
        let settled = proposals::settle(
            unit.connection(),
            workspace.as_str(),
            meeting_id,
            false,
            &context.caller.actor,
        )
        .await
        .map_err(store)?;
        if settled != Some(looked_at) {
            return Err(overtaken());
        }
        unit.commit().await.map_err(failed)
    }
}

/// The proposal a person looked at is not the one that is open now.
pub(super) fn overtaken() -> RpcError {
    RpcError::new(
        Code::AlreadyExists,
        "the proposal was settled or replaced meanwhile; look at the list again",
    )
}

/// What would change, one line each.
fn changes(current: &proto::Decision, proposed: &proto::Decision) -> Vec<String> {
    let name = |decision: &proto::Decision, id: &str| -> String {
        let named = decision
            .candidates
            .iter()
            .find(|candidate| candidate.record_id == id);
        match (id, named) {
            ("", _) => "none".to_owned(),
            (_, Some(candidate)) if !candidate.name.is_empty() => {
                format!("{} ({id})", candidate.name)
            }
            _ => id.to_owned(),
        }
    };
    let mut changes = Vec::new();
    for (what, from, to) in [
        ("account", &current.account_id, &proposed.account_id),
        ("lead", &current.lead_id, &proposed.lead_id),
        (
            "opportunity",
            &current.opportunity_id,
            &proposed.opportunity_id,
        ),
    ] {
        if from != to {
            changes.push(format!(
                "{what}: {} becomes {}",
                name(current, from),
                name(proposed, to)
            ));
        }
    }
    if current.contact_ids != proposed.contact_ids {
        changes.push(format!(
            "contacts: {} become {}",
            current.contact_ids.len(),
            proposed.contact_ids.len()
        ));
    }
    changes
}
