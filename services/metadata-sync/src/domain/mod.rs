//! Every decision of the service, pure: data in, data out. No clock, no randomness, no I/O.

pub mod access;
pub mod cursor;
pub mod destination;
pub mod difference;
pub mod drift;
pub mod drift_target;
pub mod global;
pub mod impact;
pub mod item;
pub mod mapping;
pub mod owner;
pub mod pipeline;
pub mod property;
pub mod publish;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod selection;
pub mod standing;
