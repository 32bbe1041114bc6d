//! Where secrets come from: the operating system's generator, through a generator seeded by it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A secret of 256 bits in URL-safe base64.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// An id of 64 bits in lower-case hexadecimal; not a secret.
pub(crate) fn id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
