//! What writeback decides, as pure functions: no clock, no randomness, no I/O. The shell fetches and applies.
//!
//! Read in this order: [`plan`] turns a meeting, a match and a mapping into proposals; [`fit`] turns a value into
//! what a field takes; [`gate`] says what stands in the way; [`verdict`] sums up; [`batching`] groups what may go;
//! [`outcome`] says what an answer means.

pub mod activity;
pub mod backfill;
pub mod batching;
pub mod change;
pub mod claim;
pub mod compare;
pub mod confirmed;
pub mod decision;
pub mod fit;
pub mod gate;
pub mod lane;
pub mod looking;
pub mod mapping;
pub mod marker;
pub mod meeting;
pub mod merged;
pub mod missed;
pub mod newcomer;
pub mod note;
pub mod outcome;
pub mod overwrite;
pub mod owner;
pub mod people;
pub mod plan;
pub mod prediction;
pub mod reads;
pub mod recheck;
pub mod reference;
pub mod refusal;
pub mod rehearsal;
pub mod repaired;
pub mod revision;
pub mod risk;
pub mod schema;
pub mod set_state;
pub mod settings;
pub mod tally;
pub mod text;
pub mod twin;
pub mod undo;
pub mod value;
pub mod verdict;
pub mod why;
