//! Salesforce users and who of ours they are.

use events::metadata::v1::{
    ListOwnersRequest, ListOwnersResponse, ResolveOwnersRequest, ResolveOwnersResponse,
    SaveOwnerOverridesRequest, SaveOwnerOverridesResponse,
};
use events::rpc::{CallContext, Role, RpcError};

use super::{Rpc, limit, workspace_id};
use crate::app::{broken, owners};
use crate::domain::owner::{Override, normal};
use crate::store::owner;
use crate::wire;

/// Mapping versions and owners listed when the request names no limit.
const LISTED_DEFAULT: i64 = 50;
/// Addresses resolved in one request.
const EMAILS_MAX: usize = 200;
/// Characters of a search.
const SEARCH_CHARACTERS_MAX: usize = 100;

impl Rpc {
    pub(super) async fn list_owners(
        &self,
        context: &CallContext,
        request: ListOwnersRequest,
    ) -> Result<ListOwnersResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let rows = limit(request.limit, LISTED_DEFAULT)?;
        let search = request.search.trim();
        if search.contains('\0') || search.chars().count() > SEARCH_CHARACTERS_MAX {
            return Err(RpcError::invalid(
                "search",
                format!("is longer than {SEARCH_CHARACTERS_MAX} characters or contains a NUL"),
            ));
        }
        let owners = owner::list(&self.db.workspace(&id), id.as_str(), search, rows)
            .await
            .map_err(broken)?;
        let overrides = owner::overrides(&self.db.workspace(&id), id.as_str())
            .await
            .map_err(broken)?;
        Ok(ListOwnersResponse {
            owners: owners.iter().map(wire::owner::message).collect(),
            overrides: overrides.iter().map(wire::owner::said).collect(),
        })
    }

    pub(super) async fn resolve_owners(
        &self,
        context: &CallContext,
        request: ResolveOwnersRequest,
    ) -> Result<ResolveOwnersResponse, RpcError> {
        context.require(Role::Viewer)?;
        let id = workspace_id(&request.workspace)?;
        let bad = request.emails.iter().any(|email| email.contains('\0'));
        if bad || request.emails.len() > EMAILS_MAX {
            return Err(RpcError::invalid(
                "emails",
                format!("has more than {EMAILS_MAX} items, or one with a NUL"),
            ));
        }
        let matches = owners::matches(&self.db, &id, &request.emails).await?;
        Ok(ResolveOwnersResponse { matches })
    }

    pub(super) async fn save_owner_overrides(
        &self,
        context: &CallContext,
        request: SaveOwnerOverridesRequest,
    ) -> Result<SaveOwnerOverridesResponse, RpcError> {
        context.require(Role::Admin)?;
        let id = workspace_id(&request.workspace)?;
        let sent: Vec<Override> = request
            .overrides
            .into_iter()
            .map(|said| Override {
                email: normal(&said.email),
                user_id: salesforce::Id::parse(&said.user_id)
                    .map_or(said.user_id, |id| id.as_str().to_owned()),
            })
            .collect();
        let problems = owners::save(&self.db, &id, sent, &context.caller.actor).await?;
        Ok(SaveOwnerOverridesResponse {
            problems: problems.iter().map(wire::mapping::problem).collect(),
        })
    }
}
