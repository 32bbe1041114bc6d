//! The shell: load, decide purely, then one unit in which state and events commit together.

pub mod access;
pub mod document;
pub mod drift;
mod globals;
mod load_bulk;
pub mod mapping;
pub mod objects;
pub mod on_connection_changed;
pub mod owners;
pub mod pipelines;
pub mod rpc;
pub mod runner;
pub mod suspend;
pub mod sync_records;
pub mod sync_schema;
pub mod watch;

use chassis::Failure;
use chrono::{DateTime, SubsecRound, Utc};
use events::rpc::{Code, RpcError};

/// Who decided when nobody had to.
pub(crate) const SELF: &str = "service:metadata-sync";

/// Now, as Postgres keeps it: what is told at once equals what is read back later.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// What a failed unit means to whoever asked; the cause is logged, not sent.
pub(crate) fn internal(failure: Failure) -> RpcError {
    match failure {
        Failure::Unavailable { what, .. } => {
            tracing::warn!(error = failure.chain(), "a request could not be answered");
            RpcError::new(
                Code::Unavailable,
                format!("{what} is away; try again shortly"),
            )
        }
        Failure::Transient { .. } | Failure::Permanent { .. } => {
            tracing::error!(error = failure.chain(), "a request failed");
            RpcError::new(
                Code::Internal,
                "the request failed; metadata-sync's log says why",
            )
        }
    }
}

/// The same for a statement.
pub(crate) fn broken(error: sqlx::Error) -> RpcError {
    internal(Failure::from(error))
}
