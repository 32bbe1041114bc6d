//! Writeback against a real NATS, a real Postgres and a stand-in org: events in, records and outcomes out.

mod applied;
mod audit;
mod exactly_once;
mod isolation;
mod order;
mod prediction;
mod purity;
mod reconnect;
mod refused;
mod review;
mod undo;
mod verification;
mod waiting;
mod world;
