//! The HTTP face of the org.

pub mod answer;
pub mod listener;
pub mod server;
