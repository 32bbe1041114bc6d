//! Faults of the transport and of the platform as a whole, applied before a request reaches the org.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer takes this much longer. No lock is held meanwhile.
    LatencyMs(u64),
    /// The work is done and committed at once, the answer comes this much later: what a client that
    /// gives up waiting must reckon with.
    CommitThenDelayMs(u64),
    /// An error answer instead of any work.
    Status {
        /// HTTP status.
        status: u16,
        /// What the body holds.
        body: FaultBody,
    },
    /// The connection is reset before anything is done.
    ResetBeforeCommit,
    /// The work is done and committed, then the connection is reset.
    CommitThenReset,
    /// 403 REQUEST_LIMIT_EXCEEDED: the daily quota.
    DailyLimit,
    /// 403 REQUEST_LIMIT_EXCEEDED: too many long requests at once.
    ConcurrentLimit,
    /// Reads work, writes are refused for maintenance.
    Maintenance,
    /// 401 INVALID_SESSION_ID although the session is fine.
    RejectSession,
}

/// Bodies of injected error answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultBody {
    /// No body at all.
    Empty,
    /// A gateway's HTML page.
    Html,
    /// An error array with the code that goes with the status.
    Json,
    /// The token endpoint's words for too many logins within the hour.
    LoginRate,
}

/// A fault and what it applies to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only requests whose path contains this.
    #[serde(default)]
    pub path_contains: Option<String>,
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Lets this many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests to hit; all until cleared when empty.
    #[serde(default)]
    pub remaining: Option<u32>,
}

impl Fault {
    /// A fault for every data API request until cleared.
    pub fn new(kind: FaultKind) -> Fault {
        Fault {
            kind,
            path_contains: Some("/services/data/".into()),
            method: None,
            skip: 0,
            remaining: None,
        }
    }

    /// Only the next `count` requests.
    #[must_use]
    pub fn times(mut self, count: u32) -> Fault {
        self.remaining = Some(count);
        self
    }

    /// Only paths that contain `part`.
    #[must_use]
    pub fn on_path(mut self, part: &str) -> Fault {
        self.path_contains = Some(part.into());
        self
    }

    /// Only this method.
    #[must_use]
    pub fn on_method(mut self, method: &str) -> Fault {
        self.method = Some(method.into());
        self
    }

    /// Lets `count` matching requests pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Fault {
        self.skip = count;
        self
    }
}

/// Active faults.
#[derive(Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
    hits: u64,
}

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// The faults that hit this request, each used up by one.
    pub fn take(&mut self, method: &str, path: &str) -> Vec<FaultKind> {
        if self.active.is_empty() {
            return Vec::new();
        }
        let mut hits = Vec::new();
        for fault in &mut self.active {
            let matches = fault
                .path_contains
                .as_deref()
                .is_none_or(|part| path.contains(part))
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            if !matches || fault.remaining == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(remaining) = &mut fault.remaining {
                *remaining -= 1;
            }
            hits.push(fault.kind.clone());
        }
        self.active.retain(|fault| fault.remaining != Some(0));
        self.hits += hits.len() as u64;
        hits
    }

    /// How often a fault has hit a request since the start.
    pub fn hits(&self) -> u64 {
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultKind, Faults};

    #[test]
    fn a_fault_hits_what_it_names_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(
            Fault::new(FaultKind::ResetBeforeCommit)
                .on_path("/composite")
                .on_method("PATCH")
                .after(1)
                .times(2),
        );
        assert!(
            faults
                .take("GET", "/services/data/v67.0/composite")
                .is_empty()
        );
        assert!(
            faults
                .take("PATCH", "/services/data/v67.0/query")
                .is_empty()
        );
        let hits: Vec<bool> = (0..5)
            .map(|_| {
                !faults
                    .take("PATCH", "/services/data/v67.0/composite")
                    .is_empty()
            })
            .collect();
        assert_eq!(hits, [false, true, true, false, false]);
    }
}
