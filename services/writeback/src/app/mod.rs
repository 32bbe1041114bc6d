//! The shell: one trigger per file. Each loads, asks the domain, and commits state and events in one unit.

pub mod announce;
pub mod api;
pub mod backfill;
pub mod execute;
pub mod expire;
pub mod gating;
pub mod mended;
pub mod on_approved;
pub mod on_connection_changed;
pub mod on_mapping_changed;
pub mod on_match_decided;
pub mod on_schema_changed;
pub mod regate;
pub mod sweep;
mod unclaim;
pub mod wake;
pub mod watch;
