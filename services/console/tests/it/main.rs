//! Console on a real NATS and a real Postgres, through its own pages and API, with owners that answer from a script.

mod api;
mod document;
mod hostile;
mod isolation;
mod org;
mod owners;
mod quarantine;
mod roles;
mod sign_in;
mod world;
