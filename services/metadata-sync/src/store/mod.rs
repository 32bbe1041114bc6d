//! All SQL of the service: rows to domain values and back. Every statement names its workspace.

pub mod access;
pub mod cursor;
pub mod drift;
pub mod freshness;
pub mod mapping;
pub mod owner;
pub mod run;
pub mod setting;
pub mod snapshot;
pub mod workspace;

/// A stored value this version does not understand: written by a newer one, or by hand.
pub(crate) fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("stored {what} is not understood").into())
}
