//! What an org looks like now, what changed, and which mappings that breaks.
//!
//! It reads the schema of each connected org (describes, picklists per record type, stages, validation rules), keeps
//! every version, and tells the others what changed. It reads the records matching works on: all of them once, then what
//! changed. It keeps the field mapping an admin publishes, refuses one the org would refuse, and suspends exactly the
//! entries a change in the org has broken. It compares what the connected user can reach with what the mapping needs, and
//! tells auth what is missing. Nothing heals silently: a repair is a person's decision, or provably harmless.
//!
//! ```text
//! on_connection_changed ─┐                                ┌─ domain: schema, drift, impact, publish,
//! schedule ──────────────┼─> sync_run ─> runner ─> sync_* ┤           cursor, selection, schedule
//! rpc (StartSync, ...) ──┘      (shell)                   └─ wire, store, adapters::org
//! ```

pub mod adapters;
pub mod app;
pub mod config;
pub mod domain;
mod service;
pub mod store;
pub mod telemetry;
pub mod wire;

pub use service::MetadataSync;

/// The service's migrations; run by the `migrate` verb only.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
