//! One sealed secret: data key, wrapping, associated data.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::ring::{Key, Ring};

/// Bytes of a GCM nonce. Random is safe: a data key seals once, and a KEK wraps far fewer than 2^32 data keys.
const NONCE_BYTES: usize = 12;
/// Largest secret accepted, in bytes: a token of 8 KiB with room.
const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Where a secret lies. Part of the associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The workspace.
    pub workspace: &'a str,
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// What identifies the row, its generation included.
    pub row: &'a str,
}

/// A sealed secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Id of the key-encryption key.
    pub kek_id: String,
    /// Nonce and ciphertext of the data key.
    pub wrapped_dek: Vec<u8>,
    /// Nonce of the secret.
    pub nonce: Vec<u8>,
    /// The secret under the data key.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("kek_id", &self.kek_id)
            .finish_non_exhaustive()
    }
}

/// Why something does not seal or open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The ring has no such key.
    #[error(
        "key-encryption key {0:?} is not among the seal keys; add it back until `ergo-auth keys rotate` is done"
    )]
    UnknownKey(String),
    /// Key, place or bytes do not belong together.
    #[error("sealed secret does not open: wrong key, or the row was moved or altered")]
    Refused,
    /// What opened is not text.
    #[error("sealed secret is not text")]
    NotText,
    /// The secret is longer than anything we seal.
    #[error("secret is longer than {SECRET_BYTES_MAX} bytes")]
    TooLong,
}

impl Slot<'_> {
    /// The parts with their lengths, so that no two slots have the same bytes.
    fn associated_data(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        for part in [self.workspace, self.table, self.column, self.row] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

impl Ring {
    /// Seals `secret` for `slot` under the current key.
    ///
    /// # Errors
    /// When the secret is too long.
    pub fn seal(&self, slot: &Slot<'_>, secret: &SecretString) -> Result<Sealed, SealError> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() > SECRET_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let aad = slot.associated_data();
        let mut dek = Zeroizing::new([0_u8; 32]);
        rand::rng().fill(&mut *dek);
        let (nonce, ciphertext) = encrypt(&dek, secret, &aad)?;
        let wrapped_dek = wrap(self.current(), &dek, &aad)?;
        Ok(Sealed {
            kek_id: self.current().id.clone(),
            wrapped_dek,
            nonce: nonce.to_vec(),
            ciphertext,
        })
    }

    /// Opens what was sealed for `slot`.
    ///
    /// # Errors
    /// When the key is unknown, or anything was altered.
    pub fn open(&self, slot: &Slot<'_>, sealed: &Sealed) -> Result<SecretString, SealError> {
        let aad = slot.associated_data();
        let dek = self.unwrap_dek(sealed, &aad)?;
        let plain = Zeroizing::new(decrypt(&dek, &sealed.nonce, &sealed.ciphertext, &aad)?);
        let text = std::str::from_utf8(&plain).map_err(|_| SealError::NotText)?;
        Ok(SecretString::from(text))
    }

    /// Wraps the data key again under the current key; the secret itself is not touched.
    ///
    /// # Errors
    /// When the key is unknown, or the wrapping was altered.
    pub fn rewrap(&self, slot: &Slot<'_>, sealed: &Sealed) -> Result<Sealed, SealError> {
        let aad = slot.associated_data();
        let dek = self.unwrap_dek(sealed, &aad)?;
        Ok(Sealed {
            kek_id: self.current().id.clone(),
            wrapped_dek: wrap(self.current(), &dek, &aad)?,
            ..sealed.clone()
        })
    }

    fn unwrap_dek(&self, sealed: &Sealed, aad: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let key = self
            .key(&sealed.kek_id)
            .ok_or_else(|| SealError::UnknownKey(sealed.kek_id.clone()))?;
        let (nonce, ciphertext) = sealed
            .wrapped_dek
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealError::Refused)?;
        let dek = Zeroizing::new(decrypt(&key.bytes, nonce, ciphertext, aad)?);
        let bytes: [u8; 32] = dek.as_slice().try_into().map_err(|_| SealError::Refused)?;
        Ok(Zeroizing::new(bytes))
    }
}

fn wrap(key: &Key, dek: &[u8; 32], aad: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, ciphertext) = encrypt(&key.bytes, dek, aad)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

fn encrypt(
    key: &[u8; 32],
    plain: &[u8],
    aad: &[u8],
) -> Result<([u8; NONCE_BYTES], Vec<u8>), SealError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    rand::rng().fill(&mut nonce);
    let cipher = Aes256Gcm::new(key.into());
    let ciphertext = cipher
        .encrypt(Nonce::from_slice(&nonce), Payload { msg: plain, aad })
        .map_err(|_| SealError::TooLong)?;
    Ok((nonce, ciphertext))
}

fn decrypt(
    key: &[u8; 32],
    nonce: &[u8],
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, SealError> {
    if nonce.len() != NONCE_BYTES {
        return Err(SealError::Refused);
    }
    Aes256Gcm::new(key.into())
        .decrypt(
            Nonce::from_slice(nonce),
            Payload {
                msg: ciphertext,
                aad,
            },
        )
        .map_err(|_| SealError::Refused)
}

#[cfg(test)]
mod tests {
    use super::super::generate_line;
    use super::*;
    use proptest::prelude::*;

    const SLOT: Slot<'static> = Slot {
        workspace: "acme",
        table: "auth.sealed",
        column: "ciphertext",
        row: "refresh_token//1",
    };

    fn ring(ids: &[&str]) -> Ring {
        let lines: Vec<String> = ids.iter().map(|id| generate_line(id).to_string()).collect();
        Ring::parse(&lines.join("\n")).expect("parses")
    }

    #[test]
    fn a_secret_opens_only_in_its_own_place() {
        let ring = ring(&["k1"]);
        let sealed = ring
            .seal(&SLOT, &"5Aep-token".to_owned().into())
            .expect("seals");
        assert_eq!(
            ring.open(&SLOT, &sealed).expect("opens").expose_secret(),
            "5Aep-token"
        );
        for moved in [
            Slot {
                workspace: "other",
                ..SLOT
            },
            Slot {
                table: "auth.other",
                ..SLOT
            },
            Slot {
                column: "other",
                ..SLOT
            },
            Slot {
                row: "refresh_token//2",
                ..SLOT
            },
            // The same bytes in a row, cut at another place.
            Slot {
                workspace: "acmeauth.",
                table: "sealed",
                ..SLOT
            },
        ] {
            assert_eq!(
                ring.open(&moved, &sealed).err(),
                Some(SealError::Refused),
                "{moved:?}"
            );
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let sealed = ring(&["old"])
            .seal(&SLOT, &"x".to_owned().into())
            .expect("seals");
        let error = ring(&["new"])
            .open(&SLOT, &sealed)
            .expect_err("unknown key");
        assert_eq!(error, SealError::UnknownKey("old".into()));
    }

    #[test]
    fn a_rotation_rewraps_without_touching_the_secret() {
        let (old, new) = (generate_line("old"), generate_line("new"));
        let before = Ring::parse(&old).expect("parses");
        let both = Ring::parse(&format!("{}\n{}", *new, *old)).expect("parses");
        let after = Ring::parse(&new).expect("parses");
        let sealed = before
            .seal(&SLOT, &"token".to_owned().into())
            .expect("seals");
        let rewrapped = both.rewrap(&SLOT, &sealed).expect("rewraps");
        assert_eq!(
            (rewrapped.kek_id.as_str(), &rewrapped.ciphertext),
            ("new", &sealed.ciphertext)
        );
        assert_eq!(
            after
                .open(&SLOT, &rewrapped)
                .expect("opens")
                .expose_secret(),
            "token"
        );
        assert!(after.open(&SLOT, &sealed).is_err());
    }

    #[test]
    fn two_sealings_of_one_secret_share_nothing() {
        let ring = ring(&["k1"]);
        let seal = || ring.seal(&SLOT, &"token".to_owned().into()).expect("seals");
        let (one, two) = (seal(), seal());
        assert_ne!(one.ciphertext, two.ciphertext);
        assert_ne!(one.wrapped_dek, two.wrapped_dek);
        assert_eq!(format!("{one:?}"), r#"Sealed { kek_id: "k1", .. }"#);
    }

    proptest! {
        #[test]
        fn any_altered_byte_is_noticed(secret in ".{0,40}", at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let ring = ring(&["k1"]);
            let sealed = ring.seal(&SLOT, &secret.clone().into()).expect("seals");
            let opened = ring.open(&SLOT, &sealed).expect("opens");
            prop_assert_eq!(opened.expose_secret(), secret.as_str());
            let mut altered = sealed.clone();
            let part = [&mut altered.wrapped_dek, &mut altered.nonce, &mut altered.ciphertext];
            for bytes in part {
                let index = at.index(bytes.len());
                bytes[index] ^= 1 << bit;
            }
            prop_assert!(ring.open(&SLOT, &altered).is_err());
        }
    }
}
