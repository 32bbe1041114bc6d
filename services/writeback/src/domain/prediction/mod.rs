//! Which validation rules of the org would refuse a change, and why: predicted, never promised.
//!
//! ```text
//! schema snapshot --compile--> RuleBook --reads--> one read per object, parents included
//!                                 |
//! record before, values after --foresee--> findings per field --> the validation rules gate, the reviewer
//! a new record's fields       --foresee--> findings of the creation
//!                                 |
//! record as read before a write --answers--> predicted --compare--> what Salesforce said --> agreement
//! ```
//!
//! Flows and triggers run between our request and the rules, so what is silent here may still be refused, and the
//! words for a person are [`NONE_BLOCKS`]. What is not known stays unknown: a rule that reads something we did not load,
//! or a field whose new value we cannot compute, is told apart and never blocks.

pub mod compare;
mod compile;
mod created;
mod facts;
mod finding;
mod foresee;
mod globals;
pub mod score;
#[cfg(test)]
mod tests;

pub use compile::{Book, Books, Rule, compile};
pub use finding::{Condition, Finding, RuleFinding, Said, SeenValue};
pub use foresee::{Foreseen, Predicted, Save, Scene, answers, foresee};

/// What is said when nothing is predicted to refuse; it promises nothing.
pub const NONE_BLOCKS: &str = "no rule we could evaluate blocks this";
