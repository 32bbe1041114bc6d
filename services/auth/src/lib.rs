//! Auth decides whether we may act on a Salesforce org, and with which token.
//!
//! It runs the OAuth web server flow in the admin's browser, seals what Salesforce grants, and hands short-lived access
//! tokens to our other services; nobody else ever sees a refresh token. A refresh happens once per connection across
//! all replicas, under a fenced lease, and its outcome is stored before anyone uses it. Each connection has a state with
//! a cause, a history, and an event for every change. Nothing that may pass by itself ever asks for a person.
//!
//! ```text
//!   shell                                                   core
//!   http (browser)  rpc (bus)   probe  revoke  sweep        domain::attempt     may this browser finish
//!         \             |         |       |      |          domain::refresh     use, wait, look, refresh
//!          open_link    access_token ── refresh             domain::trouble     what a refusal means
//!          complete_connect     |                           domain::problem     what a report means
//!                  \            |                           domain::state       what follows what
//!                   store  +  seal  +  salesforce           domain::connection  generation and epoch
//! ```

pub mod app;
pub mod config;
pub mod domain;
pub mod http;
pub mod keys_command;
pub mod rpc;
pub mod seal;
mod secret_text;
mod service;
pub mod store;
pub mod telemetry;
mod wire;

pub use config::Options;
pub use service::{Auth, MIGRATOR};
