//! Requests and replies over NATS services: the transport under the typed clients and servers of `events`.
//!
//! A request carries its deadline, its caller and its trace in headers; an error comes back as a code, a sentence and
//! the field it is about. Both directions have a size limit, and a server answers "too busy" instead of queueing.

mod client;
mod headers;
mod server;

pub use client::RpcTransport;
pub(crate) use server::serve;

/// Largest request or answer, in bytes: below NATS' default `max_payload` of 1 MiB with room for headers.
pub const PAYLOAD_BYTES_MAX: usize = 960 * 1024;
/// Longest time a server works on one request, in seconds, whatever the caller asked for.
pub const TIMEOUT_S_MAX: u64 = 30;
/// Requests one process answers at the same time, per service.
pub const REQUESTS_MAX: usize = 256;
