//! Salesforce, as this service uses it: orgs by workspace, records as domain values, answers as domain problems.

pub mod answers;
pub mod claims;
pub mod masters;
pub mod orgs;
pub mod owners;
pub mod records;
pub mod twins;
