//! What auth does, one trigger per file: load, decide purely, then one unit in which state and events commit.

pub mod accept_grant;
pub mod access_token;
pub mod begin_connect;
pub mod change;
pub mod complete_connect;
pub mod connect_jwt;
pub mod connect_problem;
mod credential;
pub mod disconnect;
mod flights;
mod keep;
pub mod keep_alive;
mod look;
pub mod on_access_reviewed;
pub mod open_link;
pub mod probe;
pub mod refresh;
pub mod report_problem;
pub mod revoke;
pub mod sweep;
