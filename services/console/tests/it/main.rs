//! Console on a real NATS and a real Postgres, through its own pages and API, with owners that answer from a script.

mod admit;
mod api;
mod audit;
mod document;
mod hostile;
mod isolation;
mod org;
mod owners;
mod pages;
mod quarantine;
mod roles;
mod setup;
mod sign_in;
mod single_sign_on;
mod world;
