//! The service against a real NATS, a real Postgres and the simulated org.

mod access;
mod bulk;
mod drift;
mod globals;
mod isolation;
mod mapping;
mod people;
mod records;
mod schema;
mod world;
