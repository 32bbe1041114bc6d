//! Decisions as they are read, and how much the projection holds.

use super::{MatchingRpc, decoded, store, workspace};
use crate::store::{decisions, settings};
use crate::wire;
use chrono::DateTime;
use events::matching::v1 as proto;
use events::rpc::RpcError;
use uuid::Uuid;

/// Rows on a page when none are asked for.
const PAGE_SIZE_DEFAULT: u32 = 50;
/// Rows on a page at most.
const PAGE_SIZE_MAX: u32 = 200;

impl MatchingRpc {
    pub(super) async fn page(
        &self,
        request: proto::ListDecisionsRequest,
    ) -> Result<proto::ListDecisionsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let size = match request.page_size {
            0 => PAGE_SIZE_DEFAULT,
            n => n.min(PAGE_SIZE_MAX),
        };
        let outcomes: Vec<String> = request
            .outcomes()
            .map(|outcome| wire::outcome_word(outcome).to_owned())
            .collect();
        let after = page_token(&request.page_token)?;
        let rows = decisions::list(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &outcomes,
            after,
            i64::from(size) + 1,
        )
        .await
        .map_err(store)?;
        let more = rows.len() > size as usize;
        let page = &rows[..rows.len().min(size as usize)];
        let next = page.last().filter(|_| more);
        let next_page_token = next
            .map(|last| format!("{}.{}", last.decided_at.timestamp_micros(), last.id))
            .unwrap_or_default();
        let mut summaries = Vec::with_capacity(page.len());
        for row in page {
            let mut decision: proto::Decision = decoded(&row.body)?;
            decision.candidates.clear();
            summaries.push(proto::DecisionSummary {
                decision: Some(decision),
                title: row.title.clone(),
                started_at: Some(wire::timestamp(row.started_at)),
                trace_id: row.trace_id.clone(),
            });
        }
        Ok(proto::ListDecisionsResponse {
            decisions: summaries,
            next_page_token,
        })
    }

    pub(super) async fn latest(
        &self,
        request: proto::GetDecisionRequest,
    ) -> Result<proto::GetDecisionResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let latest = decisions::latest(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| RpcError::not_found("a decision for this meeting"))?;
        Ok(proto::GetDecisionResponse {
            decision: Some(decoded(&latest.body)?),
            meeting: latest.meeting.as_deref().map(decoded).transpose()?,
            trace_id: latest.trace_id,
        })
    }

    pub(super) async fn projection(
        &self,
        request: proto::GetProjectionRequest,
    ) -> Result<proto::GetProjectionResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let size = settings::size(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        let Some(size) = size else {
            return Ok(proto::GetProjectionResponse::default());
        };
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok(proto::GetProjectionResponse {
            accounts: count(size.accounts),
            contacts: count(size.contacts),
            leads: count(size.leads),
            opportunities: count(size.opportunities),
            users: count(size.users),
            loaded_at: size.loaded_at.map(wire::timestamp),
        })
    }
}

/// A page token is where the last page ended: the decision's time in microseconds and its id.
fn page_token(after: &str) -> Result<Option<decisions::After>, RpcError> {
    if after.is_empty() {
        return Ok(None);
    }
    let parsed = after.split_once('.').and_then(|(at, id)| {
        Some((
            DateTime::from_timestamp_micros(at.parse().ok()?)?,
            Uuid::parse_str(id).ok()?,
        ))
    });
    parsed.map(Some).ok_or_else(|| {
        RpcError::invalid(
            "page_token",
            "is not one this service gave; begin without it",
        )
    })
}
