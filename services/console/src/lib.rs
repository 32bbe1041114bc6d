//! What a person sees and may ask for.
//!
//! Console serves the web pages and the JSON API. It owns users, roles, sessions and API tokens, and nothing about CRM:
//! every question and every decision goes to its owner over the bus, with the asker's role, and owners check it again.
//! A view is what the owner answered, in the field's words; there is no copy that could be stale.
//!
//! ```text
//!   shell (async)                               core (pure)
//!   http::identity  --cookie or bearer token--> domain::access (role in this workspace)
//!   http::api, http::page --> ask --RPC--> owners
//!                              |--protobuf--->  wire (what programs and pages see)
//!   app::sign_in    --failures so far-------->  domain::throttle
//! ```

mod adapters;
mod app;
mod ask;
mod config;
mod domain;
mod http;
mod owners;
mod service;
mod store;
mod wire;

pub use app::single_sign_on::SingleSignOnOptions;
pub use config::Options;
pub use service::{Console, MIGRATOR};
