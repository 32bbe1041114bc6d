//! The orgs this process talks to: one client per workspace for as long as its connection stays the same, because the
//! concurrency limit and the API usage belong to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chassis::RpcTransport;
use events::WorkspaceId;
use events::rpc::Caller;
use salesforce::auth_rpc::AuthTokens;
use salesforce::{Org, Salesforce};

/// Clients kept; the least that matters is that a process with thousands of workspaces does not keep all for ever.
const ORGS_MAX: usize = 1_000;

/// Makes and keeps clients.
#[derive(Clone)]
pub struct Orgs {
    salesforce: Salesforce,
    transport: RpcTransport,
    kept: Arc<Mutex<HashMap<WorkspaceId, (i64, Org)>>>,
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
        // Plain data, valid after any panic.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, org)) = kept.get(workspace)
            && *known == epoch
        {
            return org.clone();
        }
        if kept.len() >= ORGS_MAX {
            kept.clear();
        }
        let caller = Caller::service("metadata-sync");
        let org = self.salesforce.org(AuthTokens::new(
            self.transport.clone(),
            workspace.clone(),
            caller,
        ));
        kept.insert(workspace.clone(), (epoch, org.clone()));
        org
    }
}
