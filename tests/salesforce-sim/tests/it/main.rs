//! The simulated org, seen from outside: over HTTP, as its users see it.

mod clients;
mod collections;
mod composite;
mod control;
mod describes;
mod faults;
mod fixtures;
mod jwt;
mod oauth;
mod org;
mod query;
mod saves;
mod tooling;
