//! Saves, in the platform's order: access, fields, types, derived values, system checks, validation
//! rules, duplicate rules, then the write and what follows from it.

pub mod activity;
pub mod checks;
pub mod coerce;
pub mod delete;
pub mod links;
pub mod notes;
pub mod opportunity;
pub mod row;
pub mod tx;
pub mod upsert;

pub use row::{create, update};
pub use tx::{Options, Tx, View};
