//! SOQL: text to syntax tree to plan to rows to JSON.
//!
//! `lexer` and `parse` know the language, `plan` knows the schema and permissions, `filter` decides
//! whether a row matches, `candidates` uses indexes, `render` prints pages.

pub mod aggregate;
pub mod ast;
pub mod candidates;
pub mod csv;
pub mod cursor;
pub mod dates;
pub mod filter;
pub mod lexer;
pub mod parse;
pub mod plan;
pub mod render;
pub mod resolve;
pub mod run;
