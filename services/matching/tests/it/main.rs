//! Matching against a real NATS and a real Postgres: events in, decisions and events out.

mod again;
mod calendar;
mod decisions;
mod evidence;
mod hostile;
mod isolation;
mod moves;
mod ours;
mod phrases;
mod projection;
mod retention;
mod unchanged;
mod witnesses;
mod world;
