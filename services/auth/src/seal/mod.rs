//! Secrets at rest: envelope encryption with AES-256-GCM.
//!
//! Each secret has a data key of its own, wrapped by a key-encryption key (KEK) that has an id. Rotation therefore
//! re-wraps 32 bytes per row and never touches a token. The associated data names workspace, table, column and row: a
//! ciphertext copied elsewhere does not open. Plaintexts and keys are wiped from memory and have no `Debug` output.

mod envelope;
mod ring;

pub use envelope::{SealError, Sealed, Slot};
pub use ring::{Options, Ring, RingError, generate_line};
