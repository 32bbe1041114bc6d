//! Record ids: fifteen case-sensitive characters, shown as eighteen.
//!
//! Everything inside the org compares the fifteen-character form, which is exact; the three checksum
//! characters are added on output and checked on input (salesforce-api.md 9.1).

use std::fmt;

const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Two characters every id of this org carries after its key prefix, as a real pod and instance would.
const POD: &[u8; 2] = b"Hs";

/// A record id. Ordering is by bytes, which is also creation order within one key prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 15]);

impl Id {
    /// The master record type, the same in every org.
    pub const MASTER_RECORD_TYPE: Id = Id(*b"012000000000000");

    /// The `number`-th id under a key prefix of three characters.
    #[must_use]
    pub fn numbered(prefix: &str, number: u64) -> Id {
        let mut bytes = *b"000000000000000";
        bytes[..3].copy_from_slice(&prefix.as_bytes()[..3]);
        bytes[3..5].copy_from_slice(POD);
        let mut rest = number;
        for slot in bytes[6..].iter_mut().rev() {
            *slot = BASE62[(rest % 62) as usize];
            rest /= 62;
        }
        Id(bytes)
    }

    /// Reads an id of 15 characters, or of 18 with a valid checksum.
    #[must_use]
    pub fn parse(text: &str) -> Option<Id> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut id = [0; 15];
        id.copy_from_slice(&bytes[..15]);
        let id = Id(id);
        (bytes.len() == 15 || id.checksum() == bytes[15..]).then_some(id)
    }

    /// The three characters that say which object the record belongs to.
    #[must_use]
    pub fn prefix(&self) -> &str {
        std::str::from_utf8(&self.0[..3]).unwrap_or("000")
    }

    /// The case-sensitive form of fifteen characters.
    #[must_use]
    pub fn short(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("000000000000000")
    }

    fn checksum(&self) -> [u8; 3] {
        let mut out = [0; 3];
        for (group, slot) in self.0.chunks(5).zip(out.iter_mut()) {
            let bits = group
                .iter()
                .enumerate()
                .filter(|(_, byte)| byte.is_ascii_uppercase())
                .fold(0usize, |bits, (position, _)| bits | 1 << position);
            *slot = CHECKSUM[bits];
        }
        out
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())?;
        f.write_str(std::str::from_utf8(&self.checksum()).unwrap_or("AAA"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn recorded_ids_keep_their_checksum() {
        for text in [
            "0031a000005hwVQAAY",
            "0015500001QdQWaAAN",
            "012000000000000AAA",
            "0057e00000RmwSWAAZ",
        ] {
            assert_eq!(
                Id::parse(text).map(|id| id.to_string()).as_deref(),
                Some(text)
            );
            assert_eq!(
                Id::parse(&text[..15]).map(|id| id.to_string()).as_deref(),
                Some(text)
            );
        }
    }

    #[test]
    fn hand_edited_ids_are_refused() {
        for text in [
            "005i00000016AAAAAA",
            "a0900000008MR9bQAG",
            "0010xACCOUNTID0000",
            "",
            "001",
            "001Hs000000000!",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbered_ids_sort_in_creation_order() {
        let ids: Vec<Id> = [0, 1, 9, 10, 61, 62, 3_000, 1_000_000]
            .map(|n| Id::numbered("003", n))
            .to_vec();
        assert!(ids.is_sorted());
        assert_eq!(Id::parse(&ids[7].to_string()), Some(ids[7]));
    }

    proptest::proptest! {
        #[test]
        fn reading_what_was_printed_gives_the_same_id(text in "[A-Za-z0-9]{15}") {
            let id = Id::parse(&text).expect("fifteen letters and digits");
            proptest::prop_assert_eq!(Id::parse(&id.to_string()), Some(id));
            proptest::prop_assert_eq!(id.short(), text);
        }
    }
}
