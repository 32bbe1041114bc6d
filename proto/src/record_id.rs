//! Salesforce record ids.
//!
//! The API answers 18 characters; formulas, reports and page addresses often show 15. Everything is
//! normalised to 18 here, so that two ids are the same record exactly when they are equal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Alphabet of the three checksum characters: one per five-bit group.
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// A record id in its 18-character form, with a valid checksum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordId([u8; 18]);

/// Why text is not a record id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordIdError {
    /// Neither 15 nor 18 characters.
    #[error("salesforce id must have 15 or 18 characters, not {0}")]
    Length(usize),
    /// Something else than an ASCII letter or digit.
    #[error("salesforce id may contain only letters and digits")]
    Characters,
    /// The last three of 18 characters do not belong to the first 15.
    #[error("salesforce id has a wrong checksum; was its capitalisation changed?")]
    Checksum,
}

impl RecordId {
    /// Parses 15 or 18 characters; 15 are completed to 18.
    ///
    /// # Errors
    /// When the text has another length, other characters, or a wrong checksum.
    pub fn parse(text: &str) -> Result<Self, RecordIdError> {
        let bytes = text.as_bytes();
        if bytes.len() != 15 && bytes.len() != 18 {
            return Err(RecordIdError::Length(text.chars().count()));
        }
        if !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return Err(RecordIdError::Characters);
        }
        let mut id = [0_u8; 18];
        id[..15].copy_from_slice(&bytes[..15]);
        let checksum = checksum(&bytes[..15]);
        id[15..].copy_from_slice(&checksum);
        // The checksum's own case carries nothing: tools that fold case fold it too.
        if bytes.len() == 18 && !bytes[15..].eq_ignore_ascii_case(&checksum) {
            return Err(RecordIdError::Checksum);
        }
        Ok(Self(id))
    }

    /// The 18-character form.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("parse admits ASCII only")
    }

    /// The case-sensitive 15-character form that reports and page addresses show.
    pub fn short(&self) -> &str {
        &self.as_str()[..15]
    }

    /// The first three characters, which name the object within one org.
    pub fn key_prefix(&self) -> &str {
        &self.as_str()[..3]
    }
}

/// Bit *j* of a group is set when its *j*-th character is an upper-case letter, lowest bit first.
fn checksum(first_15: &[u8]) -> [u8; 3] {
    let mut out = [0_u8; 3];
    for (group, slot) in first_15.chunks_exact(5).zip(&mut out) {
        let mut bits = 0_usize;
        for (at, byte) in group.iter().enumerate() {
            if byte.is_ascii_uppercase() {
                bits |= 1 << at;
            }
        }
        *slot = CHECKSUM[bits];
    }
    out
}

impl FromStr for RecordId {
    type Err = RecordIdError;

    fn from_str(text: &str) -> Result<Self, RecordIdError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RecordId {
    type Error = RecordIdError;

    fn try_from(text: String) -> Result<Self, RecordIdError> {
        Self::parse(&text)
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_ids_parse_and_complete() {
        for (short, long) in [
            ("001D000000IRFma", "001D000000IRFmaIAH"),
            ("00D1a000000H3O9", "00D1a000000H3O9EAK"),
            ("0051a000000UGT8", "0051a000000UGT8AAO"),
            ("012000000000000", "012000000000000AAA"),
        ] {
            let id = RecordId::parse(short).expect(short);
            assert_eq!(id.as_str(), long);
            assert_eq!(id.short(), short);
            assert_eq!(RecordId::parse(long), Ok(id));
        }
    }

    #[test]
    fn hand_edited_placeholders_are_refused() {
        for text in [
            "005i00000016AAAAAA",
            "a0900000008MR9bQAG",
            "0010xACCOUNTID0000",
        ] {
            assert_eq!(
                RecordId::parse(text),
                Err(RecordIdError::Checksum),
                "{text}"
            );
        }
        assert_eq!(RecordId::parse("006"), Err(RecordIdError::Length(3)));
        assert_eq!(
            RecordId::parse("006000000000' O"),
            Err(RecordIdError::Characters)
        );
        assert_eq!(
            RecordId::parse("0060000000000é"),
            Err(RecordIdError::Characters)
        );
    }

    proptest! {
        #[test]
        fn an_id_survives_both_forms(short in "[a-zA-Z0-9]{15}") {
            let id = RecordId::parse(&short).expect("15 letters and digits");
            prop_assert_eq!(RecordId::parse(id.as_str()), Ok(id));
            prop_assert_eq!(id.short(), short.as_str());
        }

        #[test]
        fn changing_the_case_of_any_letter_is_noticed(short in "[a-zA-Z0-9]{15}", at in 0_usize..15) {
            let id = RecordId::parse(&short).expect("15 letters and digits");
            let mut bytes = id.as_str().as_bytes().to_vec();
            prop_assume!(bytes[at].is_ascii_alphabetic());
            bytes[at] ^= 0x20;
            let text = String::from_utf8(bytes).expect("ascii");
            prop_assert_eq!(RecordId::parse(&text), Err(RecordIdError::Checksum));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _outcome = RecordId::parse(&text);
        }
    }
}
