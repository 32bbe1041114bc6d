//! All SQL of this service. Concrete, no trait: it is our own memory, and tests use a real Postgres.

pub mod affected;
pub mod decisions;
mod fact_rows;
pub mod facts;
pub mod names;
pub mod projection;
pub mod reconsider;
pub mod replay;
pub mod settings;
