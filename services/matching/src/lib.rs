//! Decides which Salesforce records a meeting belongs to, and why.
//!
//! It keeps a projection of the org's accounts, contacts, leads, opportunities and users, fed by `records.changed`. For a
//! batch of meetings it asks the projection once, decides each meeting by a pure function, and stores every decision with
//! the candidates it weighed, together with the `match.decided` event. It would rather say "ambiguous" than guess.
//!
//! ```text
//!   shell (async)                            core (pure)
//!   app::on_meeting_processed  --Meeting-->  domain::keys
//!   store::facts::load         --Facts---->  domain::decide -> Decision
//!   store::decisions, Unit     <--rows-----  wire::decided, domain::explain
//!   app::on_records_changed    --Records-->  domain::projection
//! ```

pub mod app;
pub mod domain;
pub mod replay_command;
pub mod rpc;
mod service;
pub mod store;
mod telemetry;
pub mod wire;

pub use service::{Matching, Options};
pub use telemetry::Telemetry;

/// The schema's history.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
