//! What auth decides, as pure functions over data: no clock, no randomness, no I/O. Times and jitter are arguments.

pub mod access;
pub mod attempt;
pub mod connection;
pub mod grant;
pub mod jwt_refusal;
pub mod problem;
pub mod refresh;
pub mod sandbox;
pub mod state;
#[cfg(test)]
mod transient_test;
pub mod trouble;
