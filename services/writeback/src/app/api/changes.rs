//! Changes page by page: in the order they were proposed, or as the review queue, the riskiest first.

use events::rpc::RpcError;
use events::writeback::v1::{ChangeOrder, ChangeState, ListChangesRequest, ListChangesResponse};
use uuid::Uuid;

use super::sets::next;
use super::{Api, failed, invalid, rows, show, token, workspace};
use crate::domain::change::State;
use crate::store::filtered::{self, After};
use crate::wire;

impl Api {
    pub(super) async fn changes(
        &self,
        request: ListChangesRequest,
    ) -> Result<ListChangesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rows_max = rows(request.page_size)?;
        let states = states(&request.states)?;
        let filter = wire::review::filter(request.filter.clone()).map_err(invalid)?;
        let scope = self.scope(workspace)?;
        if request.order() == ChangeOrder::Risk {
            if states.iter().any(|state| *state != State::Held) && !request.states.is_empty() {
                return Err(RpcError::invalid(
                    "order",
                    "is by risk only for changes that are held; name that state alone",
                ));
            }
            let after = after(&request.page_token)?;
            let page = filtered::queue(&scope, workspace, &filter, after, rows_max)
                .await
                .map_err(failed)?;
            let total = filtered::count_held(&scope, workspace, &filter)
                .await
                .map_err(failed)?;
            let full = i64::try_from(page.len()).unwrap_or(0) == rows_max;
            let last = page.last().filter(|_| full);
            return Ok(ListChangesResponse {
                next_page_token: last.map_or_else(String::new, |shown| {
                    format!("{}.{}", shown.risk.score(), shown.id)
                }),
                changes: page.into_iter().map(show::change).collect(),
                total,
            });
        }
        let after = token(&request.page_token, Uuid::nil())?;
        let names: Vec<String> = states
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect();
        let page = filtered::page(&scope, workspace, &filter, &names, after, rows_max)
            .await
            .map_err(failed)?;
        let total = filtered::count(&scope, workspace, &filter, &names)
            .await
            .map_err(failed)?;
        Ok(ListChangesResponse {
            next_page_token: next(page.last().map(|shown| shown.id), page.len(), rows_max),
            changes: page.into_iter().map(show::change).collect(),
            total,
        })
    }
}

/// The states asked for; all when none is named.
fn states(sent: &[i32]) -> Result<Vec<State>, RpcError> {
    if sent.is_empty() {
        return Ok(State::ALL.to_vec());
    }
    sent.iter()
        .map(|state| {
            ChangeState::try_from(*state)
                .ok()
                .and_then(wire::state_sent)
                .ok_or_else(|| RpcError::invalid("states", "names a state that does not exist"))
        })
        .collect()
}

/// Where a page of the queue begins.
fn after(text: &str) -> Result<Option<After>, RpcError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text
        .split_once('.')
        .and_then(|(score, id)| Some((score.parse().ok()?, id.parse().ok()?)));
    match parsed {
        Some(after) => Ok(Some(after)),
        None => Err(RpcError::invalid("page_token", "is not one of ours")),
    }
}
