//! Change sets, page by page.

use events::rpc::RpcError;
use events::writeback::v1::{
    GetChangeSetRequest, GetChangeSetResponse, ListChangeSetsRequest, ListChangeSetsResponse,
};
use uuid::Uuid;

use super::{Api, failed, rows, show, token, workspace};
use crate::store::{review, sets};

impl Api {
    pub(super) async fn sets(
        &self,
        request: ListChangeSetsRequest,
    ) -> Result<ListChangeSetsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rows_max = rows(request.page_size)?;
        let before = token(&request.page_token, Uuid::max())?;
        let scope = self.scope(workspace)?;
        let sets = sets::sets(&scope, workspace, before, rows_max)
            .await
            .map_err(failed)?;
        let ids: Vec<Uuid> = sets.iter().map(|set| set.id).collect();
        let mut changes = review::of_sets(&scope, workspace, &ids)
            .await
            .map_err(failed)?;
        Ok(ListChangeSetsResponse {
            next_page_token: next(sets.last().map(|set| set.id), sets.len(), rows_max),
            change_sets: sets
                .into_iter()
                .map(|set| show::set(workspace, set, &mut changes))
                .collect(),
        })
    }

    pub(super) async fn set(
        &self,
        request: GetChangeSetRequest,
    ) -> Result<GetChangeSetResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id = match request.change_set_id.as_str() {
            "" if request.meeting_id.is_empty() => {
                return Err(RpcError::invalid(
                    "change_set_id",
                    "is missing; name it or meeting_id",
                ));
            }
            "" => None,
            text => Some(
                text.parse::<Uuid>()
                    .map_err(|_| RpcError::invalid("change_set_id", "is not a change set's id"))?,
            ),
        };
        let scope = self.scope(workspace)?;
        let set = sets::set(&scope, workspace, id, &request.meeting_id)
            .await
            .map_err(failed)?
            .ok_or_else(|| RpcError::not_found("this change set"))?;
        let mut changes = review::of_sets(&scope, workspace, &[set.id])
            .await
            .map_err(failed)?;
        Ok(GetChangeSetResponse {
            change_set: Some(show::set(workspace, set, &mut changes)),
        })
    }
}

/// A page that is not full is the last one.
pub(super) fn next(last: Option<Uuid>, rows: usize, rows_max: i64) -> String {
    match last {
        Some(id) if i64::try_from(rows).unwrap_or(0) == rows_max => id.to_string(),
        Some(_) | None => String::new(),
    }
}
