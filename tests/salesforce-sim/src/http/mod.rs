//! The HTTP face of the org.

pub mod answer;
pub mod data;
pub mod listener;
pub mod server;
pub mod shared;
