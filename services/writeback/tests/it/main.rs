//! Writeback against a real NATS, a real Postgres and a stand-in org: events in, records and outcomes out.

mod applied;
mod audit;
mod backfill;
mod claims;
mod creations;
mod exactly_once;
mod gone;
mod humans;
mod isolation;
mod money_time;
mod order;
mod prediction;
mod purity;
mod queue;
mod queue_size;
mod reconnect;
mod refusals;
mod refused;
mod retention;
mod review;
mod revisions;
mod undo;
mod verification;
mod waiting;
mod world;
