//! Takes a workspace from nothing to live, in the order the product enforces: connect, sync, map, permit, verify, live.
//! Asks the services over the bus as the console does.

mod admin;
mod connect;
mod crowd;
mod follow;
mod org;
mod settings;

pub use admin::{Admin, Verified};
pub use connect::Connected;
pub use crowd::Crowd;
pub use settings::Settings;
