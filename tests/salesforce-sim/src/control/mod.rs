//! The control API: everything a test may do to the org that no Salesforce client could.

mod change;
pub mod client;
pub mod command;
mod permissions;
mod records;
mod schema;
pub mod server;
mod stages;
