//! All SQL of console: one file per table. Rows in, rows out; what they mean is decided elsewhere.

pub(crate) mod api_token;
pub(crate) mod invitation;
pub(crate) mod kept_answer;
pub(crate) mod session;
pub(crate) mod sign_in_failure;
pub(crate) mod single_sign_on;
pub(crate) mod user;

use std::collections::BTreeMap;

use events::WorkspaceId;
use events::rpc::Role;

/// Two columns aggregated in one order, as a map; constraints keep them parsable.
fn memberships(workspaces: Vec<String>, roles: Vec<String>) -> BTreeMap<WorkspaceId, Role> {
    workspaces
        .into_iter()
        .zip(roles)
        .filter_map(|(workspace, role)| {
            Some((
                workspace.parse().ok()?,
                crate::domain::access::person_role(&role)?,
            ))
        })
        .collect()
}
