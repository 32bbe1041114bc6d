//! What tests, the demo, the drills and the benchmark stand on: a real NATS, a real Postgres, a proxy that breaks connections, a
//! sink for traces, and the whole product started as processes. Depends on no service, so that every
//! service may use it in its own tests.

pub mod chaos;
pub mod cluster;
pub mod eventually;
pub mod fixtures;
pub mod http;
pub mod isolation;
pub mod nats;
pub mod org;
pub mod otlp;
pub mod postgres;
pub mod publish;
pub mod rpc;
pub mod setup;
pub mod stack;
pub mod tls;
pub mod tools;

pub use eventually::eventually;
