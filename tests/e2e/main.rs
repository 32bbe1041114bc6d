//! The whole product as processes, on real NATS and Postgres, against the simulated org: what it promises to keep.

mod access;
mod api;
mod bad_messages;
mod crashes;
mod drift;
mod drill;
mod example;
mod happy_path;
mod metrics;
mod org;
mod outages;
mod promotion;
mod quarantine;
mod repeats;
mod restore;
mod story;
mod traces;
mod world;
