//! Matching against a real NATS and a real Postgres: events in, decisions and events out.

mod decisions;
mod projection;
mod world;
