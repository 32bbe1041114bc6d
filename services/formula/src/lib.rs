//! The Salesforce formula language: which validation rules would block a proposed change, and why.
//!
//! Pure. A formula is parsed, checked against a schema and compiled once to a flat program; evaluating
//! it needs a record, the record before the change, and the clock as arguments. There are three
//! answers: a rule fires, it is silent, or we cannot tell, with the reason. A definite answer holds
//! for every value the inputs that were not loaded could have. It is a prediction, never a promise:
//! flows and triggers run between the request and the rules.
//!
//! ```text
//! source --parse--> tree --compile(schema)--> Formula --outcome(Context)--> Outcome
//!                    |                           |---needs()--> what to load
//!                    |                           |---explain(Context)--> why it fires
//!                    `-- Display prints it back  `---responsible(Context)--> which change did it
//! ```

mod builtin;
mod case_line;
mod compile;
mod context;
mod eval;
mod explain;
mod formula;
mod function;
mod kind;
mod mention;
mod needs;
mod number;
mod parse;
mod pattern;
mod print;
mod program;
mod reason;
mod schema;
mod syntax;
mod token;
mod trouble;
mod value;

pub use case_line::answer_line;
pub use compile::CompileError;
pub use context::{Context, Disputes, Facts, Record};
pub use explain::{Condition, Explanation, Responsible, Seen, Source};
pub use formula::{Answer, Formula, Outcome, compile, compile_rule};
pub use kind::{Blanks, Kind};
pub use mention::{Mention, mentions};
pub use needs::Needs;
pub use number::Number;
pub use parse::{ARGUMENTS_MAX, NESTING_MAX, parse};
pub use program::Reference;
pub use reason::Reason;
pub use schema::{Field, Fields, Schema, key};
pub use syntax::{Expr, Infix, Name, Node, Prefix};
pub use token::{SOURCE_CHARS_MAX, Span, SyntaxError};
pub use trouble::{ErrorKind, Question};
pub use value::Value;
