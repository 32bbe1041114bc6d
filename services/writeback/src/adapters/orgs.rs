//! One [`Org`] per workspace, kept while it is used: its concurrency limit and API usage belong to the value.

use std::sync::Arc;
use std::time::Duration;

use events::WorkspaceId;
use events::metadata::v1::{
    ConfirmSchemaRequest, MetadataSyncClient, SchemaStanding, StartAccessReviewRequest,
};
use events::rpc::{CallContext, Caller};
use moka::sync::Cache;
use salesforce::auth_rpc::AuthTokens;
use salesforce::{Error, Org, Salesforce};

use crate::domain::confirmed::{Standing, Told};

/// Orgs kept in memory.
const ORGS_KEPT_MAX: u64 = 1_000;
/// An org not called for this long is forgotten, in seconds.
const ORG_IDLE_S: u64 = 3_600;

/// Least time between two access reviews one process asks for of a workspace, in seconds.
const REVIEW_PAUSE_S: u64 = 60;
/// How long an org that was found unmoved may be judged by without asking again, in seconds. A busy workspace's batches
/// share one question; what moves meanwhile is found out before it is written.
const CONFIRMED_S: u64 = 2;
/// Longest wait for metadata-sync to ask the org whether it moved, in seconds; then Salesforce's own answers decide.
const CONFIRM_TIMEOUT_S: u64 = 10;
/// Longest wait for metadata-sync to take the wish, in seconds.
const REVIEW_TIMEOUT_S: u64 = 5;

/// Hands out orgs.
#[derive(Clone)]
pub struct Orgs {
    salesforce: Salesforce,
    rpc: chassis::RpcTransport,
    pub(super) metadata: MetadataSyncClient<chassis::RpcTransport>,
    kept: Cache<String, Kept>,
    /// Workspaces whose access review was asked for lately.
    reviewed: Cache<String, ()>,
    /// Workspaces whose org was found unmoved just now.
    confirmed: Cache<String, Told>,
}

#[derive(Clone)]
struct Kept {
    epoch: u64,
    org: Org,
    tokens: Arc<AuthTokens<chassis::RpcTransport>>,
}

impl Orgs {
    /// Over a client and the bus, where auth answers.
    #[must_use]
    pub fn new(salesforce: Salesforce, rpc: chassis::RpcTransport) -> Self {
        Self {
            salesforce,
            metadata: MetadataSyncClient::new(rpc.clone()),
            rpc,
            reviewed: Cache::builder()
                .max_capacity(ORGS_KEPT_MAX)
                .time_to_live(Duration::from_secs(REVIEW_PAUSE_S))
                .build(),
            confirmed: Cache::builder()
                .max_capacity(ORGS_KEPT_MAX)
                .time_to_live(Duration::from_secs(CONFIRMED_S))
                .build(),
            kept: Cache::builder()
                .max_capacity(ORGS_KEPT_MAX)
                .time_to_idle(Duration::from_secs(ORG_IDLE_S))
                .build(),
        }
    }

    /// The org of a workspace as the connection of `epoch` sees it. When another user or org was connected meanwhile, it
    /// gives no token: what was verified for one user is not written as another.
    #[must_use]
    pub fn of(&self, workspace: &WorkspaceId, epoch: u64) -> Org {
        let key = workspace.as_str();
        if let Some(kept) = self.kept.get(key)
            && kept.epoch == epoch
        {
            return kept.org;
        }
        let caller = Caller::service("writeback");
        let tokens = AuthTokens::new(self.rpc.clone(), workspace.clone(), caller).of_epoch(epoch);
        let tokens = Arc::new(tokens);
        let org = self.salesforce.org(Arc::clone(&tokens));
        let kept = Kept {
            epoch,
            org: org.clone(),
            tokens,
        };
        self.kept.insert(key.to_owned(), kept);
        org
    }

    /// Tells auth of an error that is about the connection as a whole; any other is nothing to it.
    pub async fn report(&self, workspace: &WorkspaceId, error: &Error) {
        let Some(kept) = self.kept.get(workspace.as_str()) else {
            return;
        };
        if let Err(refused) = kept.tokens.report(error).await {
            tracing::warn!(workspace.id = %workspace, error = %refused, "auth could not be told of a problem of the connection");
        }
    }

    /// Has metadata-sync look at what the connected user can reach, at most once in a while: many changes may meet the
    /// same refusal. Nothing depends on the answer, the next scheduled look finds the same.
    pub async fn review_access(&self, workspace: &WorkspaceId) {
        let key = workspace.as_str().to_owned();
        if self.reviewed.contains_key(&key) {
            return;
        }
        self.reviewed.insert(key, ());
        let context = CallContext {
            caller: Caller::service("writeback"),
            timeout: Duration::from_secs(REVIEW_TIMEOUT_S),
        };
        let request = StartAccessReviewRequest {
            workspace: workspace.as_str().to_owned(),
        };
        match self.metadata.start_access_review(&context, request).await {
            Ok(_) => {
                tracing::info!(workspace.id = %workspace, "an access review was asked for")
            }
            Err(error) => {
                tracing::warn!(workspace.id = %workspace, error = error.message, "no access review could be asked for")
            }
        }
    }

    /// As [`Orgs::confirm_schema`], or what was found just now: good enough to judge by, not to write by.
    pub async fn confirmed_schema(&self, workspace: &WorkspaceId) -> Told {
        match self.confirmed.get(workspace.as_str()) {
            Some(told) => told,
            None => self.confirm_schema(workspace).await,
        }
    }

    /// Asks metadata-sync whether the org still is as it told us. Nothing waits for an answer that does not come.
    pub async fn confirm_schema(&self, workspace: &WorkspaceId) -> Told {
        let context = CallContext {
            caller: Caller::service("writeback"),
            timeout: Duration::from_secs(CONFIRM_TIMEOUT_S),
        };
        let request = ConfirmSchemaRequest {
            workspace: workspace.as_str().to_owned(),
        };
        let answer = match self.metadata.confirm_schema(&context, request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::debug!(workspace.id = %workspace, error = error.message, "whether the org moved was not told");
                return Told::nothing();
            }
        };
        let standing = match answer.standing() {
            SchemaStanding::Current => Standing::Current,
            SchemaStanding::Moved => Standing::Moved,
            SchemaStanding::Unknown | SchemaStanding::Unspecified => Standing::Unknown,
        };
        let told = Told {
            standing,
            objects: answer
                .objects
                .into_iter()
                .map(|known| (known.object, known.version))
                .collect(),
            mapping: (answer.mapping_version, answer.mapping_revision),
            calls: answer.api_calls,
        };
        if standing == Standing::Current {
            // Its call is counted by whoever made it.
            let kept = Told {
                calls: 0,
                ..told.clone()
            };
            self.confirmed.insert(workspace.as_str().to_owned(), kept);
        } else {
            self.confirmed.invalidate(workspace.as_str());
        }
        told
    }

    /// Forgets what was kept of a connection that changed.
    pub fn forget(&self, workspace: &WorkspaceId) {
        self.kept.invalidate(workspace.as_str());
    }
}
