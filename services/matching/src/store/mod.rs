//! All SQL of this service. Concrete, no trait: it is our own memory, and tests use a real Postgres.

pub mod affected;
pub mod concerned;
pub mod decisions;
pub mod facts;
pub mod kept;
pub mod labels;
pub mod names;
pub mod phrases;
pub mod projection;
pub mod proposals;
pub mod reconsider;
pub mod replay;
pub mod retention;
pub mod settings;
