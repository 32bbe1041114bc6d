//! Auth on a real NATS, a real Postgres and the stand-in org, through its own bus and browser routes.

mod access;
mod browser;
mod chaos;
mod connect;
mod connection;
mod crash;
mod exports;
mod hour;
mod isolation;
mod jwt;
mod keep_alive;
mod keys;
mod killed;
mod pages;
mod purity;
mod refresh;
mod rounds;
mod secrets;
mod tenants;
mod world;
