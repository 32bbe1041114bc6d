//! Salesforce, as this service uses it: what is read, in the domain's terms.

pub mod bulk;
pub mod describe;
pub mod globals;
pub mod org;
pub mod orgs;
mod reach;
pub mod refusal;
mod rules;
pub mod setup;
pub mod writeback;
