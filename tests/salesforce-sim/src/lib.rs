//! A stand-in Salesforce org, faithful enough that independent client libraries work against it.
//!
//! It runs as a process (`salesforce-sim`) or inside a test ([`Sim::start`]). The org answers the REST
//! API, the Tooling API's validation rules, the UI API's picklists and the OAuth endpoints, and enforces
//! what the platform enforces. A second port takes commands ([`Control`]): faults, schema and permission
//! changes, edits by other people, and a log of every committed write.
//!
//! ```text
//!   http::server ── oauth            (tokens, own lock)
//!        │
//!        └── api ── soql             (reads, under the read lock)
//!             └─── save ── store     (writes, one transaction under the write lock)
//! ```

#![recursion_limit = "256"]

pub mod access;
pub mod api;
pub mod clock;
pub mod config;
pub mod control;
pub mod derived;
pub mod duplicates;
pub mod error;
pub mod evaluate;
pub mod faults;
pub mod http;
pub mod id;
pub mod log;
pub mod oauth;
pub mod org;
pub mod refusal;
pub mod rules;
pub mod save;
pub mod schema;
pub mod seed;
pub mod sim;
pub mod soql;
pub mod store;
pub mod value;

pub use access::{ObjectAccess, RecordAccess};
pub use config::{AppConfig, Seed, SimConfig};
pub use control::client::{Control, ControlError};
pub use control::command::{Command, Stats};
pub use faults::{Fault, FaultBody, FaultKind};
pub use log::{Attempt, Operation, WriteLogEntry};
pub use refusal::Refusal;
pub use sim::{Sim, StartError};
