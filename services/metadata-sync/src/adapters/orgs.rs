//! The orgs this process talks to: one client per workspace for as long as its connection stays the same, because the
//! concurrency limit and the API usage belong to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chassis::RpcTransport;
use events::WorkspaceId;
use events::rpc::Caller;
use salesforce::auth_rpc::AuthTokens;
use salesforce::{Error, Org, Salesforce};

/// Clients kept; the least that matters is that a process with thousands of workspaces does not keep all for ever.
const ORGS_MAX: usize = 1_000;

/// Makes and keeps clients.
#[derive(Clone)]
pub struct Orgs {
    salesforce: Salesforce,
    transport: RpcTransport,
    kept: Arc<Mutex<HashMap<WorkspaceId, Kept>>>,
}

#[derive(Clone)]
struct Kept {
    epoch: i64,
    org: Org,
    tokens: Arc<AuthTokens<RpcTransport>>,
}

impl Orgs {
    /// Clients that ask `auth` for tokens over `transport`.
    #[must_use]
    pub fn new(salesforce: Salesforce, transport: RpcTransport) -> Self {
        Self {
            salesforce,
            transport,
            kept: Arc::new(Mutex::new(HashMap::new())),
        }
    }

    /// The org of a workspace in connection `epoch`; a newer epoch is another user or org, with tokens of its own.
    #[must_use]
    pub fn of(&self, workspace: &WorkspaceId, epoch: i64) -> Org {
        self.keep(workspace, epoch).org
    }

    /// Tells auth of an error that is about the connection as a whole (the API switched off, a session refused); any
    /// other is nothing to it.
    pub async fn report(&self, workspace: &WorkspaceId, epoch: i64, error: &Error) {
        if let Err(refused) = self.keep(workspace, epoch).tokens.report(error).await {
            tracing::warn!(%workspace, error = %refused, "auth could not be told of a problem of the connection");
        }
    }

    fn keep(&self, workspace: &WorkspaceId, epoch: i64) -> Kept {
        // Plain data, valid after any panic.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(workspace)
            && known.epoch == epoch
        {
            return known.clone();
        }
        if kept.len() >= ORGS_MAX {
            kept.clear();
        }
        let caller = Caller::service("metadata-sync");
        let tokens = Arc::new(AuthTokens::new(
            self.transport.clone(),
            workspace.clone(),
            caller,
        ));
        let new = Kept {
            epoch,
            org: self.salesforce.org(Arc::clone(&tokens)),
            tokens,
        };
        kept.insert(workspace.clone(), new.clone());
        new
    }
}
