//! Who the people a meeting names are in the org, asked of metadata-sync.

use std::collections::BTreeSet;
use std::time::Duration;

use events::WorkspaceId;
use events::metadata::v1::ResolveOwnersRequest;
use events::rpc::{CallContext, Caller};

use super::orgs::Orgs;
use crate::domain::owner::{Known, Owners, address};

/// Longest wait for metadata-sync to say who somebody is, in seconds; then the change waits.
const TIMEOUT_S: u64 = 5;

impl Orgs {
    /// Who addresses stand for. Nothing is answered when nobody could be asked: what needs it waits.
    pub async fn owners(&self, workspace: &WorkspaceId, addresses: BTreeSet<String>) -> Owners {
        if addresses.is_empty() {
            return Owners::new();
        }
        let context = CallContext {
            caller: Caller::service("writeback"),
            timeout: Duration::from_secs(TIMEOUT_S),
        };
        let request = ResolveOwnersRequest {
            workspace: workspace.as_str().to_owned(),
            emails: addresses.into_iter().collect(),
        };
        match self.metadata.resolve_owners(&context, request).await {
            Ok(answer) => answer
                .matches
                .into_iter()
                .map(|found| {
                    let known = match found.owner {
                        Some(owner) => Known::User {
                            id: owner.id,
                            name: owner.name,
                        },
                        None => Known::Nobody(found.reason),
                    };
                    (address(&found.email), known)
                })
                .collect(),
            Err(error) => {
                tracing::warn!(workspace.id = %workspace, error = error.message, "who an owner is was not told; the change waits");
                Owners::new()
            }
        }
    }
}
