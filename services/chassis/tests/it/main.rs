//! Chassis against a real NATS and a real Postgres, through a probe service that does what it is told.

mod boot;
mod consume;
mod isolation;
mod outage;
mod outbox;
mod probe;
mod quarantine;
mod rpc;
mod telemetry;
mod tls;
mod world;
