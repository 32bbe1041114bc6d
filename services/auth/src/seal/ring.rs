//! The key-encryption keys of this installation, by id.
//!
//! The first key seals; the others only open what was sealed before a rotation. Keys come from a file (a mounted
//! secret) or from the environment, never from the database they protect.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// Most keys in a ring: the current one and those of rotations that are not finished.
const KEYS_MAX: usize = 16;
/// Longest key id, in characters.
const KEY_ID_CHARACTERS_MAX: usize = 64;
/// Bytes of an AES-256 key.
const KEY_BYTES: usize = 32;

/// Where the keys are.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Sealing")]
#[group(id = "seal")]
pub struct Options {
    /// File with one `id:base64` line per key-encryption key of 32 bytes, the current one first
    #[arg(long, env = "ERGO_SEAL_KEYS_FILE")]
    pub seal_keys_file: Option<PathBuf>,

    /// The same lines in a variable, for installations without files; several lines separated by newline or comma
    #[arg(long, env = "ERGO_SEAL_KEYS", hide_env_values = true)]
    pub seal_keys: Option<SecretString>,
}

/// Why there is no usable ring. Never quotes key material.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// Neither option is set, or both.
    #[error(
        "set exactly one of ERGO_SEAL_KEYS_FILE and ERGO_SEAL_KEYS; `ergo-auth keys generate` makes a line"
    )]
    Source,
    /// The file cannot be read.
    #[error("file named by ERGO_SEAL_KEYS_FILE cannot be read")]
    File(#[source] std::io::Error),
    /// No line holds a key.
    #[error("seal keys hold no key; `ergo-auth keys generate` makes a line")]
    Empty,
    /// More keys than make sense.
    #[error("seal keys hold more than {KEYS_MAX} keys; remove those whose rotation is finished")]
    TooMany,
    /// A line is not `id:base64`.
    #[error("seal keys, line {0}: write id:base64, the id of letters, digits, `.`, `_` or `-`")]
    Line(usize),
    /// The key is not 32 bytes of base64.
    #[error("seal keys, line {0}: key must be 32 bytes in base64")]
    Key(usize),
    /// Two lines have one id.
    #[error("seal keys, line {0}: id is used twice")]
    Duplicate(usize),
}

pub(super) struct Key {
    pub(super) id: String,
    pub(super) bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// All key-encryption keys; the first one is current.
pub struct Ring {
    keys: Vec<Key>,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Ring {
    /// Reads the ring the options name.
    ///
    /// # Errors
    /// What is wrong with which line.
    pub fn load(options: &Options) -> Result<Self, RingError> {
        match (&options.seal_keys_file, &options.seal_keys) {
            (Some(path), None) => {
                let text = Zeroizing::new(std::fs::read_to_string(path).map_err(RingError::File)?);
                Self::parse(&text)
            }
            (None, Some(text)) => Self::parse(text.expose_secret()),
            (None, None) | (Some(_), Some(_)) => Err(RingError::Source),
        }
    }

    /// Parses `id:base64` lines; empty lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// What is wrong with which line.
    pub fn parse(text: &str) -> Result<Self, RingError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.split(['\n', ',']).enumerate() {
            let (number, line) = (index + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, encoded) = line.split_once(':').ok_or(RingError::Line(number))?;
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if id.is_empty() || id.len() > KEY_ID_CHARACTERS_MAX || !id.chars().all(plain) {
                return Err(RingError::Line(number));
            }
            let decoded = Zeroizing::new(
                STANDARD
                    .decode(encoded.trim())
                    .map_err(|_| RingError::Key(number))?,
            );
            let bytes: [u8; KEY_BYTES] = decoded
                .as_slice()
                .try_into()
                .map_err(|_| RingError::Key(number))?;
            if keys.iter().any(|key| key.id == id) {
                return Err(RingError::Duplicate(number));
            }
            keys.push(Key {
                id: id.to_owned(),
                bytes: Zeroizing::new(bytes),
            });
        }
        match keys.len() {
            0 => Err(RingError::Empty),
            count if count > KEYS_MAX => Err(RingError::TooMany),
            _ => Ok(Self { keys }),
        }
    }

    /// Id of the key that seals.
    #[must_use]
    pub fn current_id(&self) -> &str {
        &self.current().id
    }

    /// Every id, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    pub(super) fn current(&self) -> &Key {
        self.keys.first().expect("parse refuses an empty ring")
    }

    pub(super) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// A line with a new random key, for a key file.
#[must_use]
pub fn generate_line(id: &str) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    rand::rng().fill(&mut *bytes);
    let encoded = Zeroizing::new(STANDARD.encode(*bytes));
    Zeroizing::new(format!("{id}:{}", *encoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    const K1: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn the_first_key_is_current() {
        let k0 = generate_line("2026-11");
        let ring = Ring::parse(&format!("# keys\n\n{}\n{K1}\n", *k0)).expect("parses");
        assert_eq!(ring.current_id(), "2026-11");
        assert_eq!(format!("{ring:?}"), r#"["2026-11", "k1"]"#);
    }

    #[test]
    fn a_bad_line_is_named_without_quoting_it() {
        for (text, expected) in [
            (
                "",
                "seal keys hold no key; `ergo-auth keys generate` makes a line",
            ),
            (
                "k1",
                "seal keys, line 1: write id:base64, the id of letters, digits, `.`, `_` or `-`",
            ),
            (
                "a b:AAAA",
                "seal keys, line 1: write id:base64, the id of letters, digits, `.`, `_` or `-`",
            ),
            (
                "\nk1:AAAA",
                "seal keys, line 2: key must be 32 bytes in base64",
            ),
            (
                &format!("{K1}\n{K1}"),
                "seal keys, line 2: id is used twice",
            ),
        ] {
            assert_eq!(Ring::parse(text).expect_err(text).to_string(), expected);
        }
    }

    #[test]
    fn exactly_one_source_is_wanted() {
        let both = Options {
            seal_keys_file: Some("x".into()),
            seal_keys: Some(K1.to_owned().into()),
        };
        assert!(matches!(Ring::load(&both), Err(RingError::Source)));
        let none = Options {
            seal_keys_file: None,
            seal_keys: None,
        };
        assert!(matches!(Ring::load(&none), Err(RingError::Source)));
    }
}
