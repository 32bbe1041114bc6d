//! The evaluator against the published cases, the real rules, its laws and hostile input.

mod cases;
mod corpus;
mod hostile;
mod laws;
mod ready;
mod rules;
