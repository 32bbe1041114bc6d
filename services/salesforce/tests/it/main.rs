//! Contract tests against a fake HTTP server: one per quirk of Salesforce.

mod bulk;
mod collections;
mod composite;
mod describe;
mod fixtures;
mod oauth;
mod query;
mod records;
mod retries;
mod session;
mod support;
mod tracing_out;
mod transport;
