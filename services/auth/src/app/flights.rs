//! One flight per connection and process, and a limited number of callers that wait for its end.
//!
//! The flight is purely an economy: what makes a refresh single across replicas is the lease. The seats are not: a request
//! that waits holds one of the few the bus lets us answer at once, and an org that hangs would, with enough callers, take
//! them all from every other workspace. Who finds no seat is told to ask again; the refresh goes on without them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use events::WorkspaceId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// Entries beyond which forgotten ones are swept out.
const SWEEP_ABOVE: usize = 1024;
/// Callers of one workspace that wait at once.
const WAITING_PER_WORKSPACE_MAX: usize = 32;
/// Callers of all workspaces that wait at once: half of the requests a process answers at the same time.
const WAITING_MAX: usize = 128;

/// The flights in the air.
#[derive(Debug)]
pub(super) struct Flights {
    by_workspace: Mutex<HashMap<WorkspaceId, Weak<Lane>>>,
    seats: Arc<Semaphore>,
}

/// The flights of one workspace.
#[derive(Debug)]
pub(super) struct Lane {
    turn: Arc<AsyncMutex<()>>,
    seats: Arc<Semaphore>,
}

/// The right to wait.
#[derive(Debug)]
pub(super) struct Seat {
    _of_workspace: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Flights {
    fn default() -> Self {
        Self {
            by_workspace: Mutex::default(),
            seats: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

impl Flights {
    /// The workspace's lane.
    pub(super) fn lane(&self, workspace: &WorkspaceId) -> Arc<Lane> {
        let mut lanes = self
            .by_workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if lanes.len() > SWEEP_ABOVE {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        if let Some(lane) = lanes.get(workspace).and_then(Weak::upgrade) {
            return lane;
        }
        let lane = Arc::new(Lane {
            turn: Arc::default(),
            seats: Arc::new(Semaphore::new(WAITING_PER_WORKSPACE_MAX)),
        });
        lanes.insert(workspace.clone(), Arc::downgrade(&lane));
        lane
    }

    /// A seat in the lane, when one is free.
    pub(super) fn seat(&self, lane: &Lane) -> Option<Seat> {
        let of_workspace = Arc::clone(&lane.seats).try_acquire_owned().ok()?;
        let of_all = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        Some(Seat {
            _of_workspace: of_workspace,
            _of_all: of_all,
        })
    }
}

impl Lane {
    /// Waits for the turn; it ends when the guard is dropped.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// The turn, when nobody has it.
    pub(super) fn free_turn(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.turn).try_lock_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_workspace_cannot_take_every_seat() {
        let flights = Flights::default();
        let of = |name: &str| flights.lane(&name.parse().expect("an id"));
        let hanging = of("hanging");
        let held: Vec<_> = std::iter::from_fn(|| flights.seat(&hanging)).collect();
        assert_eq!(held.len(), WAITING_PER_WORKSPACE_MAX);
        let other = of("other");
        let seat = flights.seat(&other).expect("seats are left for others");
        drop((held, seat));
        // Freed with whoever held them.
        assert!(flights.seat(&hanging).is_some());
    }

    #[test]
    fn all_workspaces_together_leave_half_of_the_requests_to_those_who_need_not_wait() {
        let flights = Flights::default();
        let lanes: Vec<_> = (0..10)
            .map(|number| flights.lane(&format!("w{number}").parse().expect("an id")))
            .collect();
        let held: Vec<_> = lanes
            .iter()
            .flat_map(|lane| std::iter::from_fn(|| flights.seat(lane)))
            .collect();
        assert_eq!(held.len(), WAITING_MAX);
        const { assert!(WAITING_MAX * 2 <= chassis::rpc::REQUESTS_MAX) };
    }
}
