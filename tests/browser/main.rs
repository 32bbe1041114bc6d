//! The console as people use it: a real browser, every service as a process, real NATS and Postgres, the simulated org.
//!
//! Without a browser nothing is proved, and each test says so in capitals. `deploy/local/fetch-tools --browser` gets one.

mod driver;
mod journey;
mod screens;
mod viewer;
mod world;
