//! Questions and wishes, put to their owners over the bus. Pages and API share them, so both see the same answers.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod catalogue;
pub(crate) mod changes;
pub(crate) mod connection;
pub(crate) mod mapping;
pub(crate) mod matching;
pub(crate) mod meetings;
pub(crate) mod org;
pub(crate) mod people;
pub(crate) mod pipelines;
pub(crate) mod pulse;
pub(crate) mod quarantine;
pub(crate) mod review;
pub(crate) mod settings;
pub(crate) mod setup;

use std::time::Duration;

use events::WorkspaceId;
use events::rpc::{CallContext, Caller, Code, Role, RpcError};

/// Longest wait for an owner, in seconds: below what a public request may take in all.
const ANSWER_TIMEOUT_S: u64 = 25;

/// Who asks, and about which workspace.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) workspace: WorkspaceId,
    pub(crate) context: CallContext,
}

impl Asking {
    pub(crate) fn new(workspace: WorkspaceId, actor: &str, role: Role, request_id: &str) -> Self {
        Self {
            workspace,
            context: CallContext {
                caller: Caller {
                    actor: actor.to_owned(),
                    role,
                    request_id: request_id.to_owned(),
                },
                timeout: Duration::from_secs(ANSWER_TIMEOUT_S),
            },
        }
    }

    /// The workspace as requests carry it.
    pub(crate) fn workspace(&self) -> String {
        self.workspace.as_str().to_owned()
    }

    pub(crate) fn role(&self) -> Role {
        self.context.caller.role
    }
}

/// An answer without the message it must have.
fn incomplete(owner: &str, what: &str) -> RpcError {
    RpcError::new(Code::Internal, format!("{owner} answered without {what}"))
}
