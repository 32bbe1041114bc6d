//! One [`Org`] per workspace, kept while it is used: its concurrency limit and API usage belong to the value.

use std::sync::Arc;
use std::time::Duration;

use events::WorkspaceId;
use events::rpc::Caller;
use moka::sync::Cache;
use salesforce::auth_rpc::AuthTokens;
use salesforce::{Error, Org, Salesforce};

/// Orgs kept in memory.
const ORGS_KEPT_MAX: u64 = 1_000;
/// An org not called for this long is forgotten, in seconds.
const ORG_IDLE_S: u64 = 3_600;

/// Hands out orgs.
#[derive(Clone)]
pub struct Orgs {
    salesforce: Salesforce,
    rpc: chassis::RpcTransport,
    kept: Cache<String, Kept>,
}

#[derive(Clone)]
struct Kept {
    org: Org,
    tokens: Arc<AuthTokens<chassis::RpcTransport>>,
}

impl Orgs {
    /// Over a client and the bus, where auth answers.
    #[must_use]
    pub fn new(salesforce: Salesforce, rpc: chassis::RpcTransport) -> Self {
        Self {
            salesforce,
            rpc,
            kept: Cache::builder()
                .max_capacity(ORGS_KEPT_MAX)
                .time_to_idle(Duration::from_secs(ORG_IDLE_S))
                .build(),
        }
    }

    /// The org of a workspace.
    #[must_use]
    pub fn of(&self, workspace: &WorkspaceId) -> Org {
        self.keep(workspace).org
    }

    fn keep(&self, workspace: &WorkspaceId) -> Kept {
        self.kept.get_with(workspace.as_str().to_owned(), || {
            let caller = Caller::service("writeback");
            let tokens = Arc::new(AuthTokens::new(self.rpc.clone(), workspace.clone(), caller));
            Kept {
                org: self.salesforce.org(Arc::clone(&tokens)),
                tokens,
            }
        })
    }

    /// Tells auth of an error that is about the connection as a whole; any other is nothing to it.
    pub async fn report(&self, workspace: &WorkspaceId, error: &Error) {
        if let Err(refused) = self.keep(workspace).tokens.report(error).await {
            tracing::warn!(workspace.id = %workspace, error = %refused, "auth could not be told of a problem of the connection");
        }
    }

    /// Forgets what was kept of a connection that changed.
    pub fn forget(&self, workspace: &WorkspaceId) {
        self.kept.invalidate(workspace.as_str());
    }
}
