//! What every service of Ergo has, and nothing about any one of them: boot, configuration, telemetry, the bus, the
//! inbox/outbox unit, requests and replies, health. It knows nothing of meetings or Salesforce.
//!
//! ```text
//! main -> boot -> start -> Service::build(options, rig) -> tasks (consumers, rpc, http, relay, duties) -> drain
//! ```
//!
//! A service implements [`Service`], hangs its handlers on the [`Rig`], and its `main` is one line. In a handler:
//! load, decide purely, then one [`db::Unit`] in which state, claims and events commit together; the loop acknowledges
//! only after `Ok`. Every schema's first migration contains [`db::INBOX_OUTBOX_SQL`]. A unit and every lone statement
//! belong to a [`db::Scope`]: Postgres shows them the rows of its workspaces, whatever their `where` forgot.
//! `tests/it/probe.rs` is a complete service of two hundred lines.
//!
//! Promises kept here: every message ends acknowledged after its commit, retried with a delay, or quarantined where a
//! person sees it; a dependency that is away makes a service not ready and costs nothing else; every queue, batch,
//! wait and retry has a limit.

pub mod backoff;
pub mod boot;
pub mod bus;
pub mod config;
pub mod db;
pub mod failure;
pub mod http;
mod migrate;
mod readiness;
mod rig;
pub mod rpc;
mod running;
mod service;
mod start;
pub mod telemetry;

pub use boot::boot;
pub use bus::{Bus, ConsumerSpec, Delivery, Handler};
pub use config::{Config, Options};
pub use db::{Db, Erased, Fresh, Scope, Unit};
pub use failure::Failure;
pub use migrate::migrate;
pub use rig::Rig;
pub use rpc::RpcTransport;
pub use running::Running;
pub use service::{Service, Store};
pub use start::start;
pub use telemetry::{BoundedLabel, Cause};
pub use tokio_util::sync::CancellationToken;
