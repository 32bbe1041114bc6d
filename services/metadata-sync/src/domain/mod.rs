//! Every decision of the service, pure: data in, data out. No clock, no randomness, no I/O.

pub mod cursor;
pub mod drift;
pub mod impact;
pub mod item;
pub mod mapping;
pub mod publish;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod selection;
