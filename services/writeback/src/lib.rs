//! Whether, when and how a change reaches Salesforce.
//!
//! A decided match carries its meeting here; the published mapping turns it into changes, each with its evidence. Every
//! change passes all gates and ends approved, held or blocked, with reasons. What is approved goes through a queue in
//! Postgres to the executor, which records its intent, writes through collections, reads back and records the result.
//! What is held waits for a person. One change is applied exactly once: nothing is repeated before somebody looked.
//!
//! ```text
//! shell (app/)                                   core (domain/)
//! on_match_decided  settings, baselines   -->    plan -> fit -> gate -> verdict
//!                   sets, changes, lanes  <--
//! execute           claim, read, intend   -->    looking -> batching
//!                   call, read back       -->    outcome -> set_state
//!                   settle, outcomes      <--
//! api, regate, on_{connection,schema,mapping}_changed   settings move, what waits is judged again
//! ```

pub mod adapters;
pub mod app;
pub mod config;
pub mod domain;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod wire;

pub use config::Options;
pub use service::Writeback;

/// The schema's history; applied by the `migrate` verb only.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
