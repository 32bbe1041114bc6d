//! What pages show without being asked again: counts, progress, whether anything is wrong.
//!
//! However many look on, a workspace is asked about once in a while; nobody looks on for ever, and only so many at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::WorkspaceId;
use events::rpc::RpcError;
use moka::future::Cache;
use serde::Serialize;

use super::{Asking, connection, org, settings};
use crate::owners::Owners;
use crate::wire::word::Word as _;

/// An answer serves everybody for this long, in milliseconds.
const FRESH_MS: u64 = 1_500;
/// Workspaces whose answer is held.
const WORKSPACES_MAX: u64 = 1_000;
/// Those who look on at the same time, in this process.
const LISTENERS_MAX: usize = 500;
/// Windows one person looks on with at the same time.
const LISTENERS_PER_ACTOR_MAX: usize = 12;

/// How a workspace is at the moment, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Pulse {
    pub(crate) connection: String,
    pub(crate) live: bool,
    pub(crate) verified: bool,
    /// Changes by state.
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) api_calls_used: u64,
    pub(crate) api_calls_max: u64,
    pub(crate) mapping_version: u64,
    /// The newest reading of the org.
    pub(crate) sync: Option<Sync>,
}

/// A reading of the org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Sync {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) items: u64,
}

/// Answers and who looks on.
#[derive(Clone)]
pub(crate) struct Pulses {
    answers: Cache<WorkspaceId, Arc<Pulse>>,
    listeners: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place among those who look on; given back when dropped.
pub(crate) struct Place {
    actor: String,
    listeners: Arc<Mutex<HashMap<String, usize>>>,
}

impl Pulses {
    pub(crate) fn new() -> Self {
        Self {
            answers: Cache::builder()
                .max_capacity(WORKSPACES_MAX)
                .time_to_live(Duration::from_millis(FRESH_MS))
                .build(),
            listeners: Arc::default(),
        }
    }

    /// A place for one more window of `actor`; `None` when there is none.
    pub(crate) fn place(&self, actor: &str) -> Option<Place> {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if listeners.values().sum::<usize>() >= LISTENERS_MAX {
            return None;
        }
        let own = listeners.entry(actor.to_owned()).or_default();
        if *own >= LISTENERS_PER_ACTOR_MAX {
            return None;
        }
        *own += 1;
        Some(Place {
            actor: actor.to_owned(),
            listeners: Arc::clone(&self.listeners),
        })
    }

    /// As the owners answered a moment ago. Members only: every role may read it.
    pub(crate) async fn pulse(
        &self,
        owners: &Owners,
        asking: &Asking,
    ) -> Result<Arc<Pulse>, Arc<RpcError>> {
        let ask = async { ask(owners, asking).await.map(Arc::new) };
        self.answers
            .try_get_with(asking.workspace.clone(), ask)
            .await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = listeners.get_mut(&self.actor) {
            *own -= 1;
            if *own == 0 {
                listeners.remove(&self.actor);
            }
        }
    }
}

async fn ask(owners: &Owners, asking: &Asking) -> Result<Pulse, RpcError> {
    let (connection, status, runs) = futures::join!(
        connection::get(owners, asking),
        settings::status(owners, asking),
        org::sync_runs(owners, asking, 1),
    );
    let (connection, status) = (connection?, status?);
    Ok(Pulse {
        connection: connection.state.word(),
        live: status.live,
        verified: status.verified,
        counts: status
            .counts
            .iter()
            .map(|count| (count.state.word(), count.count))
            .collect(),
        api_calls_used: status.api_calls_used,
        api_calls_max: status.api_calls_max,
        mapping_version: status.mapping_version,
        sync: runs?.into_iter().next().map(|run| Sync {
            state: run.state.word(),
            id: run.id,
            items: run.items,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_so_many_windows_and_gives_them_back() {
        let pulses = Pulses::new();
        let mut places: Vec<Place> = (0..LISTENERS_PER_ACTOR_MAX)
            .map(|_| pulses.place("user:a").expect("there is room"))
            .collect();
        assert!(pulses.place("user:a").is_none());
        assert!(pulses.place("user:b").is_some());
        places.pop();
        assert!(pulses.place("user:a").is_some());
    }
}
