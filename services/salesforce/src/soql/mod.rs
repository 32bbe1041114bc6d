//! SOQL, built and never pasted.
//!
//! Text reaches a statement only as a [`Literal`], names only as checked names; there is no way to
//! add a piece of SOQL as text.

mod condition;
mod literal;
mod query;

pub use condition::{Comparison, Condition};
pub use literal::{LikePattern, Literal, LiteralError, chunks};
pub use query::{Direction, Nulls, Query, Subquery};

/// Longest statement Salesforce accepts, in characters.
pub const SOQL_CHARS_MAX: usize = 100_000;

/// Longest string literal in a WHERE clause, in characters.
pub const STRING_CHARS_MAX: usize = 4_000;

/// Values in one IN list; more is split by [`chunks`].
pub const IN_VALUES_MAX: usize = 200;

/// Bytes of SOQL sent on a GET; a longer statement travels in a composite body instead, because the
/// edge refuses addresses and headers beyond about 16 KiB together.
pub const GET_BYTES_MAX: usize = 8 * 1024;

#[cfg(test)]
mod tests;
