//! All SQL of the service: rows to domain and back. Real Postgres is the only implementation, so there is no trait.

pub mod audit;
pub mod backfill;
pub mod changes;
pub mod config;
pub mod earlier;
pub mod expired;
pub mod filtered;
pub mod gap;
pub mod intake;
pub mod live;
pub mod outcomes;
pub mod parked;
pub mod predictions;
pub mod provenance;
pub mod queue;
pub mod queued;
pub mod references;
pub mod refusals;
pub mod regate;
pub mod rehearsals;
pub mod results;
pub mod retarget;
pub mod retention;
pub mod review;
pub mod sets;
pub mod settings;
pub mod slices;
pub mod undo;
pub mod unfinished;
pub mod usage;
pub mod verification;
pub mod why;

use chassis::{Db, Failure, Scope};
use events::WorkspaceId;

use crate::domain::change::Reason;

/// A workspace's id from a row, an event or a request.
///
/// # Errors
/// When it is none.
pub fn workspace_id(text: &str) -> Result<WorkspaceId, Failure> {
    text.parse()
        .map_err(|error: events::id::IdError| Failure::permanent("workspace", error.to_string()))
}

/// The rows of these workspaces, as rows and events name them.
///
/// # Errors
/// When a name is no workspace's.
pub fn scope<'a>(db: &Db, workspaces: impl IntoIterator<Item = &'a str>) -> Result<Scope, Failure> {
    let ids = workspaces.into_iter().map(workspace_id);
    let ids = ids.collect::<Result<Vec<WorkspaceId>, Failure>>()?;
    Ok(db.workspaces(&ids))
}

/// A row that says something this version does not understand: written by a newer one, or damaged.
pub(crate) fn unreadable(what: &'static str) -> Failure {
    Failure::transient(format!("a stored {what} is not readable by this version"))
}

/// Reasons as stored.
pub(crate) fn reasons_json(reasons: &[Reason]) -> String {
    serde_json::to_string(reasons).expect("reasons always serialise")
}

/// Reasons from their stored form.
pub(crate) fn reasons_from(json: &str) -> Result<Vec<Reason>, Failure> {
    serde_json::from_str(json).map_err(|_| unreadable("reason"))
}
