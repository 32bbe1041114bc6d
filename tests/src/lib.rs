//! What tests, the demo and the benchmark stand on: a real NATS, a real Postgres, a proxy that breaks connections, a
//! sink for traces, the simulated org, and the whole product started as processes. Depends on no service, so that every
//! service may use it in its own tests.

pub mod chaos;
pub mod eventually;
pub mod nats;
pub mod postgres;
pub mod tools;

pub use eventually::eventually;
